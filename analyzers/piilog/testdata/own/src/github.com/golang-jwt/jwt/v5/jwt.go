package jwt

type MapClaims map[string]any
type Token struct {
	Raw    string
	Claims any
	Valid  bool
}

func (*Token) SignedString(key any) (string, error) { return "", nil }
