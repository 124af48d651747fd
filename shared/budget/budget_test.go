package budget_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"firn/shared/budget"
	"firn/shared/fault"
)

const mb = 1 << 20

func take(t *testing.T, ctx context.Context, n int64) {
	t.Helper()
	if err := budget.Take(ctx, n); err != nil {
		t.Fatalf("got %v, want %d bytes", err, n)
	}
}

func TestTake_BytesThatOthersHold_AreUnavailableAfterAShortWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := budget.New(mb)
		first, end := b.Begin(t.Context())
		take(t, first, mb)
		second, endSecond := b.Begin(t.Context())
		defer endSecond()
		began := time.Now()
		err := budget.Take(second, mb/2)
		if e := fault.From(err); err == nil || e.Kind != fault.Unavailable || e.RetryAfter <= 0 {
			t.Errorf("got %v, want Unavailable with the time to come again", err)
		}
		if waited := time.Since(began); waited != budget.Wait {
			t.Errorf("waited %v, want %v", waited, budget.Wait)
		}
		end()
		take(t, second, mb/2)
	})
}

func TestTake_WaitsUntilAnotherRequestIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := budget.New(mb)
		first, end := b.Begin(t.Context())
		take(t, first, mb)
		go func() {
			time.Sleep(budget.Wait / 2) // of the bubble's clock
			end()
		}()
		second, endSecond := b.Begin(t.Context())
		defer endSecond()
		take(t, second, mb)
	})
}

func TestTake_MoreThanTheWholeBudget_IsTooLarge(t *testing.T) {
	b := budget.New(mb)
	ctx, end := b.Begin(t.Context())
	defer end()
	take(t, ctx, mb/2)
	if err := budget.Take(ctx, mb); !fault.Is(err, fault.TooLarge) {
		t.Errorf("got %v, want TooLarge", err)
	}
	take(t, ctx, mb/2) // what was refused is not held
}

func TestTake_AllowanceIsNotOfTheBudget(t *testing.T) {
	b := budget.New(mb)
	first, end := b.Begin(t.Context())
	defer end()
	take(t, first, mb)
	for range 1000 {
		ctx, end := b.Begin(t.Context())
		defer end()
		take(t, ctx, budget.Allowance)
	}
}

// A request waits once, however often it takes.
func TestTake_WaitsForAllItTakesTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := budget.New(mb)
		first, end := b.Begin(t.Context())
		defer end()
		take(t, first, mb+budget.Allowance)
		second, endSecond := b.Begin(t.Context())
		defer endSecond()
		began := time.Now()
		for range 3 {
			if err := budget.Take(second, mb); !fault.Is(err, fault.Unavailable) {
				t.Errorf("got %v, want Unavailable", err)
			}
		}
		if waited := time.Since(began); waited != budget.Wait {
			t.Errorf("waited %v, want %v", waited, budget.Wait)
		}
	})
}

func TestTake_WaitEndsWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := budget.New(mb)
		first, end := b.Begin(t.Context())
		defer end()
		take(t, first, mb+budget.Allowance)
		gone, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		second, endSecond := b.Begin(gone)
		defer endSecond()
		began := time.Now()
		if err := budget.Take(second, mb); !fault.Is(err, fault.Unavailable) || time.Since(began) != time.Second {
			t.Errorf("got %v after %v, want Unavailable when the client is gone", err, time.Since(began))
		}
	})
}

// Requests that each need two parts do not hold each other up: some get their second part before others get a
// first.
func TestTake_RequestsThatHoldBytes_AreServedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := budget.New(8 * mb)
		var group sync.WaitGroup
		for range 24 {
			group.Go(func() {
				ctx, end := b.Begin(t.Context())
				defer end()
				for range 2 {
					if err := budget.Take(ctx, mb); err != nil {
						t.Errorf("got %v, want both parts", err)
					}
					time.Sleep(time.Millisecond)
				}
			})
		}
		group.Wait()
	})
}

func TestBorrow_ADocumentOfManyRequests_CountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, document := budget.New(mb), make([]byte, mb/2)
		var ends []func()
		for range 10 {
			ctx, end := b.Begin(t.Context())
			ends = append(ends, end)
			if err := budget.Borrow(ctx, document); err != nil {
				t.Fatal(err)
			}
		}
		other, end := b.Begin(t.Context())
		defer end()
		for _, end := range ends[1:] {
			end()
		}
		if err := budget.Take(other, mb); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v while a request reads the document, want Unavailable", err)
		}
		ends[0]()
		take(t, other, mb)
	})
}

func TestBorrow_MoreThanTheWholeBudget_IsTooLarge(t *testing.T) {
	ctx, end := budget.New(mb).Begin(t.Context())
	defer end()
	if err := budget.Borrow(ctx, make([]byte, mb+1)); !fault.Is(err, fault.TooLarge) {
		t.Errorf("got %v, want TooLarge", err)
	}
	if err := budget.Borrow(ctx, make([]byte, mb/2)); err != nil {
		t.Fatal(err)
	}
	if err := budget.Take(ctx, mb); !fault.Is(err, fault.TooLarge) {
		t.Errorf("more, beside what is borrowed: got %v, want TooLarge", err)
	}
}

func TestTake_WithoutABudget_IsNotBounded(t *testing.T) {
	ctx, end := (*budget.Budget)(nil).Begin(t.Context())
	defer end()
	take(t, ctx, 1<<40)
	take(t, t.Context(), 1<<40)
	if err := budget.Borrow(ctx, make([]byte, mb)); err != nil {
		t.Error(err)
	}
}

func TestReadAll(t *testing.T) {
	text := strings.Repeat("firn", 25_000)
	broken := errors.New("broken")
	for _, row := range []struct {
		name        string
		from        io.Reader
		size, limit int64
		want        string
		err         error
	}{
		{"of unknown length", strings.NewReader(text), -1, mb, text, nil},
		{"of known length", strings.NewReader(text), int64(len(text)), mb, text, nil},
		{"longer than said", strings.NewReader(text), 10, mb, text, nil},
		{"shorter than said", strings.NewReader(text), mb, mb, text, nil},
		{"said to be empty", strings.NewReader(text), 0, mb, text, nil},
		{"empty", strings.NewReader(""), -1, mb, "", nil},
		{"as long as the limit", strings.NewReader(text), -1, int64(len(text)), text, nil},
		{"beyond the limit", strings.NewReader(text), -1, int64(len(text)) - 1, "", budget.ErrLong},
		{"said to be beyond the limit", strings.NewReader(""), 11, 10, "", budget.ErrLong},
		{"in small pieces", iotest.OneByteReader(strings.NewReader(text)), -1, mb, text, nil},
		{"that breaks off", io.MultiReader(strings.NewReader("fi"), iotest.ErrReader(broken)), 2, mb, "", broken},
	} {
		t.Run(row.name, func(t *testing.T) {
			ctx, end := budget.New(4 * mb).Begin(t.Context())
			defer end()
			got, err := budget.ReadAll(ctx, row.from, row.size, row.limit)
			if !errors.Is(err, row.err) || err == nil && string(got) != row.want {
				t.Errorf("got %d bytes, %v, want %d, %v", len(got), err, len(row.want), row.err)
			}
		})
	}
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGunzip(t *testing.T) {
	text := strings.Repeat("firn", 25_000)
	good := gzipped(t, text)
	says := func(size uint32) []byte {
		return binary.LittleEndian.AppendUint32(bytes.Clone(good[:len(good)-4]), size)
	}
	for _, row := range []struct {
		name   string
		packed []byte
		limit  int64
		want   string
		err    error
	}{
		{"whole", good, mb, text, nil},
		{"as long as the limit", good, int64(len(text)), text, nil},
		{"beyond the limit", good, int64(len(text)) - 1, "", budget.ErrLong},
		{"of two members", append(bytes.Clone(good), good...), mb, text + text, nil},
		{"cut off", good[:len(good)/2], mb, "", io.ErrUnexpectedEOF},
		{"that says too little", says(10), mb, "", gzip.ErrChecksum},
		{"that says too much", says(mb), mb, "", gzip.ErrChecksum},
		{"that says what cannot be", says(1<<32 - 1), mb, "", gzip.ErrChecksum},
		{"too short for anything", good[:2], mb, "", io.ErrUnexpectedEOF},
		{"nothing", nil, mb, "", io.EOF},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := budget.Gunzip(t.Context(), row.packed, row.limit)
			if !errors.Is(err, row.err) || err == nil && string(got) != row.want {
				t.Errorf("got %d bytes, %v, want %d, %v", len(got), err, len(row.want), row.err)
			}
		})
	}
}

func TestGunzip_TakesOneTextOfMemory(t *testing.T) {
	packed := gzipped(t, strings.Repeat("firn", 2*mb))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	text, err := budget.Gunzip(t.Context(), packed, 16*mb)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; err != nil || got > uint64(len(text))+mb {
		t.Errorf("got %v and %d bytes allocated for %d, want about as many", err, got, len(text))
	}
}

// A bomb is refused by what it says of itself, before a byte of it is inflated.
func TestGunzip_TakesBeforeItInflates(t *testing.T) {
	bomb := gzipped(t, strings.Repeat("0", 64*mb))
	ctx, end := budget.New(mb).Begin(t.Context())
	defer end()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := budget.Gunzip(ctx, bomb, 128*mb)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; !fault.Is(err, fault.TooLarge) || got > mb/2 {
		t.Errorf("got %v after %d bytes, want TooLarge after few", err, got)
	}
}

// endless is a text without end, and how much of it was read.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.read += int64(len(p))
	return len(p), nil
}

func TestReadAll_TakesBeforeItReads(t *testing.T) {
	ctx, end := budget.New(mb).Begin(t.Context())
	defer end()
	from := &endless{}
	if _, err := budget.ReadAll(ctx, from, -1, 1<<40); !fault.Is(err, fault.TooLarge) {
		t.Errorf("got %v, want TooLarge", err)
	}
	if from.read > mb+budget.Allowance {
		t.Errorf("read %d bytes, want no more than the budget", from.read)
	}
}

func TestReadAll_KnownLength_IsNotCopied(t *testing.T) {
	text := make([]byte, 8*mb)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := budget.ReadAll(t.Context(), bytes.NewReader(text), int64(len(text)), 16*mb)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; err != nil || got > 9*mb {
		t.Errorf("got %v and %d bytes allocated for %d, want about as many", err, got, len(text))
	}
}
