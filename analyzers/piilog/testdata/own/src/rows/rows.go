// Package rows reads databases: a column's name says what a variable holds.
package rows

import (
	"context"
	"database/sql"
	"log"
)

func scanned(ctx context.Context, db *sql.DB) error {
	var a, b string
	row := db.QueryRowContext(ctx, "SELECT id, email FROM users WHERE id = $1", 1)
	if err := row.Scan(&a, &b); err != nil {
		return err
	}
	log.Print(a) // ok: the id
	log.Print(b) // want "logs/personal-data"
	return nil
}

func inline(db *sql.DB) {
	var n int
	var v, w string
	err := db.QueryRow(`SELECT count(*), u.password, u.plan AS "plan"
		FROM users u`).Scan(&n, &v, &w)
	log.Print(err, n, w) // ok: a count and a plan
	log.Print(v)         // want "logs/credential"
}

type account struct{ a, b string }

func many(db *sql.DB) {
	rows, err := db.Query("select lower(phone_number) as p, city from customers")
	if err != nil {
		return
	}
	defer rows.Close()
	for rows.Next() {
		var x account
		if err := rows.Scan(&x.a, &x.b); err != nil {
			return
		}
		log.Print(x.a) // want "logs/personal-data"
		log.Print(x.b) // ok: a city
	}
}

const byToken = "SELECT " + "access_token, expires_at" + " FROM sessions"

func prepared(db *sql.DB) {
	stmt, err := db.Prepare(byToken)
	if err != nil {
		return
	}
	var one, two string
	_ = stmt.QueryRow(1).Scan(&one, &two)
	log.Print(one) // want "logs/token"
	log.Print(two) // ok: a date
}

func unclear(db *sql.DB, query string) {
	var v, w string
	_ = db.QueryRow(query).Scan(&v)
	log.Print(v) // ok: nobody knows
	_ = db.QueryRow("SELECT * FROM users").Scan(&v, &w)
	log.Print(w) // ok: nobody knows
	_ = db.QueryRow("SELECT (SELECT email FROM users LIMIT 1) IS NOT NULL, count(email), length(email) FROM a").Scan(&v, &w, &query)
	log.Print(v, w, query) // ok: about an address
	_ = db.QueryRow("UPDATE users SET plan = 'x' RETURNING email").Scan(&v)
	log.Print(v) // want "logs/personal-data"
}
