// Package doors is the part of a server that hands out keys to clients of other protocols: Delta Sharing and Gravitino.
package doors

import (
	"firn/shared/app/base"
	"firn/shared/catalog"
	"firn/shared/protocol/deltasharing"
	"firn/shared/protocol/gravitino"
	"firn/shared/rest"
	"firn/shared/sharing"
)

// Protocols gives the routes of both, over the use-cases of what is in catalogs.
func Protocols(b *base.Base, inside *catalog.Service) []rest.Protocol {
	return []rest.Protocol{deltasharing.Protocol(sharing.New(sharing.Config{Store: b.Store, Tables: inside, Now: b.Now, Log: b.Log, Failures: b.Failures})), gravitino.Protocol(inside)}
}
