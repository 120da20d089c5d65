package declared

import "log"

// A type that is declared is sensitive in whatever holds it.
type wallet struct {
	Badge Badge
	N     int
}

type pass struct{ Badge }

func holders(w wallet, p pass, m map[string]Badge, a [2]*Badge) {
	log.Print(w)       // want "logs/"
	log.Print(w.Badge) // want "logs/"
	log.Print(w.N)
	log.Print(p) // want "logs/"
	log.Print(m) // want "logs/"
	log.Print(a) // want "logs/"
	log.Print(len(m))
}
