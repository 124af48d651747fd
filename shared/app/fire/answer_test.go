package fire

import (
	"encoding/json"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// document is what the tests read of an answer with a table.
type document struct {
	File     string `json:"metadata-location"`
	Metadata struct {
		UUID       string            `json:"table-uuid"`
		Location   string            `json:"location"`
		Properties map[string]string `json:"properties"`
		Head       int64             `json:"current-snapshot-id"`
		Sequence   int64             `json:"last-sequence-number"`
		Snapshots  []struct{}        `json:"snapshots"`
		Log        []struct {
			File string `json:"metadata-file"`
		} `json:"metadata-log"`
	} `json:"metadata"`
}

// markPrefix begins the properties that are marks of changes.
const markPrefix = "mark-"

// table is the document as the model knows it.
func (d document) table() *table {
	number, _, _ := strings.Cut(path.Base(d.File), "-")
	version, err := strconv.Atoi(number)
	if err != nil {
		version = -1 // no state of the model has it
	}
	p := d.Metadata.Properties
	t := &table{there: true, born: p["born"], last: p["last"], version: version, head: max(d.Metadata.Head, 0), count: len(d.Metadata.Snapshots)}
	for name := range p {
		if mark, ok := strings.CutPrefix(name, markPrefix); ok {
			t.marks += hash(mark)
		}
	}
	return t
}

// problem is an error of the Iceberg REST protocol.
type problem struct {
	Error struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	} `json:"error"`
}

// judge reads an answer as clients do: what may have happened after it. ok is false for answers that no client of these
// tests should get.
func judge(status int, body []byte) (v verdict, ok bool) {
	var p problem
	if status/100 != 2 && json.Unmarshal(body, &p) != nil {
		return unknown, false
	}
	message := p.Error.Message
	switch {
	case status/100 == 2:
		return done, true
	case status == http.StatusNotFound && p.Error.Type == "NoSuchTableException":
		return missing, true
	case status == http.StatusConflict && (p.Error.Type == "AlreadyExistsException" || strings.Contains(message, "Requirement failed: table already exists")):
		return exists, true
	case status == http.StatusConflict && strings.HasPrefix(message, "Requirement failed: "):
		return failed, true
	case status == http.StatusConflict && strings.Contains(message, "please retry"):
		return beaten, true
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return busy, true
	case status == http.StatusInternalServerError && strings.HasPrefix(message, "An earlier try of this request succeeded"):
		return done, true
	case status == http.StatusInternalServerError && p.Error.Type == "CommitStateUnknownException":
		return unknown, true
	}
	return unknown, false
}
