# Backstay: the same targets here and in CI. `make` alone prints this list.
SHELL := /bin/bash
GO ?= go
MODULES := . ./adapter/backstayotel ./platform
PACKAGES := ./... ./adapter/backstayotel/... ./platform/...
GOLANGCI_VERSION := v2.15.0
FUZZTIME ?= 20s
CROSS := linux/arm64 darwin/arm64 windows/amd64

.DEFAULT_GOAL := help
.PHONY: help build test race check lint tidy fuzz bench e2e drill soak console generate cross off-workspace

help: ## print this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build the backstay binary into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/backstay ./platform/cmd/backstay

test: ## run all tests that need no extra server
	$(GO) test $(PACKAGES)

race: ## run the tests under the race detector with the invariants tag
	$(GO) test -race -tags invariants $(PACKAGES)

check: lint tidy ## linters, formatting, go fix, module files
	@out=$$($(GO) fix -diff $(PACKAGES)); if [ -n "$$out" ]; then echo "$$out"; echo "run go fix"; exit 1; fi

lint: ## golangci-lint at its pinned version, every module
	@set -e; bin=$$($(GO) env GOPATH)/bin/golangci-lint; \
	"$$bin" version 2>/dev/null | grep -q "$(patsubst v%,%,$(GOLANGCI_VERSION))" || $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION); \
	for m in $(MODULES); do echo "lint $$m"; (cd $$m && "$$bin" run --config $(CURDIR)/.golangci.yml ./...); done

tidy: ## module files say exactly what is needed
	@set -e; for m in $(MODULES); do (cd $$m && $(GO) mod tidy -diff); done

fuzz: ## run every fuzz target for FUZZTIME (20s)
	@set -e; grep -rlE '^func Fuzz' --include='*_test.go' . | sort | while read -r f; do \
		d=$$(dirname "$$f"); for t in $$(grep -oE '^func Fuzz[A-Za-z0-9_]+' "$$f" | sed 's/func //'); do \
			echo "$$d $$t"; $(GO) test -run '^$$' -fuzz "^$$t\$$" -fuzztime $(FUZZTIME) "$$d"; done; done

bench: ## run the benchmarks: CPU time and allocations
	$(GO) test -run '^$$' -bench . -benchmem $(PACKAGES)

e2e: build ## drive the console in a headless browser against a running demo
	./platform/web/e2e/run.sh

drill: build ## break the demo shop in five ways and measure the loop
	bin/backstay demo drill

soak: build ## ten minutes of demo load: memory and goroutines of the server
	./platform/test/soak.sh

console: ## build the console into platform/internal/console/dist (needs Node)
	cd platform/web && npm ci --no-audit --no-fund && npm run build

generate: build ## regenerate reference documents and other generated files
	$(GO) generate $(PACKAGES)

cross: ## build SDK and CLI for the other platforms
	@set -e; for p in $(CROSS); do echo "build $$p"; \
		GOOS=$${p%/*} GOARCH=$${p#*/} CGO_ENABLED=0 $(GO) build $(PACKAGES); done

off-workspace: ## build and vet each module as its importers see it
	@set -e; for m in $(MODULES); do echo "GOWORK=off $$m"; (cd $$m && GOWORK=off $(GO) vet ./...); done
