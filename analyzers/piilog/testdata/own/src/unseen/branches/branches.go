// Package branches has what a switch, a label and a condition decide.
package branches

import "log"

func expr(mode int, password string) {
	v := "none"
	switch mode {
	case 0:
		v = password
		fallthrough
	case 1:
		log.Println(v) // want "logs/credential"
	case 2:
		log.Println(v) // ok: still constant in this case
	default:
		v = "d"
	}
	switch x := password; {
	case x == "a":
		log.Println(x) // want "logs/credential"
	case len(x) > 3:
		log.Println(len(x)) // ok: length
	}
	switch {
	case mode > 1:
		v = "a"
	case mode > 2:
		v = "b"
	default:
		v = "c"
	}
	log.Println(v) // ok: every case overwrites
	switch password {
	case "admin", "123456":
		log.Println("weak password") // ok: constant text
	}
}

func label(items []string, password string) {
	cur := password
outer:
	for i := range items {
		switch {
		case items[i] == "stop":
			break outer
		case items[i] == "skip":
			continue outer
		}
		cur = items[i]
	}
	log.Println(cur) // want "logs/credential"
}

func gotoStmt(n int, password string) {
	s := "a"
again:
	log.Println(s)
	if n > 0 {
		n--
		s = password
		goto again
	}
}

func gotoOver(password string) {
	s := password
	s = "x"
	goto end
end:
	log.Println(s) // ok: overwritten
}

func dead(password string) {
	return
	log.Println(password) // ok: never runs
}

func deadConst(password string) {
	const debug = false
	if debug {
		log.Println(password) // ok: constant false
	}
	if false {
		log.Println(password) // ok: constant false
	}
	for {
	}
	log.Println(password) // ok: after an endless loop
}

func deadPanic(password string) {
	panic("stop")
	log.Println(password) // ok: after panic
}

func early(password string) {
	if password == "" {
		log.Println("password empty", password) // ok: it is empty here
		return
	}
	log.Println("given", password != "") // ok: bool
}
