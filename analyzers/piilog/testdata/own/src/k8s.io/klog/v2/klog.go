package klog

type KMetadata interface{ GetName() string }
type ObjectRef struct{ Name string }

func KObj(obj KMetadata) ObjectRef                       { return ObjectRef{} }
func InfoS(msg string, keysAndValues ...any)             {}
func ErrorS(err error, msg string, keysAndValues ...any) {}
func Infof(format string, args ...any)                   {}
