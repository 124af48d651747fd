// Package routes is the route table of a deployment, for what is derived from it: the resources of its API, the events that
// try it, and who serves what. Its handlers have nothing behind them.
package routes

import (
	"firn/shared/app/base"
	"firn/shared/protocol/deltasharing"
	"firn/shared/protocol/gravitino"
	"firn/shared/protocol/icebergrest"
	"firn/shared/protocol/management"
	"firn/shared/protocol/oauth"
	"firn/shared/rest"
)

// All gives every protocol's routes.
func All() []rest.Protocol {
	return []rest.Protocol{oauth.New(nil, nil).Protocol(), management.Protocol(nil), icebergrest.Protocol(nil), deltasharing.Protocol(nil), gravitino.Protocol(nil),
		base.Operations()}
}
