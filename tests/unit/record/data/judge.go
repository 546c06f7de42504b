// Judges a published record by Go's own packages for transparency logs, golang.org/x/mod/sumdb/note and .../tlog.
//
//	judge KEY FOLDER PROOFS
//
// prints "SIZE ROOT" for every checkpoint that KEY signed and whose root is that of the leaves, and the number of proofs
// in PROOFS (JSON: {"inclusion": [[index, size, [hash…]]], "consistency": [[old, new, [hash…]]]}) that hold.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type proof struct {
	first, second int64
	hashes        []tlog.Hash
}

func (p *proof) UnmarshalJSON(text []byte) error {
	var hashes []string
	if err := json.Unmarshal(text, &[]interface{}{&p.first, &p.second, &hashes}); err != nil {
		return err
	}
	for _, one := range hashes {
		hash, err := tlog.ParseHash(one)
		if err != nil {
			return err
		}
		p.hashes = append(p.hashes, hash)
	}
	return nil
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	verifier, err := note.NewVerifier(os.Args[1])
	must(err)
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	var leaves []tlog.Hash
	files, err := filepath.Glob(filepath.Join(os.Args[2], "leaves-*.txt"))
	must(err)
	sort.Strings(files)
	for _, name := range files {
		file, err := os.Open(name)
		must(err)
		lines := bufio.NewScanner(file)
		for lines.Scan() {
			data, err := hex.DecodeString(strings.Fields(lines.Text())[0])
			must(err)
			hash := tlog.RecordHash(data)
			more, err := tlog.StoredHashesForRecordHash(int64(len(leaves)), hash, reader)
			must(err)
			stored = append(stored, more...)
			leaves = append(leaves, hash)
		}
	}
	root := func(size int64) tlog.Hash {
		hash, err := tlog.TreeHash(size, reader)
		must(err)
		return hash
	}
	files, err = filepath.Glob(filepath.Join(os.Args[2], "checkpoint-*.txt"))
	must(err)
	sort.Strings(files)
	for _, name := range files {
		content, err := os.ReadFile(name)
		must(err)
		opened, err := note.Open(content, note.VerifierList(verifier))
		must(err)
		lines := strings.Split(opened.Text, "\n")
		size, err := strconv.ParseInt(lines[1], 10, 64)
		must(err)
		if base64.StdEncoding.EncodeToString(hashBytes(root(size))) != lines[2] {
			log.Fatalf("%s: another root", name)
		}
		fmt.Println(size, lines[2])
	}
	content, err := os.ReadFile(os.Args[3])
	must(err)
	var proofs struct{ Inclusion, Consistency []proof }
	must(json.Unmarshal(content, &proofs))
	held := 0
	for _, one := range proofs.Inclusion {
		must(tlog.CheckRecord(one.hashes, one.second, root(one.second), one.first, leaves[one.first]))
		held++
	}
	for _, one := range proofs.Consistency {
		must(tlog.CheckTree(one.hashes, one.second, root(one.second), one.first, root(one.first)))
		held++
	}
	fmt.Println(held)
}

func hashBytes(hash tlog.Hash) []byte { return hash[:] }
