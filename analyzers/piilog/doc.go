// Package piilog defines an analyzer that reports passwords, tokens and
// personal data in log calls, in errors and in answers to clients.
//
// # Analyzer piilog
//
// piilog: report sensitive values that reach a log call
//
// A value is sensitive by its name (a field Email, a variable password, a form
// value "ssn", the header Authorization), by what it is (a whole request or its
// headers) or by what it holds (a struct with a password printed whole). It is
// followed through variables, fields, containers, formatting, errors, closures
// and calls, across functions and packages (package flow), to any of the log
// calls listed in sinks.tsv and to functions that log what they are given.
// Hashes, lengths, comparisons, redactors and types that print themselves are
// clean.
package piilog
