package stripe

var Key string

type CustomerParams struct {
	Email *string
	Phone *string
	Name  *string
}

func String(v string) *string { return &v }

func NewCustomer(p *CustomerParams) error { return nil }
