package authz

import "github.com/launchgate/launchgate/analyzers/rule"

var references = []string{
	"https://owasp.org/API-Security/editions/2023/en/0xa5-broken-function-level-authorization/",
	"https://cheatsheetseries.owasp.org/cheatsheets/Authorization_Cheat_Sheet.html",
	"https://cwe.mitre.org/data/definitions/862.html",
}

const suppress = "Add the route to the public-route ledger in `.github/launchgate.yml`, with why and owner, or suppress the finding by its fingerprint, with reason, owner and expiry."

const meant = "Suppress the finding by its fingerprint in `.github/launchgate.yml`, with reason, owner and expiry."

var missing = rule.Rule{
	ID: "authz/missing", Title: "Anybody can call this route", Severity: rule.High, Confidence: rule.Likely, Row: 1,
	What: "A route whose middleware and handler never refuse a request for lack of an identity.",
	Why:  "Whoever finds the address can read or change what it serves, without an account.",
	Bad:  "r.POST(\"/orders/:id/refund\", refund)", Good: "r.Group(\"/\", requireUser).POST(\"/orders/:id/refund\", refund)",
	Fix:      "Register the route in a group that has your authentication middleware, or check the caller at the top of the handler. If a guard applies that was not recognised, name it under `guards` in `.github/launchgate.yml`.",
	Suppress: suppress, References: references, Since: "0.1.0",
}

var lostGuard = rule.Rule{
	ID: "authz/lost-guard", Title: "A route lost its guard", Severity: rule.High, Confidence: rule.Certain, Row: 1,
	What: "A change after which routes are open to more people than before: a guard is deleted, a route is moved out of the group that has it, the guard's own code refuses less (a path on its skip list, credentials that are no longer checked), or a role check became a mere login. It is reported once for each cause, on the line that did it (the deleted one, where something was deleted), with every route that it exposes. Reviews report it; an analysis of one version alone cannot.",
	Why:  "The route worked before and works after, for more callers: no test of the application fails, and nobody sees it in the diff of a large file.",
	Bad: `	admin := r.Group("/admin")
-	admin.Use(RequireAdmin)
	admin.POST("/users", createUser)`,
	Good: `	admin := r.Group("/admin")
	admin.Use(RequireAdmin)
	admin.POST("/users", createUser)`,
	Fix:      "Put the guard back, or another of at least its strength in its place. If another guard took over and was not recognised, name it under `guards` in `.github/launchgate.yml`.",
	Suppress: suppress, References: references, Since: "0.1.0",
}

var roleMissing = rule.Rule{
	ID: "authz/role-missing", Title: "An administrative route asks only for a login", Severity: rule.Medium, Confidence: rule.Likely, Row: 3,
	What: "A route whose path or handler speaks of administration, or whose siblings all check a role, and that any signed-in caller may use.",
	Why:  "Every member can do what is meant for staff. It is the most common way from an ordinary account to all data.",
	Bad: `	api := r.Group("/api", requireUser)
	api.DELETE("/admin/users/:id", deleteUser)`,
	Good: `	api := r.Group("/api", requireUser)
	api.DELETE("/admin/users/:id", requireRole("admin"), deleteUser)`,
	Fix:      "Put a check of the role or permission behind the one of the login: in the group, at the route, or at the top of the handler. If a guard does check it and was not recognised, name it under `guards` in `.github/launchgate.yml` with `grants: role`.",
	Suppress: meant, References: append([]string{"https://cwe.mitre.org/data/definitions/269.html"}, references...), Since: "0.1.0",
}

var order = rule.Rule{
	ID: "authz/order", Title: "The guard is attached after the route", Severity: rule.High, Confidence: rule.Likely, Row: 1,
	What: "A route that is registered before a guard is put on its router, in routers where middleware covers only what is registered later (gin, groups of echo, fiber, routegroup). A change that puts middleware before a guard which answers some requests itself, from a cache for one, is reported too, on the line that did it, with medium severity.",
	Why:  "It reads as if the guard applied. It does not: the route is open, or open for what is answered before the guard is asked.",
	Bad: `	api := r.Group("/api")
	api.GET("/orders", listOrders)
	api.Use(requireUser)`,
	Good: `	api := r.Group("/api")
	api.Use(requireUser)
	api.GET("/orders", listOrders)`,
	Fix:      "Attach the guard first. Routes that are meant to be open read better in a group of their own.",
	Suppress: suppress, References: append([]string{"https://gin-gonic.com/en/docs/examples/using-middleware/"}, references...), Since: "0.1.0",
}

var optionalGuard = rule.Rule{
	ID: "authz/optional-guard", Title: "The guard lets strangers pass", Severity: rule.High, Confidence: rule.Likely, Row: 1,
	What: "A route whose guard reads who is calling and refuses wrong identities, but lets a request without one pass, or that applies only under a condition. On a route that only reads it is of low severity. Where a change made a strict guard such a one, it is reported on the line that did it, with every route behind it.",
	Why:  "By its name the guard protects the route; without credentials everybody gets through.",
	Bad: `	if token := c.GetHeader("Authorization"); token != "" {
		user, err := parse(token)
		if err != nil {
			c.AbortWithStatus(http.StatusUnauthorized)
			return
		}
		c.Set("user", user)
	}
	c.Next()`,
	Good: `	user, err := parse(c.GetHeader("Authorization"))
	if err != nil {
		c.AbortWithStatus(http.StatusUnauthorized)
		return
	}
	c.Set("user", user)
	c.Next()`,
	Fix:      "Refuse a request without an identity, or keep the optional guard for the routes that greet strangers and put another in front of this one.",
	Suppress: suppress, References: references, Since: "0.1.0",
}

var abortMissing = rule.Rule{
	ID: "authz/abort-missing", Title: "The guard answers and lets the request go on", Severity: rule.High, Confidence: rule.Likely, Row: 1,
	What: "A middleware that answers 401 or 403 and lets the request go on: in gin one that returns without `Abort`, elsewhere one that lacks the `return` before it calls the next handler.",
	Why:  "The client reads the refusal, and the handler has done its work all the same. gin calls the next handler whenever a middleware returns, unless the request was aborted.",
	Bad: `	if !valid(c.GetHeader("Authorization")) {
		c.JSON(http.StatusUnauthorized, gin.H{"error": "who are you?"})
		return
	}`,
	Good: `	if !valid(c.GetHeader("Authorization")) {
		c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"error": "who are you?"})
		return
	}`,
	Fix:      "Use `AbortWithStatusJSON` or one of its kin, or call `c.Abort()` before returning; in other routers return right after the answer.",
	Suppress: suppress, References: append([]string{"https://pkg.go.dev/github.com/gin-gonic/gin#Context.Abort"}, references...), Since: "0.1.0",
}

var unverified = rule.Rule{
	ID: "authz/unverified", Title: "The guard believes whatever it is sent", Severity: rule.Medium, Confidence: rule.Unsure, Row: 1,
	What: "A guard that refuses requests without a header, cookie or parameter and lets every request pass that has one, whatever it says: it compares it with nothing that callers do not know, and gives it to nothing that could. The routes behind it count as guarded, so that a change that takes the guard away is noticed. It is reported once for each guard, with the routes that have no better one. A change that makes such a guard of one that verified is `authz/lost-guard`.",
	Why:  "Whoever sends anything at all is let in, under whatever name they like, unless something in front of the program verifies it; that cannot be seen from here, so it does not block by itself.",
	Bad: `	if c.GetHeader("Authorization") == "" {
		c.AbortWithStatus(http.StatusUnauthorized)
		return
	}`,
	Good: `	user, err := sessions.Verify(c.GetHeader("Authorization"))
	if err != nil {
		c.AbortWithStatus(http.StatusUnauthorized)
		return
	}
	c.Set("user", user)`,
	Fix:      "Verify what is sent: look the session up, check the token's signature, or compare the key in constant time with the configured one. If something in front of the program does that, such as a gateway, name the guard under `guards` in `.github/launchgate.yml`.",
	Suppress: meant, References: append([]string{"https://cwe.mitre.org/data/definitions/290.html"}, references...), Since: "0.1.0",
}

var unresolved = rule.Rule{
	ID: "authz/unresolved", Title: "Who can call this route could not be decided", Severity: rule.Info, Confidence: rule.Unsure, Row: 1,
	What: "A route whose guards could not be followed, with the reason. A change that brings one cannot be verified; those that were there before are counted in the receipt.",
	Why:  "It may be open. It is never counted as safe.",
	Bad:  "r.Use(plugins.Load(\"auth\"))", Good: "r.Use(auth.Require(sessions))",
	Fix:      "Make the guard a function the code names, or name it under `guards` in `.github/launchgate.yml`.",
	Suppress: suppress + " The rule can also be made advisory: then such routes are shown and counted only.", References: references, Since: "0.1.0",
}

// Rules are the rules of this family. lost-guard compares two inventories, which
// the program that runs the analyzers does.
func Rules() []rule.Rule {
	return []rule.Rule{missing, lostGuard, roleMissing, order, optionalGuard, abortMissing, unverified, unresolved}
}
