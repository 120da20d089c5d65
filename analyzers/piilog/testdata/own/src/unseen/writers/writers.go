// Package writers has loggers and what they write to.
package writers

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"log/syslog"
	"os"
)

func std(password string, w io.Writer) {
	log.Print(password)             // want "logs/credential"
	log.Printf("%s", password)      // want "logs/credential"
	log.Output(2, password)         // want "logs/credential"
	log.Default().Println(password) // want "logs/credential"
	l := log.New(os.Stdout, "x ", log.LstdFlags)
	l.Printf("%v", password)                  // want "logs/credential"
	l.SetPrefix("p")                          // ok: constant
	fmt.Fprintln(os.Stderr, password)         // want "logs/credential"
	fmt.Fprintf(log.Writer(), "%s", password) // want "logs/credential"
	fmt.Fprintf(l.Writer(), "%s", password)   // want "logs/credential"
	fmt.Fprintln(w, password)                 // ok: some writer, not a log
	var buf bytes.Buffer
	fmt.Fprintln(&buf, password) // ok: a buffer
	log.New(&buf, "", 0)
	log.SetFlags(0)
	log.Println("ok")                     // ok: constant
	lg := log.New(os.Stderr, password, 0) // want "logs/credential"
	lg.Print("x")
	if len(password) > 100 {
		log.Fatalf("too long: %d", len(password)) // ok: length
	}
}

func sys(password string) {
	w, err := syslog.New(syslog.LOG_INFO, "tag")
	log.Println(err)        // ok: error
	w.Info(password)        // want "logs/credential"
	w.Err("password wrong") // ok: constant
	sl, _ := syslog.NewLogger(syslog.LOG_INFO, 0)
	sl.Println(password)    // want "logs/credential"
	fmt.Fprint(w, password) // want "logs/credential"
}

func panics(password string) {
	defer func() { recover() }()
	log.Panicln(password) // want "logs/credential"
}

func fatal(password string) {
	log.Fatal(password) // want "logs/credential"
}

type Logger struct{ out *log.Logger }

func (l *Logger) Info(msg string, kv ...any) { l.out.Println(append([]any{msg}, kv...)...) }
func (l *Logger) Silent(msg string)          { _ = msg }
func (l *Logger) With(k string, v any) *Logger {
	return &Logger{log.New(l.out.Writer(), fmt.Sprint(k, v), 0)}
}

func wrapped(l *Logger, password string) {
	l.Info("x", "p", password)      // want "logs/credential"
	l.Silent(password)              // ok: drops it
	l.Info("x", "n", len(password)) // ok: length
	l.With("p", password).Info("x") // want "logs/credential"
	f := l.Info
	f("x", password) // want "logs/credential"
}

type logFn func(format string, args ...any)

func viaFn(f logFn, password string) { f("%s", password) }
func useFn(password string)          { viaFn(log.Printf, password) } // want "logs/credential"

type Log interface {
	Infof(format string, args ...any)
	Errorf(format string, args ...any)
}

func viaInterface(logger Log, password string) {
	logger.Infof("p %s", password)       // want "logs/credential"
	logger.Errorf("n %d", len(password)) // ok: length
}
