package oauth2

import "context"

type Token struct{ AccessToken, TokenType, RefreshToken string }
type Config struct{ ClientID, ClientSecret string }

func (*Config) Exchange(ctx context.Context, code string) (*Token, error) { return nil, nil }
