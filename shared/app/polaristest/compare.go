package polaristest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Compare says in which points an answer is not the recorded one; none if it is. A status that differs hides the rest.
func (s *Session) Compare(l Line, a Answer) []string {
	if l.Status >= 500 && a.Status >= 400 && a.Status < 500 {
		return nil // where the recorded server broke, a clean refusal is as good
	}
	kind, message, refused := refusal(a.JSON)
	if a.Status != l.Status {
		text := fmt.Sprintf("status want %d got %d", l.Status, a.Status)
		if refused {
			text += fmt.Sprintf(" (%s: %s)", kind, s.short(message))
		}
		return []string{text}
	}
	c := &comparison{session: s, match: l.Match}
	c.body(l, a)
	const most = 6 // of one body: the first few tell what is wrong
	c.found = c.found[:min(len(c.found), most)]
	c.headers(l, a)
	return c.found
}

// comparison collects the points in which one answer differs.
type comparison struct {
	session *Session
	match   map[string]string
	found   []string
}

func (c *comparison) add(format string, args ...any) {
	c.found = append(c.found, fmt.Sprintf(format, args...))
}

// body compares a refusal by type and message, and any other body whole.
func (c *comparison) body(l Line, a Answer) {
	if l.Text != nil {
		want, _ := c.session.fillText(*l.Text) // what was never captured is compared as it stands
		if !c.same(want, a.Text) {
			w, g := c.session.pair(*l.Text, a.Text)
			c.add("body want %s got %s", w, g)
		}
		return
	}
	want := c.session.wanted(l.Response)
	wantKind, wantMessage, isRefusal := refusal(want)
	switch {
	case isRefusal:
		gotKind, gotMessage, ok := refusal(a.JSON)
		if !ok {
			c.add("error body want %s got %s", c.session.short(want), c.session.short(a.Text))
			return
		}
		if gotKind != wantKind {
			c.add("type want %s got %s", wantKind, gotKind)
		}
		if !slices.Contains(l.Soft, "message") && !c.sameMessage(wantMessage, gotMessage) {
			w, g := c.session.pair(wantMessage, gotMessage)
			c.add("message want %s got %s", w, g)
		}
	case want == nil && a.Text != "":
		c.add("body want none got %s", c.session.short(a.Text))
	case want != nil:
		c.value("", "", want, a.JSON)
	}
}

func (c *comparison) headers(l Line, a Answer) {
	for _, key := range sortedKeys(l.ResponseHeaders) {
		want, got := l.ResponseHeaders[key], a.Header.Values(key)
		switch {
		case want == nil && len(got) > 0:
			c.add("header %s want none got %s", key, cut([]rune(c.session.stable(got[0]))))
		case want == nil:
		case len(got) == 0:
			c.add("header %s want %s got none", key, *want)
		case key == "content-type":
			if mediaType(*want) != mediaType(got[0]) {
				c.add("header %s want %s got %s", key, *want, got[0])
			}
		default:
			filled, _ := c.session.fillText(*want)
			if !c.same(filled, got[0]) {
				c.add("header %s want %s got %s", key, *want, cut([]rune(c.session.stable(got[0]))))
			}
		}
	}
}

// wanted decodes a recorded body with variables filled in; those never captured stay as they are.
func (s *Session) wanted(text json.RawMessage) any {
	if len(text) == 0 {
		return nil
	}
	filled, _ := s.fillJSON(text)
	doc, err := decode(filled)
	if err != nil {
		return string(filled)
	}
	return doc
}

// refusal reads an error body: {"error": {"type", "message"}} (Iceberg), or {"error", "error_description"} (OAuth).
func refusal(doc any) (kind, message string, ok bool) {
	body, _ := doc.(map[string]any)
	switch e := body["error"].(type) {
	case map[string]any:
		kind, _ = e["type"].(string)
		message, _ = e["message"].(string)
		return kind, message, true
	case string:
		message, _ = body["error_description"].(string)
		return e, message, true
	}
	return "", "", false
}

// set is a list in a message; Polaris prints sets, in any order.
var set = regexp.MustCompile(`\[([^\[\]]*, [^\[\]]*)\]`)

func (c *comparison) sameMessage(want, got string) bool {
	sorted := func(message string) string {
		return set.ReplaceAllStringFunc(message, func(list string) string {
			items := strings.Split(list[1:len(list)-1], ", ")
			slices.Sort(items)
			return "[" + strings.Join(items, ", ") + "]"
		})
	}
	return c.same(sorted(want), sorted(got))
}

func mediaType(header string) string {
	kind, _, _ := strings.Cut(header, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}
