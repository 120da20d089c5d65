package zapcore

type Field struct{ Key, String string }
type ObjectEncoder interface{ AddString(key, value string) }
type ObjectMarshaler interface{ MarshalLogObject(ObjectEncoder) error }
