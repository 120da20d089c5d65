// Package texts has packages strings, bytes and bufio.
package texts

import (
	"bufio"
	"bytes"
	"log"
	"strings"
	"unicode"
	"unicode/utf8"
)

func strs(password, city string) {
	log.Println(strings.ToUpper(password))                                              // want "logs/credential"
	log.Println(strings.Replace(password, "a", "b", 1))                                 // want "logs/credential"
	log.Println(strings.Repeat("*", len(password)))                                     // ok: stars
	log.Println(strings.Repeat(password, 2))                                            // want "logs/credential"
	log.Println(strings.Contains(password, city))                                       // ok: bool
	log.Println(strings.Index(password, "x"))                                           // ok: index
	log.Println(strings.Count(password, "x"))                                           // ok: count
	log.Println(strings.Join([]string{city, password}, ","))                            // want "logs/credential"
	log.Println(strings.Split(password, ""))                                            // want "logs/credential"
	log.Println(strings.Fields(password))                                               // want "logs/credential"
	log.Println(strings.TrimPrefix(password, "x"))                                      // want "logs/credential"
	log.Println(strings.EqualFold(password, city))                                      // ok: bool
	log.Println(strings.Map(func(r rune) rune { return unicode.ToLower(r) }, password)) // want "logs/credential"
	log.Println(strings.Map(func(rune) rune { return '*' }, password))                  // ok: all stars
	b, a, found := strings.Cut(password, ":")
	log.Println(found)                                                // ok: bool
	log.Println(a, b)                                                 // want "logs/credential"
	log.Println(utf8.RuneCountInString(password))                     // ok: count
	log.Println(strings.Clone(password))                              // want "logs/credential"
	log.Println(strings.NewReplacer("a", "b").Replace(password))      // want "logs/credential"
	log.Println(strings.ReplaceAll("the secret is X", "X", password)) // want "logs/credential"
	log.Println(strings.ReplaceAll("u:"+password, password, "***"))   // ok: replaced away
	log.Println(strings.TrimLeft(city, password))                     // ok: the password is only a cutset
	var sb strings.Builder
	sb.WriteString("a")
	log.Println(sb.String()) // ok: before
	sb.WriteString(password)
	log.Println(sb.Len())    // ok: length
	log.Println(sb.String()) // want "logs/credential"
	sb.Reset()
	sb.WriteByte('x')
	log.Println(sb.String()) // ok: reset
	for part := range strings.SplitSeq(password, "-") {
		log.Println(part) // want "logs/credential"
	}
	r := strings.NewReader(password)
	log.Println(r.Len()) // ok: length
	buf := make([]byte, 10)
	n, _ := r.Read(buf)
	log.Println(n)               // ok: count
	log.Println(string(buf[:n])) // want "logs/credential"
}

func byteFns(password []byte) {
	log.Println(string(bytes.ToLower(password)))    // want "logs/credential"
	log.Println(bytes.Equal(password, []byte("x"))) // ok: bool
	log.Println(string(bytes.TrimSpace(password)))  // want "logs/credential"
	var b bytes.Buffer
	b.Write(password)
	log.Println(b.Len())    // ok: length
	log.Println(b.String()) // want "logs/credential"
	log.Println(&b)         // want "logs/credential"
	b.Truncate(0)
	log.Println(b.String()) // ok: truncated
	bb := bytes.NewBuffer(password)
	log.Println(string(bb.Bytes())) // want "logs/credential"
	line, _ := bytes.NewBufferString(string(password)).ReadString('\n')
	log.Println(line)                                                     // want "logs/credential"
	log.Println(string(bytes.Join([][]byte{password, nil}, []byte(",")))) // want "logs/credential"
}

func scan(password string) {
	sc := bufio.NewScanner(strings.NewReader(password))
	for sc.Scan() {
		log.Println(sc.Text()) // want "logs/credential"
	}
	log.Println(sc.Err()) // ok: an error of the scanner
	br := bufio.NewReader(strings.NewReader(password))
	l, err := br.ReadString('\n')
	log.Println(err) // ok: io error
	log.Println(l)   // want "logs/credential"
	var out bytes.Buffer
	bw := bufio.NewWriter(&out)
	bw.WriteString(password)
	bw.Flush()
	log.Println(out.String()) // want "logs/credential"
}
