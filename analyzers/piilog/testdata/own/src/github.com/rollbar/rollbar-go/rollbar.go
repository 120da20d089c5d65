package rollbar

func Error(interfaces ...any)              {}
func Info(interfaces ...any)               {}
func SetPerson(id, username, email string) {}
