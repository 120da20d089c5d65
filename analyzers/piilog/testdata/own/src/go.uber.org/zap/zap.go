// Package zap declares what the cases use of zap.
package zap

import "go.uber.org/zap/zapcore"

type Field = zapcore.Field
type Logger struct{}
type SugaredLogger struct{}

func L() *Logger                                           { return nil }
func S() *SugaredLogger                                    { return nil }
func NewNop() *Logger                                      { return nil }
func String(key, val string) Field                         { return Field{} }
func Stringp(key string, val *string) Field                { return Field{} }
func Strings(key string, ss []string) Field                { return Field{} }
func ByteString(key string, val []byte) Field              { return Field{} }
func Int(key string, val int) Field                        { return Field{} }
func Bool(key string, val bool) Field                      { return Field{} }
func Any(key string, value any) Field                      { return Field{} }
func Reflect(key string, val any) Field                    { return Field{} }
func Error(err error) Field                                { return Field{} }
func Object(key string, val zapcore.ObjectMarshaler) Field { return Field{} }
func Inline(val zapcore.ObjectMarshaler) Field             { return Field{} }
func (*Logger) Info(msg string, fields ...Field)           {}
func (*Logger) Warn(msg string, fields ...Field)           {}
func (*Logger) Debug(msg string, fields ...Field)          {}
func (*Logger) Error(msg string, fields ...Field)          {}
func (*Logger) With(fields ...Field) *Logger               { return nil }
func (*Logger) Named(s string) *Logger                     { return nil }
func (*Logger) Sugar() *SugaredLogger                      { return nil }
func (*SugaredLogger) Infow(msg string, kv ...any)         {}
func (*SugaredLogger) Infof(t string, args ...any)         {}
func (*SugaredLogger) Info(args ...any)                    {}
func (*SugaredLogger) Errorw(msg string, kv ...any)        {}
func (*SugaredLogger) Debugf(t string, args ...any)        {}
func (*SugaredLogger) With(args ...any) *SugaredLogger     { return nil }
