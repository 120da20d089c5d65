package level

import "github.com/go-kit/log"

func Info(logger log.Logger) log.Logger  { return logger }
func Error(logger log.Logger) log.Logger { return logger }
