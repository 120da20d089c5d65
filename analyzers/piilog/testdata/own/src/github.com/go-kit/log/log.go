package log

type Logger interface{ Log(keyvals ...any) error }

func With(logger Logger, keyvals ...any) Logger { return logger }
