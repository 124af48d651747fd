// Command worker is the Lambda function that takes up what must go on after answers, and rotates the signing keys.
package main

import (
	"firn/shared/app/function"
	"firn/shared/app/work"
)

func main() { function.RunEvents(function.Published, work.Handler) }
