package fiber

type Ctx struct{}

func (*Ctx) Get(key string, def ...string) string       { return "" }
func (*Ctx) FormValue(key string, def ...string) string { return "" }
func (*Ctx) Query(key string, def ...string) string     { return "" }
func (*Ctx) Params(key string, def ...string) string    { return "" }
func (*Ctx) Cookies(key string, def ...string) string   { return "" }
func (*Ctx) BodyParser(out any) error                   { return nil }
func (*Ctx) Body() []byte                               { return nil }
