package store

import (
	"hash/fnv"
	"strconv"
	"strings"

	"firn/shared/kv"
	"firn/shared/lake"
	"firn/shared/location"
)

// Every key of the table is spelt in this file. A partition key begins with the item's type and the realm; parts are
// separated by slashes and escaped, so that no name can forge a part. Types:
//
//	principal/R            NAME                principal
//	client/R/CLIENTID      -                   all that a token needs
//	role/R                 NAME                principal role
//	grants/R/ROLEID        .                   the role lives, and its name
//	                       r/PRIVILEGE         principal role: privilege on the realm's root
//	                       c/CATALOGID/ROLEID  principal role: has that catalog role
//	                       g/ID/PRIVILEGE      catalog role: privilege on the object with that id
//	holders/R/ROLEID       NAME                who has the role: a principal, or a principal role
//	object/R/ID            .                   where the object with that id is, if there are grants on it
//	catalog/R              NAME                catalog
//	head/R                 .                   version of the realm's roles
//	head/R/CATALOG         .                   version of the catalog's roles, grants and assignments
//	catalogrole/R/CATALOG  NAME                catalog role
//	ns/R/CATALOG/PARENT... NAME                namespace
//	entry/R/CATALOG/NS...  t/NAME v/NAME g/NAME   table, view, generic table
//	                       n/NAME              claim of the name, whatever the kind
//	copy/R/CATALOG/NS...   NAME                the current metadata document, compressed
//	staged/R/CATALOG/NS... NAME/UUID           staged table
//	guard/R/CATALOG/NS...  0 to 3              guards of a namespace, or of the catalog's root
//	location/R/CATALOG     INDEX               claim of a folder by a namespace or table
//	store/STORE            INDEX               claim of a folder by catalogs, of all realms: STORE is a bucket, container or machine
//	store/.                0 to 3              locks of that index
//	base/R                 .                   whether the realm's catalogs are in that index
//	                       INDEX               claim of a folder by a catalog, of a release before it
//	work/R                 ID                  what must go on after an answer
//	once/R/KEY             PRINCIPALID         what a change that a client named by a key came to
//	share/R                NAME                share; its names are folded, as the case of none of them counts
//	alias/R/SHARE          SCHEMA/NAME         table of a share
//	member/R/SHARE         PRINCIPALID         recipient that has the share
//	recipient/R            PRINCIPALID         recipient
//	vended/R/KEY           .                   a shared credential, sealed
//	revocation             R/ID                keys that were taken back, in all realms: one role may serve several
//	signing                .                   the public keys of all realms' tokens

const (
	dot    = "."
	guards = 4

	baseLocks = 4 // of the index of catalogs' folders: a catalog may need all of them in one transaction
)

var escaper = strings.NewReplacer("%", "%25", "/", "%2F")

func partition(kind string, realm lake.Realm, parts ...string) string {
	var b strings.Builder
	b.WriteString(kind)
	b.WriteByte('/')
	escaper.WriteString(&b, string(realm))
	for _, p := range parts {
		b.WriteByte('/')
		escaper.WriteString(&b, p)
	}
	return b.String()
}

func key(sort, kind string, realm lake.Realm, parts ...string) kv.Key {
	return kv.Key{Partition: partition(kind, realm, parts...), Sort: sort}
}

func principalKey(r lake.Realm, name string) kv.Key {
	return key(escaper.Replace(name), "principal", r)
}
func clientKey(r lake.Realm, id string) kv.Key   { return key("-", "client", r, id) }
func roleKeyOf(r lake.Realm, name string) kv.Key { return key(escaper.Replace(name), "role", r) }

func revocationKey(r lake.Realm, id lake.ID) kv.Key {
	return kv.Key{Partition: "revocation", Sort: revocationPrefix(r) + escaper.Replace(string(id))}
}
func revocationPrefix(r lake.Realm) string { return escaper.Replace(string(r)) + "/" }

func signingKey() kv.Key { return kv.Key{Partition: "signing", Sort: dot} }

func aliveKey(r lake.Realm, role lake.ID) kv.Key { return key(dot, "grants", r, string(role)) }
func usageKey(r lake.Realm, role, catalog, catalogRole lake.ID) kv.Key {
	return key(usagePrefix(catalog)+string(catalogRole), "grants", r, string(role))
}
func usagePrefix(catalog lake.ID) string { return "c/" + string(catalog) + "/" }
func grantKey(r lake.Realm, role, on lake.ID, privilege string) kv.Key {
	return key("g/"+string(on)+"/"+privilege, "grants", r, string(role))
}
func holderKey(r lake.Realm, role lake.ID, name string) kv.Key {
	return key(escaper.Replace(name), "holders", r, string(role))
}
func objectKey(r lake.Realm, id lake.ID) kv.Key { return key(dot, "object", r, string(id)) }

func catalogKey(r lake.Realm, name string) kv.Key { return key(escaper.Replace(name), "catalog", r) }
func realmHeadKey(r lake.Realm) kv.Key            { return key(dot, "head", r) }
func headKey(r lake.Realm, catalog string) kv.Key {
	return key(dot, "head", r, catalog)
}
func catalogRoleKey(r lake.Realm, catalog, name string) kv.Key {
	return key(escaper.Replace(name), "catalogrole", r, catalog)
}

// place names a namespace, or with no levels a catalog's root, in keys.
type place struct {
	realm   lake.Realm
	catalog string
	levels  []string
}

func (p place) parts() []string { return append([]string{p.catalog}, p.levels...) }

// at gives the place of the container at a depth: 0 is the catalog's root.
func (p place) at(depth int) place { return place{p.realm, p.catalog, p.levels[:depth]} }
func (p place) parent() place      { return p.at(len(p.levels) - 1) }

func (p place) namespaceKey() kv.Key {
	return key(escaper.Replace(p.levels[len(p.levels)-1]), "ns", p.realm, p.parent().parts()...)
}
func (p place) children() string { return partition("ns", p.realm, p.parts()...) }
func (p place) entries() string  { return partition("entry", p.realm, p.parts()...) }
func (p place) guardKey(i int) kv.Key {
	return key(strconv.Itoa(i), "guard", p.realm, p.parts()...)
}

var kindLetter = map[lake.Kind]string{lake.TableKind: "t/", lake.ViewKind: "v/", lake.GenericKind: "g/"}

func (p place) entryKey(kind lake.Kind, name string) kv.Key {
	return key(kindLetter[kind]+escaper.Replace(name), "entry", p.realm, p.parts()...)
}
func (p place) nameKey(name string) kv.Key {
	return key("n/"+escaper.Replace(name), "entry", p.realm, p.parts()...)
}
func (p place) copyKey(name string) kv.Key {
	return key(escaper.Replace(name), "copy", p.realm, p.parts()...)
}
func (p place) stagedKey(name, uuid string) kv.Key {
	return key(escaper.Replace(name)+"/"+escaper.Replace(uuid), "staged", p.realm, p.parts()...)
}

func locationKey(r lake.Realm, catalog, index string) kv.Key {
	return key(index, "location", r, catalog)
}

// baseKey is of all realms: the partition is named by the bucket, container or machine that the folder is in.
func baseKey(index string) kv.Key {
	return kv.Key{Partition: basePartition(index), Sort: index}
}
func basePartition(index string) string { return partition("store", "") + location.StoreOf(index) }

// baseLockKey is the lock of a folder's bucket, one of a few.
func baseLockKey(index string) kv.Key {
	h := fnv.New32a()
	h.Write([]byte(location.StoreOf(index)))
	return kv.Key{Partition: partition("store", "") + dot, Sort: strconv.Itoa(int(h.Sum32() % baseLocks))}
}

func oldBaseKey(r lake.Realm, index string) kv.Key { return key(index, "base", r) }
func indexedKey(r lake.Realm) kv.Key               { return key(dot, "base", r) }
func workKey(r lake.Realm, id lake.ID) kv.Key      { return key(string(id), "work", r) }

func onceKey(r lake.Realm, name string, principal lake.ID) kv.Key {
	return key(string(principal), "once", r, name)
}

func shareKey(r lake.Realm, name string) kv.Key { return key(folded(name), "share", r) }
func aliasKey(r lake.Realm, share, schema, name string) kv.Key {
	return key(folded(schema)+"/"+folded(name), "alias", r, lake.FoldName(share))
}
func memberKey(r lake.Realm, share string, principal lake.ID) kv.Key {
	return key(string(principal), "member", r, lake.FoldName(share))
}
func recipientKey(r lake.Realm, principal lake.ID) kv.Key {
	return key(string(principal), "recipient", r)
}
func folded(name string) string { return escaper.Replace(lake.FoldName(name)) }

func vendedKey(r lake.Realm, name string) kv.Key { return key(dot, "vended", r, name) }

// unescaped gives the name back that a sort key holds behind prefix.
func unescaped(sort, prefix string) string {
	return strings.NewReplacer("%2F", "/", "%25", "%").Replace(strings.TrimPrefix(sort, prefix))
}
