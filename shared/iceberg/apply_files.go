package iceberg

import "slices"

// statisticsKind chooses one of the two lists of statistics files.
type statisticsKind int

const (
	tableStatistics statisticsKind = iota
	partitionStatistics
)

func (k statisticsKind) member() string {
	return [...]string{"statistics", "partition-statistics"}[k]
}

// statisticsList is one of the two lists, taken from the base when an update asks for it.
type statisticsList struct {
	loaded bool
	files  []statisticsFile
	perID  map[int64]int // how many files a snapshot has
}

func (b *builder) loadStatistics(kind statisticsKind) (*statisticsList, error) {
	l := &b.statistics[kind]
	if l.perID != nil {
		return l, nil
	}
	l.perID = make(map[int64]int)
	if l.loaded {
		return l, nil
	}
	l.loaded = true
	files, err := decodeList(kind.member(), b.base.member(kind.member()).value, placeStatistics)
	if err != nil {
		return nil, broken(kind.member())
	}
	l.files = files
	for _, f := range files {
		l.perID[f.snapshotID]++
	}
	return l, nil
}

// setStatistics replaces what the snapshot had.
func (b *builder) setStatistics(kind statisticsKind, s statisticsFile) error {
	if err := b.removeStatistics(kind, s.snapshotID); err != nil {
		return err
	}
	l := &b.statistics[kind]
	l.files = append(l.files, s)
	l.perID[s.snapshotID]++
	b.uris = append(b.uris, Reference{Field: "statistics-path", URI: s.path})
	b.touch(kind.member())
	return nil
}

func (b *builder) removeStatistics(kind statisticsKind, snapshotID int64) error {
	l, err := b.loadStatistics(kind)
	if err != nil || l.perID[snapshotID] == 0 {
		return err
	}
	l.files = slices.DeleteFunc(l.files, func(f statisticsFile) bool { return f.snapshotID == snapshotID })
	delete(l.perID, snapshotID)
	b.touch(kind.member())
	return nil
}

func (b *builder) loadKeys() error {
	raw := []byte(nil)
	if b.base != nil {
		raw = b.base.member("encryption-keys").value
	}
	if b.keysLoaded || raw == nil {
		b.keysLoaded = true
		return nil
	}
	b.keysLoaded = true
	keys, err := decodeList("encryption keys", raw, placeKey)
	if err != nil {
		return broken("encryption-keys")
	}
	b.keys = keys
	return nil
}

func (b *builder) addKey(k encryptionKey) error {
	if err := b.loadKeys(); err != nil {
		return err
	}
	if slices.ContainsFunc(b.keys, func(old encryptionKey) bool { return old.id == k.id }) {
		return nil
	}
	b.keys = append(b.keys, k)
	b.touch("encryption-keys")
	return nil
}

func (b *builder) removeKey(id string) error {
	if err := b.loadKeys(); err != nil {
		return err
	}
	before := len(b.keys)
	b.keys = slices.DeleteFunc(b.keys, func(k encryptionKey) bool { return k.id == id })
	if len(b.keys) < before {
		b.touch("encryption-keys")
	}
	return nil
}
