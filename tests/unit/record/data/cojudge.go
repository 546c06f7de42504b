// Judges a witness's cosignature by Go's own reader of signed notes, golang.org/x/mod/sumdb/note.
//
//	cojudge LOGKEY WITNESSKEY NOTE
//
// prints "NAME TIME" of the cosignature if both signed the note. The package knows no cosignatures, but takes verifiers
// of other kinds; this one is written from c2sp.org/tlog-cosignature alone: key type 0x04, and a signature of eight bytes
// (the time) and 64 (Ed25519 over "cosignature/v1\ntime TIME\n" and the note's text).
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
	time uint64
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	c.time = binary.BigEndian.Uint64(sig)
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", c.time, msg)
	return ed25519.Verify(c.key, []byte(signed), sig[8:])
}

func newCosigner(text string) *cosigner {
	parts := strings.SplitN(text, "+", 3)
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		log.Fatal("no key of type 0x04")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	hash := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		log.Fatal("another key id")
	}
	return &cosigner{name: parts[0], hash: hash, key: key[1:]}
}

func main() {
	device, err := note.NewVerifier(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	witness := newCosigner(os.Args[2])
	content, err := os.ReadFile(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	opened, err := note.Open(content, note.VerifierList(device, witness))
	if err != nil {
		log.Fatal(err)
	}
	if len(opened.Sigs) != 2 || len(opened.UnverifiedSigs) != 0 {
		log.Fatal("not signed by both, and by nobody else")
	}
	fmt.Println(witness.name, witness.time)
}
