package logutil

func Short(s string) string { return s[:1] }
