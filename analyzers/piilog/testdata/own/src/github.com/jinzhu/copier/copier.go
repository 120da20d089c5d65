// Package copier stands in for github.com/jinzhu/copier.
package copier

// Copy copies fields of the same name.
func Copy(toValue, fromValue any) error { return nil }
