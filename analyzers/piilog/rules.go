package piilog

import "github.com/launchgate/launchgate/analyzers/rule"

const (
	// What is offered with a finding, once tried: fix.go, identify.go, logvalue.go.
	fixDrop = "Drop the argument, log an id instead, or pass the value through a redactor (a function whose name says so: `redact`, `mask`, `hash`). " +
		"A type can also say how it is shown: give it a `LogValue` (slog) or `String` method that masks."
	suppress = "Suppress this finding by its fingerprint in `.github/launchgate.yml` on the base branch, with reason, owner and expiry."
	since    = "0.1.0"
)

var (
	owaspLogging = "https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html"
	cwe532       = "https://cwe.mitre.org/data/definitions/532.html"
)

func logRule(id, title string, sev rule.Severity, what, why, bad, good string) rule.Rule {
	return rule.Rule{ID: id, Title: title, Severity: sev, Confidence: rule.Likely, Row: 8, What: what, Why: why, Bad: bad, Good: good,
		Fix: fixDrop, Suppress: suppress, References: []string{owaspLogging, cwe532}, Since: since}
}

var (
	credential = logRule("logs/credential", "Credential in a log", rule.High,
		"A password, key, secret or connection string reaches a log call.",
		"Logs are copied to more places and read by more people than any database: whoever reads them can sign in as the user or the service.",
		`log.Printf("sign-in failed for %s with %s", id, in.Password)`, `log.Printf("sign-in failed for %s", id)`)
	tokenRule = logRule("logs/token", "Token or session in a log", rule.High,
		"An access, refresh, session or reset token, a cookie or an Authorization header reaches a log call.",
		"Until it expires, a token in a log is as good as the password.",
		`slog.Info("session started", "token", session.Token)`, `slog.Info("session started", "session_id", session.ID)`)
	personal = logRule("logs/personal-data", "Personal data in a log", rule.Medium,
		"An e-mail address, phone number, name, address or birthday of a person reaches a log call.",
		"Data protection law wants personal data to be found, exported and deleted on request. Nobody does that in logs.",
		`log.Printf("welcome mail to %s", user.Email)`, `log.Printf("welcome mail to user %s", user.ID)`)
	government = logRule("logs/government-id", "Government identifier in a log", rule.High,
		"A social security, tax, passport or similar number reaches a log call.",
		"Such a number cannot be changed after a leak and opens bank accounts.",
		`log.Printf("checking %s", applicant.SSN)`, `log.Printf("checking applicant %d", applicant.ID)`)
	payment = logRule("logs/payment", "Payment data in a log", rule.High,
		"A card number, security code, IBAN or account number reaches a log call.",
		"PCI DSS forbids storing them; a log is storage, and it brings the whole log system into scope.",
		`logger.Info("charge", zap.String("card", card.CardNumber))`, `logger.Info("charge", zap.String("card_id", card.ID))`)
	health = logRule("logs/health", "Health data in a log", rule.High,
		"A diagnosis, medication or other health record reaches a log call.",
		"Health data is specially protected everywhere; a log has none of that protection.",
		`log.Println("visit", visit.Diagnosis)`, `log.Println("visit", visit.ID)`)
	requestDump = logRule("logs/request-dump", "Whole request or headers in a log", rule.High,
		"A whole request, its header map or a dump of it reaches a log call.",
		"It carries the Authorization header, the session cookie and the body of sign-in requests.",
		`log.Printf("headers: %v", r.Header)`, `log.Printf("user agent: %q", r.Header.Get("User-Agent"))`)
	wholeObject = logRule("logs/whole-object", "Object with a secret printed whole", rule.Medium,
		"A struct with a sensitive field is printed as a whole and has no method that masks it.",
		"The field is not named at the call, so nobody notices; every field added later is logged too.",
		`log.Printf("new user %+v", user) // user has a Password`, `log.Printf("new user %s", user.ID)`)
	errorsSensitive = logRule("errors/sensitive", "Secret in an error", rule.High,
		"A sensitive value is put into an error that is logged or returned to the client.",
		"An error travels: it is wrapped, logged at every level, sent to error trackers and shown to users. Whoever puts a value into it decides for all of them.",
		`return fmt.Errorf("sign in with %s: %w", password, err)`, `return fmt.Errorf("sign in as user %d: %w", id, err)`)
	responseLeak = logRule("response/leak", "Internal error text sent to the client", rule.Low,
		"The text of an error of the database, the file system or another server, or a stack, is sent to the client.",
		"It tells an attacker about tables, paths, hosts and versions, and whether an attempt came near.",
		`http.Error(w, err.Error(), 500) // err from database/sql`, `log.Print(err)
http.Error(w, "internal error", 500)`)
	thirdParty = logRule("thirdparty/personal-data", "Personal data sent to a third party", rule.Medium,
		"A sensitive value is sent to an error tracker, a trace collector or an analytics service.",
		"Another company holds it then: it belongs into the record of processing, the contract and every deletion request.",
		`scope.SetTag("email", user.Email)`, `scope.SetTag("user_id", user.ID)`)
)

// Rules are the rules this analyzer reports.
func Rules() []rule.Rule {
	return []rule.Rule{credential, tokenRule, personal, government, payment, health, requestDump, wholeObject, errorsSensitive, responseLeak, thirdParty}
}
