package glog

type Level int32
type Verbose bool

func V(level Level) Verbose                      { return false }
func (Verbose) Infof(format string, args ...any) {}
func Info(args ...any)                           {}
func Infof(format string, args ...any)           {}
func Errorln(args ...any)                        {}
