package sensitive_test

import (
	"strings"
	"testing"

	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
)

func TestName(t *testing.T) {
	for class, names := range map[sensitive.Class]string{
		sensitive.Credential: `password userPassword user_password PASSWORD Passwd pwd userPwd newPassword currentPassword passwordConfirm rawPassword plainTextPassword
			adminpassword dbPass user_pass pw userpwd passphrase passcode pin pinCode cardPin apiKey APIKey api_key apikey ApiKeys x-api-key clientSecret client_secret secretKey
			secret appSecret webhookSecret jwtSecret privateKey PrivateKeyPEM signingKey encryptionKey hmacKey accessKey secretAccessKey masterKey credentials creds connectionString
			dsn databaseURL dbUrl kubeconfig mnemonic seedPhrase smtpPassword SMTPPass passwort kennwort senha contrasena wachtwoord loginPassword requestPassword passwordStr
			passwordBytes stripeApiKey passwords`,
		sensitive.Token: `token accessToken access_token accesstoken refreshToken RefreshToken idToken bearerToken bearer authToken authHeader authorization sessionToken apiToken csrfToken
			resetToken passwordResetToken verificationToken jwt jwtToken JWT rawJWT otp otpCode OTP oneTimePassword mfaCode totpSecret totp recoveryCode recoveryCodes magicLink inviteToken
			cookie cookies sessionID session_id sessionid sessionCookie authCode authorizationCode smsCode verificationCode githubToken userToken tokenString tokenValue signedToken
			oauthToken OAuth2Token bot_token deviceToken personalAccessToken backupCodes newToken accessTokens cookieHeader`,
		sensitive.GovID: `ssn SSN userSSN ssnNumber socialSecurity social_security_number socialSecurityNumber nationalId national_id taxId tax_id taxID tin passport passportNo passport_number
			driversLicense driver_license aadhaar aadhar cpf curp nino nationalInsurance nric personnummer pesel identityNumber idCardNumber citizenId`,
		sensitive.Payment: `cardNumber card_number cardnumber creditCard creditCardNumber ccNumber cc_num cvv CVV cardCvv cvc cvv2 securityCode iban IBAN accountNumber bankAccount bankAccountNumber
			routingNumber sortCode cardHolder debitCard cardPan cardExpiry accountNo`,
		sensitive.Contact: `email Email userEmail user_email EMAIL e_mail eMail emailAddress email_address emailaddress emailAddr emails customerEmail recipientEmail toEmail newEmail phone phoneNumber
			phone_number phonenumber phoneNo phone_no mobile mobileNo mobileNumber msisdn telephone fax homePhone streetAddress street_address homeAddress postalAddress billingAddress
			shippingAddress addressLine1 zipCode zip_code postcode postalCode telefon telefono correo celular contactNumber email2`,
		sensitive.Identity: `firstName first_name firstname FirstName lastName surname fullName full_name middleName maidenName givenName familyName dateOfBirth date_of_birth dob DOB birthdate birthDate
			birthday gender nationality ethnicity religion maritalStatus sexualOrientation vorname nachname apellido userRealName legalName placeOfBirth patientName customerName username userName
			displayName nickname`,
		sensitive.Device:  `ipAddress ip_address clientIP remoteIp macAddress imei latitude longitude geolocation deviceId`,
		sensitive.Health:  `diagnosis diagnoses medicalRecord medicalRecordNumber mrn prescription prescriptions medication medications bloodType bloodPressure allergies allergy disability pregnancy healthInsurance labResult labResults symptoms hiv mentalHealth biometrics patientID medicalHistory`,
		sensitive.Finance: `salary annualIncome creditScore creditRating netWorth payroll bankBalance monthlyIncome baseSalary`,
		"": `passwordHash hashedPassword hashed_password pwdHash passwordDigest encryptedPassword passwordSalt compass bypass secretary passenger passenger_count wildcard concert trespass bypassed
			pinned pinning shard hashtag coauthor author authors authority authentic emailVerified email_verified isEmailVerified emailCount numEmails isEmail hasPassword emailEnabled
			emailTemplate emailSubject emailBody emailSender emailService emailDomain emailValid emailer mailer tokenType token_type nextToken next_token pageToken page_token continuationToken
			cursorToken nextPageToken syncToken maxTokens max_tokens numTokens promptTokens completionTokens tokenCount totalTokens tokens tokenizer tokenBucket tokenLimit tokenUsage
			tokenExpiry tokenExpiresAt tokenTTL token_ttl tokenIssuer tokenName tokenID tokenSource tokenURL startToken endToken eofToken peekToken identToken cancellationToken
			passwordLength passwordStrength passwordPolicy passwordRule passwordMinLength minPasswordLength passwordResetURL passwordChangedAt password_changed_at passwordExpiresAt
			passwordRequired passwordEnabled passwordValidator passwordField passwordPrompt passwordError errPassword invalidPassword wrongPassword ErrInvalidPassword passwordAttempts
			passwordFile passwordReset passed passing passes pass_rate userID user_id customerId accountID uuid id ids name names title secretName secretRef secret_name secretsManager secretPath
			secretVersion secretStore publicKey primaryKey foreignKey partitionKey sortKey cacheKey routingKey idempotencyKey keyID kid keyboard keyword key keys apiKeyID apiKeyName apiKeyHeader
			csrfHeader csrfFieldName sessionStore sessionName sessionTimeout cookieName cookieDomain cookiePath cookieMaxAge cookieStore cookieJar cookieConsent authorizationURL authorizationEndpoint
			authorizationType authType authMethod authProvider phoneType phoneVerified phonePrefix phoneCountryCode mobileApp isMobile mobileVersion cardType cardBrand cardLast4 cardCount
			ipVersion addressType address addr listenAddress bindAddress serverAddress walletAddress contractAddress memoryAddress genderField raceDetector raceEnabled dataRace sexEnum
			signature zipFile zipPath zipWriter street2map maskedEmail redactedPassword emailHash hashEmail usersByEmail emailPattern emailRegex phoneRegex passwordRegexp validateEmail
			exampleEmail testPassword dummyToken placeholderEmail emailLabel emailIndex emailKey tokenKey usernameTaken phoneNumberFormat dsnTemplate patient pan tokenPosition tokenKind lexerToken
			tokenAddress fungibleToken sid realname basicAuth fname encEmail authorizations usernameClaim smtpUsername dbUserName apiKeyOwner emailAttachments idTokenVerifier authorizationDate emailRouter passwordHashing checkPassword comparePassword verifyPassword created_at updatedAt status count len total message err error ok enabled type kind path`,
	} {
		for _, name := range strings.Fields(names) {
			got, ok := sensitive.Name(name)
			if !ok {
				got.Class = ""
			}
			if got.Class != class {
				t.Errorf("Name(%q) = %q (%s), want %q", name, got.Class, got.Term, class)
			}
		}
	}
}

func TestHeader(t *testing.T) {
	for class, names := range map[sensitive.Class]string{
		sensitive.HTTP:    "Authorization cookie Set-Cookie X-Api-Key X-API-KEY x-auth-token Proxy-Authorization X-Amz-Security-Token X-Vault-Token Private-Token Api-Key",
		sensitive.Contact: "X-User-Email X-Forwarded-Email",
		sensitive.Token:   "X-Refresh-Token-Value X-Webhook-Token",
		"":                "Content-Type User-Agent Accept X-Request-Id X-Correlation-ID Content-Length If-None-Match Origin Referer Idempotency-Key X-GitHub-Event X-Token-Type WWW-Authenticate",
	} {
		for _, name := range strings.Fields(names) {
			if got, _ := sensitive.Header(name); got.Class != class {
				t.Errorf("Header(%q) = %q (%s), want %q", name, got.Class, got.Term, class)
			}
		}
	}
}
