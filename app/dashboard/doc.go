// Package dashboard serves the pages an administrator opens to ask "why is this
// blocked?": recent reviews, one review with its reasons, receipt, findings and
// route changes, and recent deliveries with what came of them.
//
// It has no login: whoever serves it decides who may reach it. It imports
// app/review only and reads through Reader. It must never change anything, load
// anything from elsewhere, or show text of a pull request unescaped.
package dashboard
