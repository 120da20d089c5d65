package twilio

type CreateMessageParams struct{ To, From, Body *string }

func (p *CreateMessageParams) SetTo(to string)     {}
func (p *CreateMessageParams) SetBody(body string) {}
