package zerolog

type Event struct{}
type Logger struct{}
type Context struct{}
type LogObjectMarshaler interface{ MarshalZerologObject(e *Event) }

func (*Event) Str(key, val string) *Event                     { return nil }
func (*Event) Strs(key string, vals []string) *Event          { return nil }
func (*Event) Bytes(key string, val []byte) *Event            { return nil }
func (*Event) Int(key string, i int) *Event                   { return nil }
func (*Event) Bool(key string, b bool) *Event                 { return nil }
func (*Event) Interface(key string, i any) *Event             { return nil }
func (*Event) Any(key string, i any) *Event                   { return nil }
func (*Event) Object(key string, o LogObjectMarshaler) *Event { return nil }
func (*Event) Err(err error) *Event                           { return nil }
func (*Event) Dict(key string, d *Event) *Event               { return nil }
func (*Event) Type(key string, v any) *Event                  { return nil }
func (*Event) Msg(msg string)                                 {}
func (*Event) Msgf(format string, v ...any)                   {}
func (*Event) MsgFunc(f func() string)                        {}
func (*Event) Send()                                          {}
func (*Event) Enabled() bool                                  { return true }
func Dict() *Event                                            { return nil }
func (*Logger) Info() *Event                                  { return nil }
func (*Logger) Debug() *Event                                 { return nil }
func (*Logger) Error() *Event                                 { return nil }
func (Logger) With() Context                                  { return Context{} }
func (Context) Str(key, val string) Context                   { return Context{} }
func (Context) Logger() Logger                                { return Logger{} }
func (*Logger) Warn() *Event                                  { return nil }
func (*Logger) Trace() *Event                                 { return nil }
