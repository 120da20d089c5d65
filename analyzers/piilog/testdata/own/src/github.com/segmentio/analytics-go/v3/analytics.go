package analytics

type Client interface{ Enqueue(m any) error }
type Traits map[string]any
type Identify struct {
	UserId string
	Traits Traits
}

func NewTraits() Traits                       { return nil }
func (t Traits) SetEmail(email string) Traits { return t }
func New(key string) Client                   { return nil }
