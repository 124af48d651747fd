package packed_test

import (
	"bytes"
	stdgzip "compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"

	"firn/shared/packed"
)

// texts are of each shape that a document may have, by name.
func texts() map[string][]byte {
	var noise strings.Builder
	for i := range 40_000 {
		fmt.Fprintf(&noise, "%x", i*2654435761)
	}
	return map[string][]byte{
		"empty": nil, "one byte": []byte("x"), "a document": []byte(`{"format-version":2,"location":"s3://lake/t"}`),
		"repetitive": bytes.Repeat([]byte("snapshot "), 100_000), "hardly compressible": []byte(noise.String()),
	}
}

// What clients read is one member, whose sum and length are right: compress/gzip holds it to both.
func TestAnswersAreOneMember(t *testing.T) {
	for name, text := range texts() {
		for _, around := range []int{0, 1, 100, 1<<16 - 1, 1 << 16, 1<<17 + 3} {
			head, tail := bytes.Repeat([]byte("h"), around), bytes.Repeat([]byte("t"), around)
			t.Run(fmt.Sprint(name, " between ", around), func(t *testing.T) {
				packedText := packed.Pack(text)
				whole := bytes.Join(packed.Gzip(head, packedText, tail), nil)
				from := bytes.NewReader(whole)
				r, err := stdgzip.NewReader(from)
				if err != nil {
					t.Fatal(err)
				}
				r.Multistream(false)
				got, err := io.ReadAll(r)
				if err != nil {
					t.Fatal(err)
				}
				if want := string(head) + string(text) + string(tail); string(got) != want {
					t.Errorf("got %d bytes, want %d", len(got), len(want))
				}
				if from.Len() != 0 {
					t.Errorf("got %d bytes behind the member, want none", from.Len())
				}
			})
		}
	}
}

func TestTextsAreStoredAndInflated(t *testing.T) {
	for name, text := range texts() {
		stored := packed.Pack(text).AppendTo([]byte("before"))
		back, err := packed.Parse(stored[len("before"):], len(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := back.Plain()
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s: got %d bytes, %v, want the text of %d", name, len(got), err, len(text))
		}
		if n := len(stored) - back.Len() - len("before"); n < 1 || n > 16 {
			t.Errorf("%s: got %d bytes of blocks in %d, want all but the head", name, back.Len(), len(stored))
		}
	}
}

func TestWhatIsBrokenIsRefused(t *testing.T) {
	text := []byte(strings.Repeat("snapshot ", 100))
	good := packed.Pack(text).AppendTo(nil)
	changed := func(at int, bit byte) []byte {
		b := bytes.Clone(good)
		b[at] ^= bit
		return b
	}
	for _, row := range []struct {
		name  string
		data  []byte
		limit int
		parse bool // it parses, and is refused when it is inflated
	}{
		{"nothing", nil, 1 << 20, false},
		{"cut off in the head", good[:15], 1 << 20, false},
		{"cut off behind the head", good[:16], 1 << 20, false},
		{"cut off in the blocks", good[:len(good)-1], 1 << 20, false},
		{"a changed block", changed(len(good)-1, 1), 1 << 20, false},
		{"a changed sum of the blocks", changed(12, 1), 1 << 20, false},
		{"longer than is believed", good, len(text) - 1, false},
		{"a longer length", changed(0, 1), 1 << 20, true},
		{"a shorter length", changed(0, 4), 1 << 20, true},
		{"another sum", changed(8, 1), 1 << 20, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			read, err := packed.Parse(row.data, row.limit)
			if (err == nil) != row.parse {
				t.Fatalf("got %v, want to parse %v", err, row.parse)
			}
			if err != nil {
				return
			}
			if _, err := read.Plain(); err == nil {
				t.Error("got a text, want an error")
			}
		})
	}
}
