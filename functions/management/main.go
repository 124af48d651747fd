// Command management is the Lambda function that manages catalogs, principals, roles and grants.
package main

import (
	"firn/shared/app/administration"
	"firn/shared/app/function"
	"firn/shared/rest"
)

func main() { function.Run(rest.Management, function.Published, function.Part(administration.Part)) }
