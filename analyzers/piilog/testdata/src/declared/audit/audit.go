// Package audit writes a log that few may read.
package audit

import "log"

type Logger struct{}

// Recorder is what others see of it.
type Recorder interface{ Write(event string) }

type recorder struct{}

func (recorder) Write(event string) { log.Print(event) }

func New() Recorder { return recorder{} }

func (l *Logger) Record(format string, args ...any) { log.Printf(format, args...) }
