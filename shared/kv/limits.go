package kv

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"firn/shared/fault"
)

// CheckWrite refuses operations that break the contract's limits, with Argument or TooLarge. Every driver calls it first.
func CheckWrite(ops []Op) error {
	if len(ops) == 0 || len(ops) > MaxOps {
		return refuse("a write has 1 to %d operations, not %d", MaxOps, len(ops))
	}
	if len(ops) == 1 && ops[0].Verb == Check {
		return refuse("a check alone writes nothing")
	}
	seen := make(map[Key]bool, len(ops))
	total := 0
	for _, op := range ops {
		if err := checkOp(op); err != nil {
			return err
		}
		if seen[op.Item.Key] {
			return refuse("a write names each item once: %s", op.Item.Key)
		}
		seen[op.Item.Key] = true
		total += op.size()
	}
	if len(ops) > 1 && total > MaxWrite {
		return fault.Of(fault.TooLarge, fault.Item, "", "a write has at most %d bytes, not %d", MaxWrite, total)
	}
	return nil
}

func (o Op) size() int {
	if o.Verb == Put {
		return o.Item.Size()
	}
	return Item{Key: o.Item.Key}.Size()
}

func checkOp(op Op) error {
	key := op.Item.Key
	if err := checkKey(key); err != nil {
		return err
	}
	switch op.Verb {
	case Put:
		if op.Item.Tag == "" || !utf8.ValidString(op.Item.Tag) {
			return refuse("an item needs a tag of UTF-8: %s", key)
		}
		if !op.Item.Expires.IsZero() && op.Item.Expires.Unix() <= 0 {
			return refuse("an item expires after 1970 or never: %s", key)
		}
		if size := op.Item.Size(); size > MaxItem {
			return fault.Of(fault.TooLarge, fault.Item, "", "an item has at most %d bytes, not %d", MaxItem, size)
		}
	case Delete:
	case Check:
		if op.If.kind == always {
			return refuse("a check needs a condition: %s", key)
		}
	default:
		return refuse("no such verb: %d", op.Verb)
	}
	return checkCond(op.If, key)
}

// An empty part would leave Parts without a condition: a forgotten tag must not become "always".
func checkCond(c Cond, key Key) error {
	switch {
	case c.kind == absent && c.now.IsZero():
		return refuse("a condition on absence needs the time: %s", key)
	case (c.kind == match || c.kind == prefix) && (c.tag == "" || !utf8.ValidString(c.tag)):
		return refuse("a condition on a tag needs one of UTF-8: %s", key)
	}
	return nil
}

// CheckGet refuses keys that break the contract's limits, with Argument. Every driver calls it first.
func CheckGet(keys []Key) error {
	if len(keys) == 0 || len(keys) > MaxGet {
		return refuse("a get has 1 to %d keys, not %d", MaxGet, len(keys))
	}
	seen := make(map[Key]bool, len(keys))
	for _, k := range keys {
		if err := checkKey(k); err != nil {
			return err
		}
		if seen[k] {
			return refuse("a get names each item once: %s", k)
		}
		seen[k] = true
	}
	return nil
}

// CheckPage refuses a page that breaks the contract's limits, with Argument. Every driver calls it first.
func CheckPage(p Page) error {
	if p.Limit < 1 || p.Limit > MaxList {
		return refuse("a page has 1 to %d items, not %d", MaxList, p.Limit)
	}
	if p.Partition == "" {
		return refuse("a page needs a partition")
	}
	for _, part := range []struct {
		text string
		max  int
	}{{p.Partition, MaxPartition}, {p.Prefix, MaxSort}, {p.After, MaxSort}} {
		if err := checkText(part.text, part.max); err != nil {
			return err
		}
	}
	return nil
}

func checkKey(k Key) error {
	if k.Partition == "" || k.Sort == "" {
		return refuse("a key has two non-empty parts: %q", k.String())
	}
	if err := checkText(k.Partition, MaxPartition); err != nil {
		return err
	}
	return checkText(k.Sort, MaxSort)
}

// Invalid UTF-8 would be replaced on its way to DynamoDB, and two keys would become one; control characters cannot stand
// in an IAM policy, and the embedded driver's separator must not be in a key.
func checkText(part string, limit int) error {
	if len(part) > limit {
		return refuse("a part of a key has at most %d bytes, not %d", limit, len(part))
	}
	if !utf8.ValidString(part) || strings.ContainsFunc(part, unicode.IsControl) {
		return refuse("a key is UTF-8 without control characters: %q", part)
	}
	return nil
}

func refuse(format string, args ...any) error {
	return fault.Of(fault.Argument, fault.Item, "", format, args...)
}
