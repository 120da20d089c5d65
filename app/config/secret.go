package config

import (
	"fmt"
	"log/slog"
)

// redacted is what every way of printing a Secret shows.
const redacted = "[redacted]"

// Secret is a value that is used and never shown: however it is printed,
// logged or encoded, it says only that it is set. The zero value is unset.
type Secret struct {
	// A function, so that even reflection over unexported fields prints an
	// address and not the value.
	reveal func() []byte
}

// NewSecret keeps a copy of value; an empty one is an unset Secret.
func NewSecret(value []byte) Secret {
	if len(value) == 0 {
		return Secret{}
	}
	value = append([]byte(nil), value...)
	return Secret{reveal: func() []byte { return value }}
}

// Reveal returns the value itself; it must not be changed.
func (s Secret) Reveal() []byte {
	if s.reveal == nil {
		return nil
	}
	return s.reveal()
}

// IsSet reports whether there is a value.
func (s Secret) IsSet() bool { return s.reveal != nil }

// String implements fmt.Stringer without the value.
func (s Secret) String() string {
	if !s.IsSet() {
		return ""
	}
	return redacted
}

// Format implements fmt.Formatter for every verb.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements encoding.TextMarshaler, and so JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(text)
	return nil
}
