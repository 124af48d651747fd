// Package ending lets a function end vended keys that are out.
package ending

import (
	"firn/shared/app/function"
	"firn/shared/app/outgoing"
	"firn/shared/lake"
	"firn/shared/revoke"
	"firn/shared/revoke/aws"
)

// Ender ends keys of AWS roles, by the revokers that the function may assume.
func Ender(e *function.Env) (revoke.Ender, error) {
	return aws.New(aws.Config{Base: outgoing.AWS(e.AWS, e.Client), Own: lake.OwnID})
}
