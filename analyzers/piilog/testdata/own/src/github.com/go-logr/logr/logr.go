package logr

type Logger struct{}

func (Logger) Info(msg string, kv ...any)             {}
func (Logger) Error(err error, msg string, kv ...any) {}
func (Logger) WithValues(kv ...any) Logger            { return Logger{} }
func (Logger) V(level int) Logger                     { return Logger{} }
