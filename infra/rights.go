//go:build cdk

package main

import (
	"slices"
	"strings"

	"firn/shared/rest"
)

// worker is the function that nobody asks. It serves no route, so package rest does not know it.
const worker rest.Function = "worker"

// right is what a function may do with items, by the types that lead their keys (the list at the top of store/keys.go).
type right struct {
	read   string // GetItem, BatchGetItem
	list   string // Query
	put    string // PutItem
	remove string // DeleteItem
	check  string // ConditionCheckItem: to be part of a transaction's condition
}

// authority is what every request reads of who asks and what they may do (store.Authority), and the published keys that
// their token is verified with.
const authority = "signing principal head grants catalog"

// rights are all there are. A write whose answer is lost is looked for under its own key, so what is written is also read.
var rights = map[rest.Function]right{
	// A login reads the client's item, an exchange of tokens the principal's. The keys come from the secret.
	rest.Token: {read: "client principal"},

	// A refresh finds the table, also one that is staged, a recipient's request finds it by its share, and where it was renamed by its id. Nothing is written.
	rest.Credentials: {read: authority + " ns entry staged share alias member recipient object", list: "grants"},

	// A commit swaps the table's entry and refreshes its copy. One that moves the table, or makes a staged one, also claims
	// folders (which lists claims) and bumps guards. A transaction also holds
	// tables as they were read; a change with a key leaves its record.
	rest.Commit: {
		read: authority + " ns entry copy staged guard location once", list: "grants location",
		put: "entry copy guard location once", remove: "staged", check: "entry",
	},

	// Namespaces, tables and views come, move and go, with their claims, guards and copies. A drop removes where the object is for those
	// who hold grants on it, a rename rewrites it. A purge hands over to an item of work, which is finished at once if few
	// files are left, on the condition that the catalog did not change.
	rest.Catalog: {
		read: authority + " ns entry copy staged guard location object work once", list: "grants ns entry location",
		put:    "ns entry copy staged guard location object work once",
		remove: "ns entry copy guard location object work", check: "catalog",
	},

	// Principals, roles, grants, catalogs, shares, recipients and revocations. Namespaces and tables are only looked at: to grant on
	// them and to share them (on the condition that they stay), and to see that a catalog is empty; but keys for a table are halted
	// in its entry. The guards are those of a catalog's root. Folders of catalogs are claimed in one index of all realms (store),
	// and those that an earlier release claimed (base) are taken over before the first change.
	rest.Management: {
		read:   authority + " role catalogrole object guard base store ns entry share alias member recipient revocation",
		list:   "principal role grants holders catalog catalogrole store location ns entry share alias member recipient revocation",
		put:    "principal client role grants holders object catalog head catalogrole guard base store entry share alias member recipient revocation",
		remove: "principal client role grants holders catalog head catalogrole guard base share alias member recipient",
		check:  "principal role catalogrole ns entry share recipient",
	},

	// Work that goes on: the list of it, and what is given back when a piece is done; revocations, and the catalogs whose keys they
	// end. A rotation publishes the new keys.
	worker: {read: "signing work revocation", list: "work catalog revocation", put: "signing revocation", remove: "work location revocation"},
}

// sharedKeys is what those that vend may do beside, where the deployment lets them share what they minted.
var sharedKeys = right{read: "vended", put: "vended"}

// order is how the functions are told: the map's would change from run to run.
var order = []rest.Function{rest.Token, rest.Management, rest.Catalog, rest.Commit, rest.Credentials, worker}

// vends are the functions that assume vending roles: those that hand out keys, and those that read and write metadata files or delete the
// files of a purged table, which firn does with keys of its own, as narrow as those that it hands out.
var vends = []rest.Function{rest.Catalog, rest.Commit, rest.Credentials, worker}

// signs are the functions that read the secret.
var signs = []rest.Function{rest.Token, worker}

// revokes are the functions that end keys which are out.
var revokes = []rest.Function{rest.Management, worker}

// action is one of the actions on items, with the types of keys that a function may do it to.
type action struct {
	sid   string
	names []string
	types []string
}

func (r right) actions() []action {
	var out []action
	for _, a := range []struct {
		sid, types string
		names      []string
	}{
		{"ReadItems", r.read, []string{"dynamodb:GetItem", "dynamodb:BatchGetItem"}},
		{"ListItems", r.list, []string{"dynamodb:Query"}},
		{"PutItems", r.put, []string{"dynamodb:PutItem"}},
		{"DeleteItems", r.remove, []string{"dynamodb:DeleteItem"}},
		{"CheckItems", r.check, []string{"dynamodb:ConditionCheckItem"}},
	} {
		if types := strings.Fields(a.types); len(types) > 0 {
			slices.Sort(types)
			out = append(out, action{a.sid, a.names, types})
		}
	}
	return out
}

// leading gives the pattern of the partition keys of a type. The keys of tokens and the revocations are those of all realms: their
// key is whole.
func leading(kind string) string {
	if kind == "signing" || kind == "revocation" {
		return kind
	}
	return kind + "/*"
}
