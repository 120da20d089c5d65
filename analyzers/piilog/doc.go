// Package piilog defines an analyzer that reports passwords, tokens and
// personal data in log calls.
//
// # Analyzer piilog
//
// piilog: report sensitive values that reach a log call
//
// A value is sensitive by its name (a field Email, a variable password, a form
// value "ssn", the header Authorization), by what it is (a whole request or its
// headers) or by what it holds (a struct with a password printed whole). It is
// followed through local variables, concatenation, formatting and conversion to
// any of the log calls listed in sinks.tsv. Hashes, lengths, comparisons,
// redactors and types that print themselves are clean.
package piilog
