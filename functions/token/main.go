// Command token is the Lambda function that issues tokens: it alone reads the secret that signs.
package main

import (
	"firn/shared/app/function"
	"firn/shared/app/signing"
	"firn/shared/app/tokens"
	"firn/shared/rest"
)

func main() { function.Run(rest.Token, signing.Secret, function.Part(tokens.Protocol)) }
