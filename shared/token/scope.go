package token

import (
	"slices"
	"strings"

	"firn/shared/fault"
	"firn/shared/lake"
)

// The words of a scope. AllRoles is also what the Iceberg clients' defaults stand for: that of a catalog, and that of what has
// requests signed (S3V4RestSignerClient), which logs in for itself.
const (
	rolePrefix   = "PRINCIPAL_ROLE:"
	allRoles     = rolePrefix + "ALL"
	defaultScope = "catalog"
	signerScope  = "sign"
)

// scopesOf reads a requested scope: PRINCIPAL_ROLE:<name> or PRINCIPAL_ROLE:ALL, separated by one space each (RFC 6749,
// section 3.3), or one of the defaults alone. Whether the principal has the roles is not asked: it is at each use of the token.
func scopesOf(text string) ([]string, error) {
	if text == defaultScope || text == signerScope {
		return []string{allRoles}, nil
	}
	if len(text) > MaxScope {
		return nil, badScope()
	}
	scopes := strings.Split(text, " ")
	for _, scope := range scopes {
		if name, ok := strings.CutPrefix(scope, rolePrefix); !ok || name == "" {
			return nil, badScope()
		}
	}
	return scopes, nil
}

func badScope() error { return fault.Of(fault.Argument, Scope, "", "The scope is invalid") }

// activate sets the roles that scopes name.
func activate(caller *lake.Caller, scopes []string) {
	if caller.AllRoles = slices.Contains(scopes, allRoles); caller.AllRoles {
		return
	}
	for _, scope := range scopes {
		caller.Roles = append(caller.Roles, strings.TrimPrefix(scope, rolePrefix))
	}
}

// narrowed gives the scopes of a token that is exchanged: those of the subject where none are asked for, else the ones
// asked for, which must be among the subject's.
func narrowed(subject lake.Caller, text string) ([]string, error) {
	if text == "" && subject.AllRoles {
		return []string{allRoles}, nil
	}
	if text == "" {
		var scopes []string
		for _, role := range subject.Roles {
			scopes = append(scopes, rolePrefix+role)
		}
		return scopes, nil
	}
	scopes, err := scopesOf(text)
	if err != nil || subject.AllRoles {
		return scopes, err
	}
	for _, scope := range scopes {
		if !slices.Contains(subject.Roles, strings.TrimPrefix(scope, rolePrefix)) {
			return nil, badScope()
		}
	}
	return scopes, nil
}
