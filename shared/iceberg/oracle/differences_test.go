package oracle

import (
	"encoding/json"
	"strings"
)

// difference is one that firn means.
type difference struct {
	name, reason string
	// even takes it out of what the two have made of a commit, and says whether it was there.
	even func(updates []byte, theirs, ours map[string]any) bool
}

var differences = []difference{
	{"the time of the commit", "iceberg-go takes it from the machine or the client's snapshot; firn, as Java, from the server, which tells package iceberg",
		func(_ []byte, theirs, ours map[string]any) bool {
			differ := theirs["last-updated-ms"] != ours["last-updated-ms"]
			delete(theirs, "last-updated-ms")
			delete(ours, "last-updated-ms")
			return differ
		}},
	{"a removal of what is not there", "iceberg-go makes no new version of it; Java does, and so firn does", func(_ []byte, theirs, ours map[string]any) bool {
		before, _ := theirs["metadata-log"].([]any)
		log, _ := ours["metadata-log"].([]any)
		if len(log) != len(before)+1 {
			return false
		}
		delete(theirs, "metadata-log")
		delete(ours, "metadata-log")
		return true
	}},
	{"ids of partition fields that come without", "iceberg-go numbers them from 1000 in each spec, so that one id stands for two fields; firn takes one that no other spec uses",
		func(updates []byte, theirs, ours map[string]any) bool {
			if !addsFieldWithoutID(updates) {
				return false
			}
			for _, m := range []map[string]any{theirs, ours} {
				delete(m, "last-partition-id")
				delete(m, "partition-spec")
				for _, spec := range m["partition-specs"].([]any) {
					for _, field := range spec.(map[string]any)["fields"].([]any) {
						delete(field.(map[string]any), "field-id")
					}
				}
			}
			return true
		}},
}

// addsFieldWithoutID says whether a spec is added with a field that has no id.
func addsFieldWithoutID(updates []byte) bool {
	var all []struct {
		Action string
		Spec   struct {
			Fields []struct {
				ID *int `json:"field-id"`
			}
		}
	}
	if json.Unmarshal(updates, &all) != nil {
		return false
	}
	for _, u := range all {
		for _, f := range u.Spec.Fields {
			if strings.EqualFold(u.Action, "add-spec") && f.ID == nil {
				return true
			}
		}
	}
	return false
}
