package trace

import "go.opentelemetry.io/otel/attribute"

type EventOption interface{}
type Span interface {
	SetAttributes(kv ...attribute.KeyValue)
	RecordError(err error, options ...EventOption)
	End()
}
