// Package managing is what the function serves that manages catalogs, principals, roles and grants, and takes keys back.
//
// # Why
//
// Grants that are taken away end no AWS key by themselves: Revoked is nil here. No cache serves a wider key than was authorised
// on that very request, for its keys hold the actions, and a principal that is gone is not authorised. What is out lives for
// an hour, as a rule, and to end it takes a policy in every account with data: too dear, and too rough, for each change of a
// role. Whoever means it says so: `firn credentials revoke`, and `firn credentials allow` a minute later.
package managing

import (
	"firn/shared/app/administration"
	"firn/shared/app/ending"
	"firn/shared/app/function"
	"firn/shared/app/probing"
	"firn/shared/rest"
)

// Protocols are the routes of the management API.
func Protocols(e *function.Env) ([]rest.Protocol, error) {
	ender, err := ending.Ender(e)
	if err != nil {
		return nil, err
	}
	prober, err := probing.Prober(e)
	if err != nil {
		return nil, err
	}
	s := administration.Service(&e.Base, administration.Drivers{Ender: ender, Prober: prober})
	return []rest.Protocol{administration.Protocol(s)}, nil
}
