package logrus

type Fields map[string]any
type Entry struct{}
type Logger struct{}
type FieldLogger interface {
	WithField(key string, value any) *Entry
	Infof(format string, args ...any)
	Info(args ...any)
}

func New() *Logger                                     { return nil }
func WithField(key string, value any) *Entry           { return nil }
func WithFields(f Fields) *Entry                       { return nil }
func WithError(err error) *Entry                       { return nil }
func Info(args ...any)                                 {}
func Infof(format string, args ...any)                 {}
func Warnln(args ...any)                               {}
func Debugf(format string, args ...any)                {}
func (*Entry) Info(args ...any)                        {}
func (*Entry) Errorf(format string, args ...any)       {}
func (*Entry) WithField(key string, value any) *Entry  { return nil }
func (*Logger) WithField(key string, value any) *Entry { return nil }
func (*Logger) WithFields(f Fields) *Entry             { return nil }
func (*Logger) Info(args ...any)                       {}
func (*Logger) Infof(format string, args ...any)       {}
func (*Logger) Tracef(format string, args ...any)      {}
func (*Logger) InfoFn(fn func() []any)                 {}

func (*Entry) Debugf(format string, args ...any) {}
func (*Entry) Warn(args ...any)                  {}
func (*Entry) Trace(args ...any)                 {}
func (*Entry) Debug(args ...any)                 {}
func (*Logger) Warnf(format string, args ...any) {}
