// Package configuration has settings from files, flags and the environment.
package configuration

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

type Config struct {
	Addr     string `env:"ADDR"`
	DB       DB     `json:"db"`
	SMTP     SMTP
	Timeout  time.Duration
	Features map[string]bool
}

type DB struct {
	Host, User, Password string
	Port                 int
}

type SMTP struct {
	Host string
	Auth struct{ Username, Password string }
}

func (d DB) DSN() string {
	return fmt.Sprintf("postgres://%s:%s@%s:%d/app", d.User, d.Password, d.Host, d.Port)
}
func (d DB) Addr() string { return d.Host + ":" + strconv.Itoa(d.Port) }
func (d DB) Safe() string { return fmt.Sprintf("postgres://%s:***@%s", d.User, d.Host) }

func Load(path string) (*Config, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	var c Config
	if err := json.Unmarshal(b, &c); err != nil {
		return nil, fmt.Errorf("parsing %s: %w", path, err)
	}
	if v := os.Getenv("DB_PASSWORD"); v != "" {
		c.DB.Password = v
	}
	c.Addr = envOr("ADDR", ":8080")
	return &c, nil
}

func envOr(k, d string) string {
	if v, ok := os.LookupEnv(k); ok {
		return v
	}
	return d
}

func mustEnv(k string) string {
	v := os.Getenv(k)
	if v == "" {
		log.Fatalf("%s is not set", k) // ok: the name
	}
	return v
}

func envInt(k string, d int) int {
	n, err := strconv.Atoi(os.Getenv(k))
	if err != nil {
		return d
	}
	return n
}

func start(path string) {
	c, err := Load(path)
	if err != nil {
		log.Fatal(err) // ok: path and error
	}
	log.Println(c.Addr)                // ok: address
	log.Println(c.DB.Addr())           // ok: host and port
	log.Println(c.DB.Safe())           // ok: no password
	log.Println(c.DB.DSN())            // want "logs/credential"
	log.Println(c.DB)                  // want "logs/whole-object"
	log.Printf("%+v", c.SMTP)          // want "logs/whole-object"
	log.Printf("%+v", c)               // want "logs/whole-object"
	log.Println(c.Timeout, c.Features) // ok: harmless
	log.Println(c.SMTP.Host)           // ok: host
	log.Println(c.SMTP.Auth.Password)  // want "logs/credential"
	d := c.DB
	d.Password = "xxxxx"
	log.Printf("%+v", d) // ok: blanked copy
	key := mustEnv("STRIPE_SECRET_KEY")
	log.Println(len(key)) // ok: length
	stripeKey := mustEnv("STRIPE_SECRET_KEY")
	log.Println(stripeKey) // want "logs/credential"
	jwtSecret := envOr("JWT_SECRET", "dev")
	log.Println(jwtSecret) // want "logs/credential"
	level := envOr("LOG_LEVEL", "info")
	log.Println(level) // ok: level
	port := envInt("PORT", 80)
	log.Println(port)                   // ok: port
	log.Println(envInt("TOKEN_TTL", 3)) // ok: number
	region := mustEnv("AWS_REGION")
	log.Println(region) // ok: region
}

func dotenv(path string) {
	f, err := os.Open(path)
	if err != nil {
		log.Println(err) // ok: a path
		return
	}
	defer f.Close()
	vars := map[string]string{}
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		k, v, ok := strings.Cut(sc.Text(), "=")
		if !ok {
			continue
		}
		vars[k] = v
		log.Println("set", k) // ok: name
	}
	log.Println(vars["DB_PASSWORD"]) // want "logs/credential"
	log.Println(vars["APP_NAME"])    // ok: harmless
	log.Println(len(vars))           // ok: count
	log.Println(filepath.Base(path)) // ok: file name
}

var (
	token   = flag.String("token", "", "api token")
	workers = flag.Int("workers", 3, "")
)

func flags() {
	flag.Parse()
	log.Println(*workers, flag.NArg()) // ok: numbers
	log.Println(*token)                // want "logs/token"
	pw, err := os.ReadFile(filepath.Join("/run/secrets", "db-password"))
	log.Println(err)        // ok: a path
	log.Println(string(pw)) // want "logs/credential"
	tokenFile := os.Getenv("TOKEN_FILE")
	log.Println(tokenFile) // ok: a path
	raw, _ := os.ReadFile(tokenFile)
	log.Println(strings.TrimSpace(string(raw))) // want "logs/token"
	log.Println(len(raw))                       // ok: length
}
