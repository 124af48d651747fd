module firn

go 1.26.0

require (
	cel.dev/cel-go v0.33.2 // Google's own reading of the conditions that narrow a token, for tests (vend/gcs/gcstest)
	cloud.google.com/go/auth v0.24.3 // who a machine is to Google, as every Google tool finds it (app/gcp/adc)
	github.com/Azure/azure-sdk-for-go/sdk/azcore v1.24.0 // Azure's clouds, and the transport below azidentity (app/entra)
	github.com/Azure/azure-sdk-for-go/sdk/azidentity v1.15.0 // tokens of Microsoft Entra, with no secret where AWS vouches (app/entra)
	github.com/KimMachineGun/automemlimit v1.0.1 // the memory limit of the control group, of either version, as Go's own (app)
	github.com/anishathalye/porcupine v1.3.1 // judges histories of concurrent commits, for tests (app/fire)
	github.com/aws/aws-cdk-go/awscdk/v2 v2.220.0 // the deployment as a program (infra, build tag cdk)
	github.com/aws/aws-lambda-go v1.55.1 // the events of Lambda functions, and the loop that takes them (lambdahttp)
	github.com/aws/aws-sdk-go-v2 v1.47.7 // the AWS clients: configuration, signing, errors
	github.com/aws/aws-sdk-go-v2/config v1.33.15 // AWS settings of the environment, as every AWS tool reads them
	github.com/aws/aws-sdk-go-v2/credentials v1.20.15 // a vended key as the credentials of a client
	github.com/aws/aws-sdk-go-v2/service/dynamodb v1.73.0 // the single table in the cloud (kv/dynamo)
	github.com/aws/aws-sdk-go-v2/service/iam v1.64.8 // versions of the policies that deny revoked keys (revoke/aws)
	github.com/aws/aws-sdk-go-v2/service/kms v1.62.4 // data keys for the credentials that instances share (vend/kms)
	github.com/aws/aws-sdk-go-v2/service/s3 v1.114.7 // metadata files in S3 and compatible stores (blob/s3)
	github.com/aws/aws-sdk-go-v2/service/secretsmanager v1.50.9 // the secret of the keys that sign tokens (token/secretsmanager)
	github.com/aws/aws-sdk-go-v2/service/sts v1.51.8 // AssumeRole with a session policy (vend/aws)
	github.com/aws/constructs-go/constructs/v10 v10.4.2 // the tree that the CDK's constructs are in (infra)
	github.com/aws/jsii-runtime-go v1.113.0 // the CDK, which is TypeScript, from Go (infra)
	github.com/aws/smithy-go v1.28.8 // error codes of the AWS clients
	github.com/awslabs/aws-lambda-go-api-proxy v0.16.2 // a request of a proxy event (lambdahttp)
	github.com/golang-jwt/jwt/v5 v5.3.1 // signing and verifying tokens (token)
	github.com/google/go-cmp v0.7.0 // differences in tests
	github.com/google/uuid v1.6.0 // table UUIDs and names of metadata files
	github.com/hashicorp/golang-lru/v2 v2.0.7 // bounded memories: verified tokens, grants, vended keys, clients
	github.com/klauspost/compress v1.20.3 // gzip of answers at more than twice the speed of the standard library (rest)
	github.com/prometheus/client_golang v1.25.0 // metrics in the form that Prometheus reads (app)
	github.com/rogpeppe/go-internal v1.16.0 // the command line's tests as scripts (cli)
	github.com/spf13/cobra v1.10.2 // commands, flags, help and completion (cli)
	github.com/spf13/pflag v1.0.10 // cobra's flags, each also a variable (cli)
	github.com/tink-crypto/tink-go/v2 v2.9.0 // opens what the client-side boundary seals, for tests (vend/gcs/gcstest)
	go.etcd.io/bbolt v1.5.0 // the embedded table: one file, crash-safe, in pure Go (kv/bolt)
	go.yaml.in/yaml/v3 v3.0.6 // the operator's storage policy, as people write it (storagepolicy)
	golang.org/x/net v0.62.0 // a listener with a bound on its connections (app, rest)
	golang.org/x/oauth2 v0.37.0 // who an AWS role is to Google, by federation (app/gcp)
	golang.org/x/sync v0.24.0 // groups of goroutines that end together (app, catalog)
	golang.org/x/sys v0.49.0 // a rename by the handles of two folders (nolinks)
	golang.org/x/term v0.47.0 // whether output is a terminal (cmd/firn)
	google.golang.org/genproto/googleapis/api v0.0.0-20261012220534-4341edf3f941 // syntax trees of conditions, for tests (vend/gcs/gcstest)
	google.golang.org/protobuf v1.36.12 // the wire format of the client-side boundary (vend/gcs)
)

require (
	cel.dev/expr v0.25.1 // indirect
	cloud.google.com/go/compute/metadata v0.10.0 // indirect
	github.com/Azure/azure-sdk-for-go/sdk/internal v1.13.0 // indirect
	github.com/AzureAD/microsoft-authentication-library-for-go v1.10.1 // indirect
	github.com/Masterminds/semver/v3 v3.4.0 // indirect
	github.com/antlr4-go/antlr/v4 v4.13.1 // indirect
	github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream v1.7.26 // indirect
	github.com/aws/aws-sdk-go-v2/feature/ec2/imds v1.20.7 // indirect
	github.com/aws/aws-sdk-go-v2/internal/configsources v1.5.10 // indirect
	github.com/aws/aws-sdk-go-v2/internal/endpoints/v2 v2.8.10 // indirect
	github.com/aws/aws-sdk-go-v2/internal/v4a v1.5.10 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/accept-encoding v1.13.24 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/checksum v1.11.10 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/endpoint-discovery v1.13.9 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/presigned-url v1.14.10 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/s3shared v1.20.9 // indirect
	github.com/aws/aws-sdk-go-v2/service/signin v1.12.3 // indirect
	github.com/aws/aws-sdk-go-v2/service/sso v1.39.3 // indirect
	github.com/aws/aws-sdk-go-v2/service/ssooidc v1.44.3 // indirect
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cdklabs/awscdk-asset-awscli-go/awscliv1/v2 v2.2.242 // indirect
	github.com/cdklabs/awscdk-asset-node-proxy-agent-go/nodeproxyagentv6/v2 v2.1.0 // indirect
	github.com/cdklabs/cloud-assembly-schema-go/awscdkcloudassemblyschema/v48 v48.6.0 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/fatih/color v1.18.0 // indirect
	github.com/googleapis/enterprise-certificate-proxy v0.3.23 // indirect
	github.com/googleapis/gax-go/v2 v2.27.0 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/kylelemons/godebug v1.1.0 // indirect
	github.com/mattn/go-colorable v0.1.13 // indirect
	github.com/mattn/go-isatty v0.0.20 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/pbnjay/memory v0.0.0-20210728143218-7b4eea64cf58 // indirect
	github.com/pkg/browser v0.0.0-20240102092130-5ac0b6a4141c // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/yuin/goldmark v1.4.13 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/exp v0.0.0-20240823005443-9b4947da3948 // indirect
	golang.org/x/lint v0.0.0-20210508222113-6edffad5e616 // indirect
	golang.org/x/mod v0.41.0 // indirect
	golang.org/x/text v0.43.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20261012220534-4341edf3f941 // indirect
)

// The CDK's runtime names cmd/godoc, which later versions do not have.
replace golang.org/x/tools => golang.org/x/tools v0.36.0
