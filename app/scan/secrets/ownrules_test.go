package secrets

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// What tokens are made of. They are made when a test runs, so that no scanner finds
// one in this repository.
const (
	hexDigits = "0123456789abcdef"
	digits    = "123456789"
	lowerNum  = "abcdefghijklmnopqrstuvwxyz0123456789"
	upperNum  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	alnum     = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	base64Set = alnum + "+/"
	urlSet    = alnum + "-_"
)

var tokenSource = rand.New(rand.NewPCG(6, 6))

// made returns n random bytes of an alphabet.
func made(n int, alphabet string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[tokenSource.IntN(len(alphabet))]
	}
	return string(b)
}

func uuidMade() string {
	return strings.Join([]string{made(8, hexDigits), made(4, hexDigits), made(4, hexDigits), made(4, hexDigits), made(12, hexDigits)}, "-")
}

// rulesIn returns the rules that report something in a file, sorted.
func rulesIn(t *testing.T, path, content string) []string {
	t.Helper()
	s := &session{rules: allRules(), key: testKey}
	var out []string
	for _, h := range s.hits(t.Context(), text{content: []byte(content), path: path, commit: strings.Repeat("a", 40), line: 1}, inPatch) {
		out = append(out, h.Rule)
	}
	slices.Sort(out)
	return out
}

// ownTokens are tokens as their providers document them, by the rule of ours that
// knows them.
func ownTokens() [][2]string {
	jwt := func(payload string) string {
		enc := base64.RawURLEncoding.EncodeToString
		return enc([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + enc([]byte(payload)) + "." + made(43, urlSet)
	}
	app := func() string { return made(7, digits) + "_" + jwt(`{"iss":"x","n":"`+made(260, alnum)+`"}`) }
	return [][2]string{
		{"anthropic-oauth-token", "sk-ant-oat01-" + made(93, urlSet) + "AA"},
		{"apify-api-token", "apify_api_" + made(36, alnum)},
		{"appwrite-api-key", "standard_" + made(256, hexDigits)},
		{"aws-session-token", "IQoJb3JpZ2lu" + "X2Vj" + made(600, alnum) + "=="},
		{"axiom-token", "xaat-" + uuidMade()},
		{"azure-devops-pat", made(76, alnum) + "AZDO" + made(4, alnum)},
		{"azure-redis-key", "x.redis.cache.windows.net:6380,password=" + made(43, base64Set) + "=,ssl=True"},
		{"azure-service-key", made(52, alnum) + "JQQJ99" + "BA" + made(16, alnum) + "A" + made(7, alnum)},
		{"azure-storage-account-key", "AccountName=a;AccountKey=" + made(86, base64Set) + "=="},
		{"azure-storage-sas", "https://a.blob.core.windows.net/c/f?sv=2022-11-02&se=2030-01-01&sig=" + made(42, alnum) + "%3D"},
		{"bitbucket-access-token", "ATCTT3xFfG" + "N0" + made(171, urlSet) + "=" + made(8, upperNum)},
		{"bitbucket-app-password", "ATBB" + made(32, alnum)},
		{"buildkite-token", "bkua_" + made(40, hexDigits)},
		{"calcom-api-key", "cal_live_" + made(32, hexDigits)},
		{"cargo-registry-token", "cio" + made(32, alnum)},
		{"circleci-token", "CCIPAT_" + made(22, alnum) + "_" + made(40, hexDigits)},
		{"clickup-token", "pk_" + made(8, digits) + "_" + made(32, upperNum)},
		{"cloudflare-token", "cfut_" + made(48, alnum)},
		{"contentful-management-token", "CFPAT-" + made(43, urlSet)},
		{"convex-deploy-key", "prod:happy-otter-123|eyJ2MiI6I" + made(80, alnum)},
		{"credentials-in-connection-string", "Server=tcp:db.agora.io,1433;User ID=adm;Password=" + made(14, alnum) + "!9;Encrypt=True"},
		{"credentials-in-jdbc-url", "jdbc:postgresql://db.agora.io/app?user=app&password=" + made(14, alnum)},
		{"credentials-in-mysql-dsn", "app:" + made(14, alnum) + "@tcp(db.agora.io:3306)/app?parseTime=true"},
		{"credentials-in-url", "postgres://app:" + made(14, alnum) + "@db.agora.io:5432/app"},
		{"credentials-in-url", "redis://:" + made(24, alnum) + "@cache.agora.io:6379/0"},
		{"credentials-in-url", "postgres://app:" + made(7, alnum) + "$" + made(7, alnum) + "@[2001:db8::1]:5432/app"},
		{"credentials-in-url", "cloudinary://" + made(15, digits) + ":" + made(27, alnum) + "@agora"},
		{"credentials-in-url", "postgresql+psycopg2://app:" + made(14, alnum) + "@db.agora.io/app"},
		{"databricks-oauth-secret", "dose" + made(32, hexDigits)},
		{"deepseek-api-key", "sk-" + made(32, hexDigits)},
		{"discord-bot-token", "discord_token=MT" + made(22, alnum) + ".G" + made(5, alnum) + "." + made(38, alnum)},
		{"discord-webhook", "https://discord.com/api/webhooks/" + made(19, digits) + "/" + made(68, urlSet)},
		{"docker-hub-token", "dckr_pat_" + made(27, urlSet)},
		{"doppler-service-token", "dp.st.dev." + made(43, alnum)},
		{"e2b-api-key", "e2b_" + made(40, hexDigits)},
		{"elevenlabs-api-key", "sk_" + made(48, hexDigits)},
		{"facebook-token", "EAAG" + made(180, alnum)},
		{"figma-token", "figd_" + made(40, urlSet)},
		{"firecrawl-api-key", "fc-" + made(32, hexDigits)},
		{"fireworks-api-key", "fw_" + made(24, alnum)},
		{"github-app-token-long", "ghs_" + app()},
		{"github-app-token-long", "ghu_" + app()},
		{"gitlab-workspace-token", "glwt-" + made(30, urlSet)},
		{"google-oauth-access-token", "ya29." + made(180, urlSet)},
		{"google-oauth-client-secret", "GOCSPX-" + made(28, urlSet)},
		{"google-oauth-refresh-token", "1//0" + made(100, urlSet)},
		{"groq-api-key", "gsk_" + made(52, alnum)},
		{"honeybadger-token", "hbp_" + made(36, alnum)},
		{"honeycomb-ingest-key", "hcaik_" + made(58, lowerNum)},
		{"hubspot-private-app-token", "pat-na1-" + uuidMade()},
		{"imagekit-private-key", "private_" + made(27, alnum) + "="},
		{"inngest-signing-key", "signkey-prod-" + made(64, hexDigits)},
		{"instagram-token", "IGQV" + made(150, alnum)},
		{"langsmith-api-key", "lsv2_pt_" + made(32, hexDigits) + "_" + made(10, hexDigits)},
		{"launchdarkly-sdk-key", "sdk-" + uuidMade()},
		{"linear-oauth-token", "lin_oauth_" + made(64, hexDigits)},
		{"liveblocks-secret-key", "sk_dev_" + made(64, alnum)},
		{"mailchimp-key", made(32, hexDigits) + "-us12"},
		{"mailgun-key", "key-" + made(32, hexDigits)},
		{"mapbox-secret-token", "sk.eyJ" + made(60, alnum) + "." + made(22, alnum)},
		{"mongodb-atlas-secret", "mdb_sa_sk_" + made(40, alnum)},
		{"neon-api-key", "napi_" + made(64, lowerNum)},
		{"netlify-token", "nfp_" + made(36, alnum)},
		{"new-relic-key", "NRAK-" + made(27, upperNum)},
		{"new-relic-key", "eu01xx" + made(30, hexDigits) + "NRAL"},
		{"notion-secret", "secret_" + made(43, alnum)},
		{"nuget-api-key", "oy2" + made(43, lowerNum)},
		{"nvidia-api-key", "nvapi-" + made(64, urlSet)},
		{"openai-short-key", "sk-proj-" + made(20, alnum) + "T3Blbk" + "FJ" + made(20, alnum)},
		{"openrouter-api-key", "sk-or-v1-" + made(64, hexDigits)},
		{"paddle-api-key", "pdl_live_apikey_" + made(26, lowerNum) + "_" + made(22, alnum) + "_" + made(3, alnum)},
		{"paypal-braintree-access-token", "access_token$production$" + made(16, lowerNum) + "$" + made(32, hexDigits)},
		{"pinecone-api-key", "pcsk_" + made(6, alnum) + "_" + made(63, alnum)},
		{"plaid-access-token", "access-production-" + uuidMade()},
		{"polar-token", "polar_oat_" + made(43, alnum)},
		{"posthog-personal-key", "phx_" + made(43, alnum)},
		{"render-api-key", "rnd_" + made(28, alnum)},
		{"replicate-api-token", "r8_" + made(37, alnum)},
		{"resend-api-key", "re_" + made(8, alnum) + "_" + made(24, alnum)},
		{"salesforce-session", "00D" + made(12, alnum) + "!AQ" + made(94, alnum)},
		{"sendinblue-smtp-key", "xsmtpsib-" + made(64, hexDigits) + "-" + made(16, alnum)},
		{"shopify-user-token", "shpua_" + made(32, hexDigits)},
		{"slack-session-token", "xoxc-" + made(12, digits) + "-" + made(12, digits) + "-" + made(13, digits) + "-" + made(64, hexDigits)},
		{"sonar-token", "squ_" + made(40, hexDigits)},
		{"square-oauth-secret", "sq0csp-" + made(43, urlSet)},
		{"statsig-secret-key", "secret-" + made(43, alnum)},
		{"stripe-org-key", "sk_org_live_" + made(60, alnum)},
		{"stripe-webhook-secret", "whsec_" + made(32, alnum)},
		{"supabase-secret-key", "sb_secret_" + made(31, urlSet)},
		{"supabase-service-role-jwt", jwt(`{"iss":"supabase","ref":"` + made(20, lowerNum) + `","role":"service_role","iat":1672531200}`)},
		{"supabase-service-role-jwt", jwt(`{"iss":"supabases","ref":"` + made(20, lowerNum) + `","role":"service_role","iat":1672531200}`)},
		{"supabase-service-role-jwt", jwt(`{"iss":"supabasess","ref":"` + made(20, lowerNum) + `","role":"service_role","iat":1672531200}`)},
		{"tailscale-key", "tskey-auth-" + made(12, alnum) + "CNTRL-" + made(32, alnum)},
		{"tavily-api-key", "tvly-dev-" + made(32, alnum)},
		{"telegram-bot-token-bare", "https://api.telegram.org/bot" + made(10, digits) + ":" + made(35, urlSet)},
		{"telegram-token", made(10, digits) + ":AA" + made(33, alnum)},
		{"trigger-secret-key", "tr_prod_" + made(20, alnum)},
		{"typeform-token", "tfp_" + made(59, alnum)},
		{"unkey-root-key", "unkey_" + made(22, alnum)},
		{"vault-token", "hvs." + made(24, alnum)},
		{"vercel-blob-token", "vercel_blob_rw_" + made(16, alnum) + "_" + made(30, alnum)},
		{"vercel-token", "vcp_" + made(56, alnum)},
		{"xai-api-key", "xai-" + made(80, alnum)},
		{"xata-api-key", "xau_" + made(36, alnum)},
	}
}

// ownFiles are files in which rules of ours find something that is not a token of one
// line.
func ownFiles() map[string][2]string {
	key := made(64, base64Set)
	return map[string][2]string{
		"authorization-header":  {"call.go", `req.Header.Set("Authorization", "Bearer ` + made(40, alnum) + `")`},
		"docker-config-auth":    {"config.json", `{"auths":{"https://registry.agora.io/":{"auth":"` + made(40, alnum) + `="}}}`},
		"frontend-public-env":   {"web/.env.production", "VITE_ADMIN_PASSWORD=" + made(12, alnum) + "\n"},
		"jwk-private-key":       {"key.json", `{"kty":"EC","crv":"P-256","x":"` + made(43, urlSet) + `","d":"` + made(43, urlSet) + `"}`},
		"laravel-app-key":       {"config.php", "APP_KEY=base64:" + made(43, base64Set) + "="},
		"netrc-password":        {"home/netrc", "machine api.agora.io login deploy password " + made(16, alnum) + "\n"},
		"password-in-env-file":  {"deploy/.env", "DB_HOST=db\nDB_PASSWORD=Sommer2024!x\n"},
		"pgpass-password":       {"home/.pgpass", "db.agora.io:5432:app:app:" + made(12, alnum) + "\n"},
		"private-key-in-env":    {"x.env", "APP_KEY=\"-----BEGIN EC " + "PRIVATE KEY-----\\n" + key[:48] + "\n"},
		"putty-private-key":     {"id.ppk", "Private-Lines: 1\r\n" + made(44, base64Set) + "\r\n"},
		"frontend-public-env 2": {"web/dist/app.js.map", `{"sourcesContent":["const e={VITE_ADMIN_SECRET:\"` + made(20, alnum) + `\"}"]}`},
	}
}

// TestTokensOfProvidersThatGitleaksMisses: each rule of ours finds what it is for
// anywhere, and says who issued it also where gitleaks' generic rule only says that
// there is something.
func TestTokensOfProvidersThatGitleaksMisses(t *testing.T) {
	tried := make(map[string]bool)
	for _, c := range ownTokens() {
		rule, token := c[0], c[1]
		tried[rule] = true
		for path, content := range map[string]string{
			"main.go":     fmt.Sprintf("package a\n\nfunc f() { connect(%q) }\n", token),
			"deploy.conf": "API_TOKEN=" + token + "\n",
			"app.yml":     "api:\n  secret: " + token + "\n",
		} {
			if got := rulesIn(t, path, content); !slices.Equal(got, []string{rule}) {
				t.Errorf("%s in %s: reported as %q", rule, path, got)
			}
		}
	}
	for name, c := range ownFiles() {
		rule, _, _ := strings.Cut(name, " ")
		tried[rule] = true
		if got := rulesIn(t, c[0], c[1]); !slices.Equal(got, []string{rule}) {
			t.Errorf("%s in %s: reported as %q", rule, c[0], got)
		}
	}
	eachCase(t, "leaks", 2, func(c madeCase) {
		for _, h := range c.hits(t) {
			tried[h.Rule] = true
		}
	})
	for i := range savedRules {
		id := savedRules[i].id
		if savedRules[i].own && !tried[id] {
			t.Errorf("no example of what %s finds", id)
		}
		if id != "generic-api-key" && infoOf(id).provider.name == unknownIssuer {
			t.Errorf("%s does not say who issued what it finds", id)
		}
	}
}

// TestATokenInATagOrALinkWasMissed: gitleaks knows these tokens only before a quote, a
// space or a line's end.
func TestATokenInATagOrALinkWasMissed(t *testing.T) {
	tokens := map[string]string{
		"stripe-access-token":       "sk_li" + "ve_51" + made(97, alnum),
		"npm-access-token":          "npm_" + made(36, alnum),
		"openai-api-key":            "sk-" + made(20, alnum) + "T3Blbk" + "FJ" + made(20, alnum),
		"anthropic-api-key":         "sk-ant-api03-" + made(93, urlSet) + "AA",
		"sendgrid-api-token":        "SG." + made(22, urlSet) + "." + made(43, urlSet),
		"digitalocean-pat":          "dop_v1_" + made(64, hexDigits),
		"gcp-api-key":               "AIza" + made(35, alnum),
		"huggingface-access-token":  "hf_" + made(34, "abcdefghijklmnopqrstuvwxyzABCDEFGH"),
		"databricks-api-token":      "dapi" + made(32, hexDigits),
		"rubygems-api-token":        "rubygems_" + made(48, hexDigits),
		"sentry-user-token":         "sntryu_" + made(64, hexDigits),
		"planetscale-password":      "pscale_pw_" + made(43, alnum),
		"vault-token":               "hvs." + made(95, alnum),
		"supabase-service-role-jwt": base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"role":"service_role"}`)) + "." + made(43, urlSet),
	}
	for rule, token := range tokens {
		for path, format := range map[string]string{
			"a.xml":    "<key>%s</key>",
			"a.csv":    "1,%s,2",
			"a.md":     "the value (%s), as agreed",
			"b.md":     "it is %s.",
			"a.js.map": `{"sourcesContent":["x(\"%s\")"]}`,
			"a.txt":    "https://api.agora.io/v1?key=%s&x=1",
			"a.sh":     "curl https://api.agora.io/v1 -u %s:",
			"a.go":     "x(`%s`)",
		} {
			got := rulesIn(t, path, fmt.Sprintf(format, token))
			if !slices.ContainsFunc(got, func(r string) bool { return providerOf(r) == providerOf(rule) }) {
				t.Errorf("%s as %q: reported as %q", rule, format, got)
			}
		}
	}
}

// TestWhatOnlyLooksLikeASecret is what the rules of ours leave alone.
func TestWhatOnlyLooksLikeASecret(t *testing.T) {
	for content, path := range map[string]string{
		"postgres://app:${DB_PASSWORD}@db.agora.io/app":                             "a.yml",
		"postgres://app:$DB_PASSWORD@db.agora.io/app":                               "a.sh",
		"postgres://app:<password>@db.agora.io/app":                                 "a.md",
		"postgres://app:Kq4mZ81bTr@localhost:5432/app":                              "a.yml",
		"redis://:Kq4mZ81bTr@[::1]:6379":                                            "a.yml",
		"image: docker://agora/api:v1.2.3-rc4@sha256:0123456789abcdef":              "a.yml",
		`fmt.Sprintf("%s:%s@tcp(%s)/%s", user, pass, host, name)`:                   "a.go",
		"root:Kq4mZ81bTr@tcp(127.0.0.1:3306)/app":                                   "a.go",
		"app:password1@tcp(db:3306)/app":                                            "a.go",
		"Server=localhost;User ID=sa;Password=Kq4mZ81bTr;":                          "a.config",
		"DB_PASSWORD=Sommer2024!x\n":                                                "deploy/.env.example",
		"DB_PASSWORD=changeme-please\nDB_PASSWORD_FILE=/run/secrets/db-password\n":  ".env",
		"JWT_SECRET_FILE=/run/secrets/jwt\nTOKEN=/run/secrets/token-of-the-api\n":   ".env",
		`<path id="a" d="M12 4.5C7 4.5 2.73 7.61 1 12c1.73 4.39 6 7.5 11 7.5s9.27"`: "a.svg.txt",
		`{"d":"M12-4c7-4-2-7-1-12c1-4-6-7-11-7s9-2-2-4-6-8-1-3-5-7"}`:               "icons.js",
		"func (s *server) f() { s.handleAuthorizationRequests(w, r) }":              "a.go",
		"url(data:font/woff2;base64,AAA/EAAA" + strings.Repeat("AbC", 60) + ")":     "a.css",
		"access-production-readiness and sdk-for-go and key-value-store":            "a.md",
		`Authorization: Bearer YOUR_TOKEN_GOES_HERE_PLEASE`:                         "a.md",
		"Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==":                         "a.md",
	} {
		if got := rulesIn(t, path, content); len(got) > 0 {
			t.Errorf("%q in %s: reported as %q", content, path, got)
		}
	}
}

// TestAnIgnoredGenericFindingStaysIgnoredUnderItsProvider: what .gitleaksignore or a
// baseline of the gitleaks command lists under the rule that gives way is known.
func TestAnIgnoredGenericFindingStaysIgnoredUnderItsProvider(t *testing.T) {
	content := "api_token = \"sk-or-v1-" + made(64, hexDigits) + "\"\n"
	for _, ignore := range []string{"a.ini:generic-api-key:1", "a.ini:openrouter-api-key:1"} {
		rules, err := buildRules(rulesInput{own: true, ignore: []byte(ignore)})
		if err != nil {
			t.Fatal(err)
		}
		s := &session{rules: rules, key: testKey}
		found := s.hits(t.Context(), text{content: []byte(content), path: "a.ini", commit: "c", line: 1}, inPatch)
		if len(found) != 1 || found[0].Rule != "openrouter-api-key" || !found[0].Ignored {
			t.Errorf("with %s: %+v", ignore, found)
		}
	}
}

// TestAnIgnoredGenericFindingStaysIgnoredOnceItIsKept: .gitleaksignore is asked again of
// what the store holds, for it may have changed.
func TestAnIgnoredGenericFindingStaysIgnoredOnceItIsKept(t *testing.T) {
	w := newWork(t)
	w.write("a.ini", "api_token = \"sk-or-v1-"+made(64, hexDigits)+"\"\n").write(ignorePath, "a.ini:generic-api-key:1\n").commit("listed")
	cache := t.TempDir()
	for range 2 {
		if found := w.history(look{cache: cache}).Rotations; len(found) > 0 {
			t.Errorf("%+v", found)
		}
		w.write("b.txt", "x\n").commit("more")
	}
}
