package kms

import (
	"bytes"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"firn/shared/vend/kms/kmstest"
)

type world struct {
	*kmstest.Keys
	config aws.Config
	at     time.Time
}

func newWorld(t *testing.T) *world {
	keys := kmstest.New()
	server := httptest.NewServer(keys)
	t.Cleanup(server.Close)
	return &world{Keys: keys, at: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), config: aws.Config{
		Region: "eu-central-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), RetryMaxAttempts: 1}}
}

func (w *world) instance(t *testing.T, key string) *Sealer {
	t.Helper()
	s, err := New(Config{AWS: w.config, Key: key, Now: func() time.Time { return w.at }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const arn = "arn:aws:kms:eu-central-1:111122223333:key/k1"

func TestWhatOneInstanceSealsAnotherOpens(t *testing.T) {
	w := newWorld(t)
	one, two := w.instance(t, arn), w.instance(t, arn)
	for i := range 3 {
		text := []byte{byte(i), 1, 2, 3}
		sealed, err := one.Seal(t.Context(), text, "place")
		if err != nil || bytes.Contains(sealed, text) {
			t.Fatalf("got %x, %v", sealed, err)
		}
		for _, s := range []*Sealer{one, two} {
			if got, err := s.Open(t.Context(), sealed, "place"); err != nil || !bytes.Equal(got, text) {
				t.Errorf("got %x, %v, want %x", got, err, text)
			}
		}
	}
	if g, d := w.Calls("GenerateDataKey"), w.Calls("Decrypt"); g != 1 || d != 1 {
		t.Errorf("got %d data keys and %d unwrapped, want 1 of each", g, d)
	}
}

func TestWhatDoesNotOpen(t *testing.T) {
	w := newWorld(t)
	sealed, err := w.instance(t, arn).Seal(t.Context(), []byte("text"), "place")
	if err != nil {
		t.Fatal(err)
	}
	changed := func(i int) []byte {
		out := bytes.Clone(sealed)
		out[i] ^= 1
		return out
	}
	rows := []struct {
		name   string
		key    string
		sealed []byte
		place  string
	}{
		{"for another place", arn, sealed, "elsewhere"},
		{"under another key", arn + "2", sealed, "place"},
		{"nothing", arn, nil, "place"},
		{"of another format", arn, changed(0), "place"},
		{"cut off in the key", arn, sealed[:100], "place"},
		{"cut off in the text", arn, sealed[:len(sealed)-1], "place"},
		{"with another data key", arn, changed(5), "place"},
		{"with another text", arn, changed(len(sealed) - 1), "place"},
	}
	for _, row := range rows {
		if got, err := w.instance(t, row.key).Open(t.Context(), row.sealed, row.place); err == nil {
			t.Errorf("%s: got %q, want an error", row.name, got)
		}
	}
	if got, err := w.instance(t, arn).Open(t.Context(), sealed, "place"); err != nil || string(got) != "text" {
		t.Errorf("got %q, %v, want what was sealed", got, err)
	}
}

func TestAnInstanceChangesItsDataKey(t *testing.T) {
	w := newWorld(t)
	s := w.instance(t, arn)
	for _, step := range []struct {
		after time.Duration
		keys  int
	}{{0, 1}, {59 * time.Minute, 1}, {time.Hour, 2}, {-time.Minute, 3}} {
		w.at = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC).Add(step.after)
		if _, err := s.Seal(t.Context(), []byte("x"), "place"); err != nil {
			t.Fatal(err)
		}
		if got := w.Calls("GenerateDataKey"); got != step.keys {
			t.Errorf("after %v: got %d data keys, want %d", step.after, got, step.keys)
		}
	}
}
