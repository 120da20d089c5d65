package log

func Infow(msg string, keysAndValues ...any) {}
func Infof(format string, v ...any)          {}
