// Package cors defines an analyzer that reports cross-origin configurations
// that let any site call the API.
//
// # Analyzer cors
//
// cors: report CORS configurations that any origin satisfies
//
// It knows the configuration of gin-contrib/cors, rs/cors, go-chi/cors, echo's
// and fiber's middleware and gorilla/handlers, and hand-written
// Access-Control-Allow-Origin headers: "*", a reflected Origin header, and
// functions that say yes to every origin.
package cors
