// Package queries reads databases through the libraries that programs use: the
// columns say what variables hold.
package queries

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	"github.com/Masterminds/squirrel"
	"github.com/jackc/pgx/v5"
	"github.com/jmoiron/sqlx"
	"github.com/uptrace/bun"
	"gorm.io/gorm"

	"queries/db"
	"queries/ent"
	"queries/ent/user"
)

func composed(d *sql.DB, table, cols string, active bool) {
	var v, w string
	_ = d.QueryRow("SELECT phone_number, plan FROM "+table+" WHERE id = 1").Scan(&v, &w)
	log.Print(v) // want "logs/personal-data"
	log.Print(w) // ok: a plan
	q := "SELECT plan, email FROM users"
	if active {
		q += " WHERE active"
	}
	_ = d.QueryRow(q).Scan(&v, &w)
	log.Print(v) // ok: a plan
	log.Print(w) // want "logs/personal-data"
	var x, y string
	_ = d.QueryRow(fmt.Sprintf("SELECT access_token, %s FROM %s LIMIT %d", "plan", table, 1)).Scan(&x, &y)
	log.Print(x) // want "logs/token"
	log.Print(y) // ok: a plan
	var a, b string
	_ = d.QueryRow("SELECT "+cols+", email FROM users").Scan(&a, &b)
	log.Print(a, b) // ok: how many columns there are nobody knows
	_ = d.QueryRow("SELECT id FROM users WHERE " + cols + " = 'email'").Scan(&a)
	log.Print(a) // ok: an id
}

type row struct {
	A string `db:"email"`
	B string `db:"plan"`
}

func viaSQLX(ctx context.Context, d *sqlx.DB) {
	var r row
	_ = d.QueryRowx("SELECT * FROM users").StructScan(&r)
	log.Print(r.A) // want "logs/personal-data"
	log.Print(r.B) // ok: a plan
	var v, w string
	_ = sqlx.Get(d, &v, "SELECT phone_number FROM users")
	log.Print(v) // want "logs/personal-data"
	_ = sqlx.Get(d, &w, "SELECT plan FROM users")
	log.Print(w) // ok: a plan
	var list, plans []string
	_ = d.SelectContext(ctx, &list, "SELECT email FROM users WHERE id > ?"+" LIMIT 10", 1)
	log.Print(list) // want "logs/personal-data"
	_ = d.Select(&plans, "SELECT DISTINCT plan FROM users")
	log.Print(plans) // ok: plans
}

func viaGORM(d *gorm.DB, id int) {
	var v, w string
	d.Table("users").Select("email").Where("id = ?", id).Scan(&v)
	log.Print(v) // want "logs/personal-data"
	d.Table("users").Select("plan").Where("email = ?", id).Scan(&w)
	log.Print(w) // ok: a plan
	var list, plans []string
	d.Raw("SELECT phone_number FROM users WHERE id > ?", id).Find(&list)
	log.Print(list) // want "logs/personal-data"
	d.Model(&row{}).Pluck("plan", &plans)
	log.Print(plans) // ok: plans
	var r []row
	d.Select("email", "plan").Find(&r)
	log.Print(len(r), r[0].B) // ok: a plan
}

func viaBun(ctx context.Context, d *bun.DB) {
	var v, w, p string
	_ = d.NewSelect().Model((*row)(nil)).Column("plan", "email").Where("id = 1").Scan(ctx, &w, &v)
	log.Print(v) // want "logs/personal-data"
	log.Print(w) // ok: a plan
	_ = d.NewSelect().ColumnExpr("lower(email)").Scan(ctx, &p)
	log.Print(p) // want "logs/personal-data"
}

func viaSquirrel(d *sql.DB, id int) {
	var v, w, x string
	_ = squirrel.Select("email").From("users").RunWith(d).QueryRow().Scan(&v)
	log.Print(v) // want "logs/personal-data"
	query, args, _ := squirrel.Select("phone_number", "plan").From("users").Where("id = ?", id).ToSql()
	_ = d.QueryRow(query, args...).Scan(&w, &x)
	log.Print(w) // want "logs/personal-data"
	log.Print(x) // ok: a plan
}

func viaPGX(ctx context.Context, c *pgx.Conn) {
	rows, _ := c.Query(ctx, "SELECT email FROM users")
	list, _ := pgx.CollectRows(rows, pgx.RowTo[string])
	log.Print(list) // want "logs/personal-data"
	rows, _ = c.Query(ctx, "SELECT plan FROM users")
	plans, _ := pgx.CollectRows(rows, pgx.RowTo[string])
	log.Print(len(plans)) // ok: a number
}

func generated(ctx context.Context, q *ent.UserQuery, s *db.Queries) {
	v, _ := q.Select(user.FieldEmail).Strings(ctx)
	log.Print(v) // want "logs/personal-data"
	w, _ := q.Select(user.FieldPlan).Strings(ctx)
	log.Print(w) // ok: plans
	contact, _ := s.ContactOf(ctx, 1)
	log.Print(contact) // want "logs/personal-data"
	plan, _ := s.PlanOf(ctx, 1)
	log.Print(plan) // ok: a plan
}
