// Package names has what names say.
package names

import "log"

type User struct {
	ID            int
	FirstName     string
	Email         string
	Phone         string
	EmailVerified bool
	EmailCount    int
	PasswordHash  string
	Password      string
	SSN           string
	Role          string
	Locale        string
}

func (u User) GetEmail() string       { return u.Email }
func (u User) GetRole() string        { return u.Role }
func (u *User) HasPassword() bool     { return u.Password != "" }
func (u *User) PasswordStrength() int { return len(u.Password) }
func (u *User) DisplayLabel() string  { return "user" }

func fields(u User) {
	log.Println(u.Email)                // want "logs/personal-data"
	log.Println(u.Phone)                // want "logs/personal-data"
	log.Println(u.SSN)                  // want "logs/government-id"
	log.Println(u.FirstName)            // want "logs/personal-data"
	log.Println(u.EmailVerified)        // ok: bool
	log.Println(u.EmailCount)           // ok: count
	log.Println(u.PasswordHash)         // ok: hash
	log.Println(u.Role, u.ID, u.Locale) // ok: harmless fields
	log.Println(u.GetEmail())           // want "logs/personal-data"
	log.Println(u.GetRole())            // ok: role
	log.Println(u.HasPassword())        // ok: bool
	log.Println(u.PasswordStrength())   // ok: number
	log.Println(u.DisplayLabel())       // ok: constant
	log.Printf("%+v", u)                // want "logs/whole-object"
	log.Printf("%+v", &u)               // want "logs/whole-object"
	log.Println([]User{u})              // want "logs/whole-object"
	log.Println(map[int]User{1: u})     // want "logs/whole-object"
}

func tokens(nextPageToken, tokenType, csrfTokenName string, maxTokens, promptTokens int, tokenTTL int64) {
	log.Println(nextPageToken)           // ok: pagination
	log.Println(tokenType)               // ok: type
	log.Println(maxTokens, promptTokens) // ok: counts
	log.Println(tokenTTL)                // ok: ttl
	log.Println(csrfTokenName)           // ok: a name
}

func keys(publicKey, primaryKey, cacheKey, keyID, secretName, routingKey, secretPath, passwordFile string) {
	log.Println(publicKey)    // ok: public
	log.Println(primaryKey)   // ok: database
	log.Println(cacheKey)     // ok: cache
	log.Println(keyID)        // ok: id
	log.Println(secretName)   // ok: name
	log.Println(routingKey)   // ok: routing
	log.Println(secretPath)   // ok: path
	log.Println(passwordFile) // ok: path
}

func lookalikes(secretary, compass, wildcard, passenger, author, bypass string, passed, hashtag, keyboard string) {
	log.Println(secretary)                 // ok: a job
	log.Println(compass)                   // ok: a tool
	log.Println(wildcard)                  // ok: pattern
	log.Println(passenger)                 // ok: not named
	log.Println(author)                    // ok: bare author
	log.Println(bypass)                    // ok: bypass
	log.Println(passed, hashtag, keyboard) // ok: not secrets
}

func policy(passwordPolicy, passwordRule, passwordResetURL, forgotPasswordPath, emailTemplate, emailSubject, passwordHint, passwordField string, minPasswordLength int) {
	log.Println(passwordPolicy)     // ok: policy
	log.Println(passwordRule)       // ok: rule
	log.Println(forgotPasswordPath) // ok: url path
	log.Println(emailTemplate)      // ok: template
	log.Println(emailSubject)       // ok: subject
	log.Println(passwordField)      // ok: field
	log.Println(minPasswordLength)  // ok: number
}

func masked(maskedPassword, redactedToken, encryptedPassword, hashedPassword, passwordDigest, obfuscatedEmail string) {
	log.Println(maskedPassword)    // ok: masked
	log.Println(redactedToken)     // ok: redacted
	log.Println(encryptedPassword) // ok: encrypted
	log.Println(hashedPassword)    // ok: hashed
	log.Println(passwordDigest)    // ok: digest
	log.Println(obfuscatedEmail)   // ok: obfuscated
}

func addrs(ipAddr, listenAddress, serverAddr, memoryAddress, emailServer, smtpHost, phoneModel string) {
	log.Println(listenAddress, serverAddr) // ok: network
	log.Println(memoryAddress)             // ok: memory
	log.Println(emailServer, smtpHost)     // ok: hosts
	log.Println(phoneModel)                // ok: model
}

func people(dateOfBirth, cardNumber, cvv, iban, diagnosis, passportNumber, homeAddress, salary, phoneNumber, lastName string) {
	log.Println(dateOfBirth)    // want "logs/personal-data"
	log.Println(cardNumber)     // want "logs/payment"
	log.Println(cvv)            // want "logs/payment"
	log.Println(iban)           // want "logs/payment"
	log.Println(diagnosis)      // want "logs/health"
	log.Println(passportNumber) // want "logs/government-id"
	log.Println(homeAddress)    // want "logs/personal-data"
	log.Println(phoneNumber)    // want "logs/personal-data"
	log.Println(lastName)       // want "logs/personal-data"
}

func creds(passwd, passphrase, clientSecret, privateKey, connectionString, dsn, otp, jwt, bearerToken, sessionToken, accessKey, secretAccessKey, authToken string) {
	log.Println(passwd)           // want "logs/credential"
	log.Println(passphrase)       // want "logs/credential"
	log.Println(clientSecret)     // want "logs/credential"
	log.Println(privateKey)       // want "logs/credential"
	log.Println(connectionString) // want "logs/credential"
	log.Println(dsn)              // want "logs/credential"
	log.Println(otp)              // want "logs/token"
	log.Println(jwt)              // want "logs/token"
	log.Println(bearerToken)      // want "logs/token"
	log.Println(sessionToken)     // want "logs/token"
	log.Println(accessKey)        // want "logs/credential"
	log.Println(secretAccessKey)  // want "logs/credential"
	log.Println(authToken)        // want "logs/token"
}

func snake(user_password, db_pass, API_SECRET, x_auth_token string) {
	log.Println(user_password) // want "logs/credential"
	log.Println(db_pass)       // want "logs/credential"
	log.Println(API_SECRET)    // want "logs/credential"
	log.Println(x_auth_token)  // want "logs/token"
}
