package tracer

type Span interface {
	SetTag(key string, value any)
	Finish()
}
type StartSpanOption func()

func Tag(k string, v any) StartSpanOption                 { return nil }
func StartSpan(name string, opts ...StartSpanOption) Span { return nil }
