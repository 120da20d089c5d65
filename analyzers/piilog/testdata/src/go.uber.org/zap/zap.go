// Package zap has the shape of go.uber.org/zap, as far as the cases need it.
package zap

type Field struct{}

type Logger struct{}

func L() *Logger                                 { return nil }
func (*Logger) Info(msg string, fields ...Field) {}
func (*Logger) Sugar() *SugaredLogger            { return nil }
func String(key string, val string) Field        { return Field{} }
func Int(key string, val int) Field              { return Field{} }
func Any(key string, value interface{}) Field    { return Field{} }

type SugaredLogger struct{}

func (*SugaredLogger) Infow(msg string, keysAndValues ...interface{}) {}
func (*SugaredLogger) Debugf(template string, args ...interface{})    {}
