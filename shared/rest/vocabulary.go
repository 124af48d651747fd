package rest

import (
	"encoding/json"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"firn/shared/fault"
)

// Case is an error as a vocabulary looks it up. An empty Noun stands for every noun that has no row of its own.
type Case struct {
	Kind fault.Kind
	Noun fault.Noun
}

// Word is how an error is told. What a row leaves empty is taken from the next best row: the dialect's own for this
// noun, the common one for this noun, the dialect's own for the kind, the common one for the kind.
type Word struct {
	Status int
	Type   string // the name of a Java exception, by which Iceberg's and Polaris's clients tell errors apart
	Text   string // if the error has no message; {noun}, {Noun} and {name} are replaced
	Silent bool   // no body: the status says it all
}

// Vocabulary holds the words in which a dialect differs from the common ones.
type Vocabulary map[Case]Word

// Word finds how to tell an error. Its Text is the message for the client.
func (v Vocabulary) Word(e *fault.Error) Word {
	var w Word
	for _, row := range [...]Word{
		v[Case{e.Kind, e.Noun}], common[Case{e.Kind, e.Noun}],
		v[Case{Kind: e.Kind}], common[Case{Kind: e.Kind}], common[Case{}],
	} {
		if w.Status == 0 {
			w.Status = row.Status
		}
		if w.Type == "" {
			w.Type = row.Type
		}
		if w.Text == "" {
			w.Text = row.Text
		}
		w.Silent = w.Silent || row.Silent
	}
	if e.Message != "" {
		w.Text = e.Message
		return w
	}
	noun := string(e.Noun)
	if noun == "" {
		noun = "object"
	}
	w.Text = strings.NewReplacer("{noun}", noun, "{Noun}", capital(noun), "{name}", e.Name).Replace(w.Text)
	return w
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// envelope is ErrorModel of the Iceberg REST specification, which Polaris's management API shares.
type envelope struct {
	Error struct {
		Message string `json:"message"`
		Type    string `json:"type"`
		Code    int    `json:"code"`
	} `json:"error"`
}

// Envelope is the Dialect {"error":{"message","type","code"}}. A missing or bad token is challenged and gets no body (recorded).
func (v Vocabulary) Envelope(e *fault.Error) Answer {
	w := v.Word(e)
	a := Answer{Status: w.Status}
	if w.Status == http.StatusUnauthorized {
		a = a.With("WWW-Authenticate", "Bearer")
	}
	if w.Silent {
		return a
	}
	var body envelope
	body.Error.Message, body.Error.Type, body.Error.Code = w.Text, w.Type, w.Status
	a.Type = errorType
	text, _ := json.Marshal(body) // strings and a number: cannot fail
	a.Body = [][]byte{text}
	return a
}
