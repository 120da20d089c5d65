package openai

type Client struct{}

type Message struct{ Role, Content string }

type Request struct{ Messages []Message }

func NewClient(token string) *Client { return nil }

func (*Client) CreateChatCompletion(r Request) (string, error) { return "", nil }
