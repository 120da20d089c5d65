package bugsnag

type MetaData map[string]map[string]any

func Notify(err error, rawData ...any) error      { return nil }
func (m MetaData) Add(tab, key string, value any) {}
