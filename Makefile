# `make` lists what can be run. Nothing here needs anything installed but Go; what a target needs besides, it says or fetches.
.DEFAULT_GOAL := help
SHELL := bash
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
# The race detector is written in C: without a compiler the tests run, but without it.
RACE := $(if $(shell command -v gcc clang cc),-race)

.PHONY: help serve functions template build test check fmt vet staticcheck tidy race infra bench
.PHONY: bench-commits conformance conformance-fire conformance-oracle conformance-dynamodb conformance-minio conformance-attacks conformance-azurite conformance-polaris conformance-rck conformance-functions conformance-sam conformance-signing interop interop-pyiceberg interop-iceberg-go interop-spark interop-longjob
.PHONY: localstack-up localstack-test localstack-down

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: ## Run the whole server on this machine, with its data in ./firn-data.
	go run ./cmd/firn serve

FUNCTIONS := token management catalog commit credentials worker
ARCH ?= arm64

functions: ## Build the Lambda functions into ./bin/functions/$(ARCH) (ARCH=arm64 or amd64).
	@for f in $(FUNCTIONS); do \
	  CGO_ENABLED=0 GOOS=linux GOARCH=$(ARCH) go build -tags lambda.norpc -trimpath -ldflags '-s -w' -o bin/functions/$(ARCH)/$$f/bootstrap ./functions/$$f || exit 1; \
	done

# `sam build` calls these, one for each function of template.yaml.
build-%Function:
	@f=$$(echo $* | tr A-Z a-z) && CGO_ENABLED=0 GOOS=linux GOARCH=$(ARCH) go build -tags lambda.norpc -trimpath -ldflags '-s -w' -o $(ARTIFACTS_DIR)/bootstrap ./functions/$$f

template: ## Write the routes of template.yaml anew, from the route table.
	go test -count=1 -run TheTemplateServesTheRouteTable ./functions -update

build: ## Build ./bin/firn, stripped and without C.
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/firn ./cmd/firn

test: ## Run the tests: no network, no container.
	go test ./...

check: fmt vet staticcheck tidy race infra ## Check format, vet, staticcheck, go.mod, the deployment, and the tests with the race detector in random order.

fmt: ## Fail if gofmt would change a file.
	@unformatted=$$(gofmt -l cmd functions infra localstack shared) && [ -z "$$unformatted" ] || { echo "gofmt would change:"; echo "$$unformatted"; exit 1; }

vet: ## Run go vet.
	go vet ./...

staticcheck: ## Run staticcheck, which is fetched on first use.
	go run $(STATICCHECK) ./...

tidy: ## Fail if go mod tidy would change go.mod or go.sum.
	go mod tidy -diff

infra: ## Hold the CDK app to its template, to the route table and to the rights that the server needs (the template needs node).
	go vet -tags cdk ./infra
	go run $(STATICCHECK) -tags cdk ./infra/...
	go test -tags cdk -count=1 ./infra

race: ## Run the tests with the race detector, in random order.
	go test $(RACE) -shuffle=on ./...

bench: ## Run the benchmarks.
	go test -run '^$$' -bench . -benchmem ./shared/... ./functions

bench-commits: ## Compare commits per second with Iceberg's reference server's (needs Java 17 or newer and Maven; fetches the server).
	localstack/with-reference go test -run '^$$' -bench Commit -benchtime 10x ./shared/app

conformance: conformance-dynamodb conformance-fire conformance-oracle conformance-minio conformance-attacks conformance-azurite conformance-polaris conformance-rck conformance-functions conformance-sam conformance-signing localstack-test interop interop-longjob ## Hold firn to other people's servers, tests and clients.

conformance-dynamodb: ## Run the table's suites on a DynamoDB emulator (needs Python; fetches MiniStack).
	localstack/with-dynamodb go test -count=1 ./shared/kv/... ./shared/store/...

conformance-fire: ## Let writers commit for long while everything fails, on bolt and on a DynamoDB emulator, and judge what they were told (needs Python).
	FIRN_FIRE=40 localstack/with-dynamodb go test -count=1 -v -timeout 60m ./shared/app/fire

conformance-oracle: ## Compare what firn and iceberg-go make of metadata and updates, of samples and of 30 seconds of fuzzing each.
	cd shared/iceberg/oracle && go vet . && go test -count=1 .
	cd shared/iceberg/oracle && go test -run '^$$' -fuzz FuzzParse -fuzztime 30s -fuzzminimizetime 10x .
	cd shared/iceberg/oracle && go test -run '^$$' -fuzz FuzzApply -fuzztime 30s -fuzzminimizetime 10x .

conformance-minio: ## Run the suites of keys and objects on MinIO (builds it on first use).
	localstack/with-minio go test -count=1 ./shared/vend/... ./shared/blob/...

conformance-azurite: ## Try delegation keys, signatures and objects on Azurite (needs node and openssl; fetches Azurite).
	localstack/with-azurite go test -count=1 ./shared/vend/azure ./shared/blob/azure

conformance-attacks: ## Attack a whole server at every door, on the embedded store, on MinIO (builds it on first use) and on the fakes of clouds.
	FIRN_ATTACKS=all localstack/with-minio go test -count=1 -v -timeout 60m ./shared/app/attack | grep -v '^ *\(=== \|--- PASS\)'; exit $${PIPESTATUS[0]}

conformance-polaris: ## Compare with the recorded answers of Apache Polaris, and try its whole matrix of rights.
	FIRN_MATRIX=1 go test -count=1 -v -timeout 30m -run Polaris ./shared/app | grep -v '^ *\(=== \|--- PASS\)'; exit $${PIPESTATUS[0]}

conformance-rck: ## Run Iceberg's REST compatibility kit (needs Java 17 or newer and Maven).
	localstack/rck/run

conformance-functions: ## Run the same kit and PyIceberg against the Lambda functions behind an emulated gateway, on MiniStack and MinIO.
	localstack/with-dynamodb localstack/with-minio localstack/with-functions localstack/rck/run
	localstack/with-dynamodb localstack/with-minio localstack/with-functions localstack/pyiceberg/run

conformance-signing: ## Write and read by remote signing alone, with PyIceberg and Spark on MinIO (needs Java 17, Maven, Python; fetches Spark).
	localstack/signing/run

conformance-sam: ## Hold template.yaml to SAM, to cfn-lint and to the CDK app (needs node and Python; fetches SAM).
	localstack/sam/run

localstack-test: ## Deploy the CDK stack to LocalStack and try it whole, without Docker (needs node and Python 3.13).
	@$(MAKE) --no-print-directory functions ARCH=$$(go env GOHOSTARCH)
	localstack/suite/run

localstack-up: ## Start LocalStack in Docker; localstack-test then uses that.
	docker compose --file localstack/compose.yaml up --detach --wait

localstack-down: ## Stop LocalStack in Docker.
	docker compose --file localstack/compose.yaml down

interop: interop-pyiceberg interop-iceberg-go interop-spark ## Let other people's engines work against `firn serve`.

interop-pyiceberg: ## Write, read, revoke and intrude with PyIceberg, on the embedded store and on MinIO (needs Python 3.11 or newer).
	localstack/pyiceberg/run
	localstack/with-minio localstack/pyiceberg/run

interop-iceberg-go: ## Run the suite of iceberg-go's catalogs, and work with its client, on the embedded store and on MinIO.
	localstack/iceberggo/run
	localstack/with-minio localstack/iceberggo/run

interop-spark: ## Work with tables and views in Spark SQL, on the embedded store and on MinIO (needs Java 17 or newer, Maven and Python; fetches Spark).
	localstack/spark/run
	localstack/with-minio localstack/spark/run

interop-longjob: ## Let Spark and PyIceberg work for longer than their keys live, in 6 minutes (needs Java 17 or newer, Maven and Python; fetches Spark).
	localstack/longjob/run
