package gomail

type Message struct{}

func NewMessage() *Message { return nil }

func (*Message) SetHeader(field string, value ...string) {}
func (*Message) SetBody(contentType, body string)        {}

type Dialer struct{}

func NewDialer(host string, port int, username, password string) *Dialer { return nil }
