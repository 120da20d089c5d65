// Package sensitive decides what is sensitive: from the types of a program
// first, then from names, then from the library calls values come from. It works
// on whole words of an identifier, never on parts of them ("compass" is no
// password), and knows what looks sensitive and is not: hashes, lengths, flags,
// identifiers, pagination tokens.
//
// The words are data in terms.tsv. A Lexicon is those words together with what a
// repository's policy adds; the functions of the package use the built-in words
// alone. The package imports go/types, the standard library and the packages
// callee and words only.
package sensitive
