package bolt

import (
	"bytes"
	"encoding/binary"
	"time"

	"go.etcd.io/bbolt"

	"firn/shared/fault"
	"firn/shared/kv"
)

// A stored value is: format (1 byte), seconds of expiry or 0 (8 bytes, big endian), length of the tag (uvarint), tag, data.
const format = 1

const separator = 0

func rowKey(key kv.Key) []byte { return append(partitionKey(key.Partition), key.Sort...) }

func partitionKey(partition string) []byte { return append([]byte(partition), separator) }

func encode(item kv.Item) []byte {
	row := make([]byte, 0, 1+8+binary.MaxVarintLen64+len(item.Tag)+len(item.Data))
	row = append(row, format)
	var expires uint64
	if !item.Expires.IsZero() {
		expires = uint64(item.Expires.Unix())
	}
	row = binary.BigEndian.AppendUint64(row, expires)
	row = binary.AppendUvarint(row, uint64(len(item.Tag)))
	row = append(row, item.Tag...)
	return append(row, item.Data...)
}

// decode copies: bbolt's memory is gone after the transaction.
func decode(key kv.Key, row []byte) (*kv.Item, error) {
	if len(row) < 9 || row[0] != format {
		return nil, unreadable(key)
	}
	item := &kv.Item{Key: key}
	if expires := binary.BigEndian.Uint64(row[1:]); expires != 0 {
		item.Expires = time.Unix(int64(expires), 0).UTC()
	}
	rest := row[9:]
	tagLength, n := binary.Uvarint(rest)
	if n <= 0 || tagLength > uint64(len(rest)-n) {
		return nil, unreadable(key)
	}
	rest = rest[n:]
	item.Tag = string(rest[:tagLength])
	if data := rest[tagLength:]; len(data) > 0 {
		item.Data = bytes.Clone(data)
	}
	return item, nil
}

func unreadable(key kv.Key) error {
	return fault.Of(fault.Internal, fault.Item, key.String(), "The store holds an item of an unknown format.")
}

func load(b *bbolt.Bucket, key kv.Key) (*kv.Item, error) {
	row := b.Get(rowKey(key))
	if row == nil {
		return nil, nil
	}
	return decode(key, row)
}
