// Package reflected hands objects to code that takes them apart by reflection.
package reflected

import (
	"encoding/json"
	"fmt"
	"log"
	"reflect"

	"github.com/fatih/structs"
	"github.com/jinzhu/copier"
	"github.com/mitchellh/mapstructure"

	"model"
)

type view struct {
	ID      int64
	Contact string
}

type plain struct{ ID, Plan string }

type other struct {
	ID    string `json:"id"`
	Value string `json:"password"`
}

func fields(u model.User, p plain) {
	log.Print(reflect.ValueOf(u).FieldByName("Password").String())        // want "logs/credential"
	log.Print(reflect.Indirect(reflect.ValueOf(&u)).FieldByName("Email")) // want "logs/personal-data"
	v := reflect.ValueOf(&u).Elem()
	f := v.FieldByName("Password")
	log.Print(f.Interface())                    // want "logs/credential"
	log.Print(v.FieldByName("ID").Interface())  // ok: an id
	log.Print(v.NumField(), v.Type(), v.Kind()) // ok: about the type
	log.Print(reflect.ValueOf(p).FieldByName("Plan"))
	fmt.Println(v.FieldByName("Password").Len()) // ok: a length
}

func maps(u model.User, p plain) {
	log.Print(structs.Map(u))        // want "logs/whole-object"
	m := structs.Map(&u)             //
	log.Print(m["ID"])               // ok: an id
	log.Print(m["Password"])         // want "logs/credential"
	log.Printf("%v", structs.Map(p)) // ok: nothing in it
	var n map[string]any             //
	_ = mapstructure.Decode(u, &n)   //
	log.Print(n)                     // want "logs/whole-object"
	var q map[string]any             //
	_ = mapstructure.Decode(p, &q)   //
	log.Print(q)                     // ok: nothing in it
}

func copies(u model.User, p plain) {
	var a, b view
	_ = mapstructure.Decode(map[string]any{"contact": u.Email, "id": u.ID}, &a)
	log.Print(a.Contact) // want "logs/personal-data"
	log.Print(a.ID)      // ok: an id
	src := view{ID: u.ID, Contact: u.Email}
	_ = copier.Copy(&b, src)
	log.Print(b.Contact) // want "logs/personal-data"
	log.Print(b.ID)      // ok: an id
	var c plain
	_ = copier.Copy(&c, &u)
	log.Print(c) // ok: it has no room for the rest
}

func roundTrips(u model.User) {
	raw, _ := json.Marshal(view{ID: u.ID, Contact: u.Email})
	var v view
	_ = json.Unmarshal(raw, &v)
	log.Print(v.Contact) // want "logs/personal-data"
	log.Print(v.ID)      // ok: an id
	raw, _ = json.Marshal(map[string]string{"id": "x", "password": u.Password})
	var o other
	_ = json.Unmarshal(raw, &o)
	log.Print(o.Value) // want "logs/credential"
	log.Print(o.ID)    // ok: an id
}
