// Package datamap defines an analyzer that maps which services of others receive
// which personal data.
//
// # Analyzer datamap
//
// datamap: list the personal data that goes to third parties
//
// A service is recognised by the SDK that is called or whose types are filled in,
// and by the host that a request is sent to. Data is personal by its type, its
// name or where it comes from, as in the rules on logs, and is followed the same
// way. The analyzer reports no diagnostics: its result is the map.
package datamap
