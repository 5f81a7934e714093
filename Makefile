# make test    installs what tests need and the machine lacks, then checks and tests everything
# make build   bin/bellwire, one static binary
# make faultlab       kills, stops and cuts the product and checks that nothing is lost: about 5 minutes
# make faultlab-long  the same for an hour
# make faultlab-bites breaks the product in nine ways; the lab must notice each
# make fuzz    every fuzz target in turn, each for FUZZTIME (30s)
# make css     rebuilds static/dist (needs npm; its output is committed)

GO       ?= go
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -s -w -X main.version=$(VERSION)
# Without a binary format of gin's that nothing here speaks: a tenth of the program.
TAGS     := nomsgpack
LINT     := $(GO) tool -modfile=tools/go.mod golangci-lint

.PHONY: build test check format vet lint generated unit screenshots fuzz faultlab faultlab-long faultlab-bites css deps clean

build:
	CGO_ENABLED=0 $(GO) build -trimpath -tags '$(TAGS)' -ldflags '$(LDFLAGS)' -o bin/bellwire ./cmd/bellwire

test: deps check unit

check: format vet generated lint

deps:
	@tools/install-test-deps

format:
	@out=$$(gofmt -l $$(git ls-files '*.go' | grep -v _templ.go)); test -z "$$out" || { echo "not gofmt'd:"; echo "$$out"; exit 1; }

vet:
	CGO_ENABLED=0 $(GO) vet ./...

# Generated files are committed; generating again must change nothing.
generated:
	$(GO) tool templ generate -include-version=false
	@out=$$(git status --porcelain -- '*_templ.go'); test -z "$$out" || { echo "generated files are stale:"; echo "$$out"; exit 1; }

lint:
	$(LINT) run ./...

# The race detector needs cgo; the product itself is built and started with
# CGO_ENABLED=0 by the end-to-end tests, so they run without the detector: it
# would watch their own code only. Who may be dialled is asked of both resolvers,
# with cgo and without; who may do what on pages, without the detector. Everything is compiled first, then run one
# package at a time: many tests hold bounds of time. End-to-end tests wait more
# than they work: of those that may run beside others, three do.
ENDS := ./cmd/bellwire
REST  = $$($(GO) list ./... | grep -v /cmd/bellwire$$)
unit:
	CGO_ENABLED=1 $(GO) test -race -count=1 -run '^$$' $(REST) >/dev/null
	CGO_ENABLED=0 $(GO) test -count=1 -run '^$$' $(ENDS) >/dev/null
	CGO_ENABLED=1 $(GO) test -race -count=1 -p 1 -timeout 20m $(REST)
	CGO_ENABLED=0 $(GO) test -count=1 -run 'TestEvery_row|TestWho_may' ./internal/egress ./internal/web
	CGO_ENABLED=0 $(GO) test -count=1 -parallel 3 -timeout 20m $(ENDS)

# One target at a time, as go allows no other way. What is found is kept under the
# package's testdata/fuzz and tried by every test run from then on. Little is made
# smaller: what the API covers depends on the moment, and go would try for a minute.
FUZZTIME ?= 30s
fuzz:
	@grep -rn --include='*_test.go' '^func Fuzz' cmd internal | sed -E 's|^(.*)/[^/]*:[0-9]+:func (Fuzz[A-Za-z0-9_]*).*|\1 \2|' | sort | \
	while read -r package target; do \
	  echo "$$package $$target"; \
	  $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "./$$package" </dev/null || exit 1; \
	done

# docs/faults.md tells what comes and what is checked. FAULTLAB_TIME is for each
# of the two databases, FAULTLAB_SEED repeats a run.
faultlab:
	CGO_ENABLED=0 $(GO) run ./cmd/faultlab --time $(or $(FAULTLAB_TIME),100s)

faultlab-long:
	CGO_ENABLED=0 $(GO) run ./cmd/faultlab --time $(or $(FAULTLAB_TIME),29m)

faultlab-bites:
	CGO_ENABLED=0 $(GO) run ./cmd/faultlab bites

# Pictures of every page at two widths in both themes; a few go to docs.
screenshots:
	$(GO) test -count=1 -run Browser ./cmd/bellwire
	mkdir -p docs/screenshots
	for page in overview-wide-light delivery-wide-dark endpoint-secret-wide-light; do \
	  cp test-artifacts/screenshots/$$page.png docs/screenshots/; done

css:
	cd static && npm ci --ignore-scripts && npm run build

clean:
	rm -rf bin test-artifacts
