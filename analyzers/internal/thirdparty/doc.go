// Package thirdparty knows which services a Go program talks to, by the SDKs it
// imports and by the hosts it sends requests to, and what kind of service each
// is: payment, e-mail, SMS, analytics, error tracking, storage, AI, ….
//
// The services are data in services.tsv. The package imports the standard
// library and package sinks (for import paths) only.
package thirdparty
