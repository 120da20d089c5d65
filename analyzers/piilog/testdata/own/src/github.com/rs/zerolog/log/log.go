package log

import "github.com/rs/zerolog"

var Logger zerolog.Logger

func Info() *zerolog.Event           { return nil }
func Debug() *zerolog.Event          { return nil }
func Error() *zerolog.Event          { return nil }
func Err(err error) *zerolog.Event   { return nil }
func With() zerolog.Context          { return zerolog.Context{} }
func Print(v ...any)                 {}
func Printf(format string, v ...any) {}
