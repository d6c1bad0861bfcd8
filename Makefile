# make build | test | dist | pictures | bench | bench-web | bench-peers | bench-mongo | conformance | lint | fuzz | audit | sbom

SHELL := /bin/bash
GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 30s
CONFORMANCE_SECONDS ?= 300
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

.PHONY: build test race web dist stories pictures bench-web bench bench-peers bench-mongo conformance lint fuzz audit sbom testmongo testlibraries

build: ## a static binary without symbols
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.release=$(VERSION)' -o parley .

test: lint race web stories ## everything that CI runs

race: testmongo testlibraries ## all Go tests with the race detector
	$(GO) test -race -shuffle=on -timeout 20m ./...

testmongo: .testmongo/bin/secantusd-py ## the MongoDB for tests; PARLEY_TEST_MONGO sets the path of another program

.testmongo/bin/secantusd-py: internal/mongotest/requirements.txt
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { echo "make test needs Python 3.11 or newer with venv: apt-get install python3-venv"; exit 1; }
	python3 -m venv .testmongo
	.testmongo/bin/pip install -q --disable-pip-version-check --require-hashes -r internal/mongotest/requirements.txt
	@touch $@

testlibraries: .testlibraries/bin/installed internal/conformance/node_modules ## the libraries for Socket.IO and web push that tests use

.testlibraries/bin/installed: internal/conformance/socketio.txt internal/conformance/push.txt
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { echo "make test needs Python 3.11 or newer with venv: apt-get install python3-venv"; exit 1; }
	python3 -m venv .testlibraries
	.testlibraries/bin/pip install -q --disable-pip-version-check --require-hashes -r internal/conformance/socketio.txt -r internal/conformance/push.txt
	@touch $@

web: web/node_modules ## type check, linter and unit tests of the client; checks that dist/ is built from src/
	cd web && npm run check && npm run lint && npm test
	cd web && npm run build -- --outDir node_modules/.dist --logLevel warn && diff -r dist node_modules/.dist || \
	  { echo "web/dist is not up to date with web/src: run make dist and commit the result"; exit 1; }

dist: web/node_modules ## builds the client that the binary embeds; commit the result
	cd web && npm run build

stories: build web/node_modules internal/conformance/node_modules ## stories: end-to-end tests of the client in Chromium
	@test -n "$(CHROMIUM)" || { echo "make test needs Chromium: apt-get install chromium, or set CHROMIUM=/path/to/chromium"; exit 1; }
	cd web && CHROMIUM="$(CHROMIUM)" PARLEY_BIN="$(CURDIR)/parley" npm run stories

bench-web: build web/node_modules ## performance of the client against its budgets; writes docs/web.md; REPEAT=3 STAGES=scroll
	cd web && CHROMIUM="$(CHROMIUM)" PARLEY_BIN="$(CURDIR)/parley" REPEAT="$(REPEAT)" node bench/web.mjs $(STAGES)

pictures: build web/node_modules ## icons of the client and screenshots in docs/ (needs fonts-noto-core and fonts-noto-color-emoji)
	cd web && CHROMIUM="$(CHROMIUM)" node bench/icons.mjs
	cd web && CHROMIUM="$(CHROMIUM)" PARLEY_BIN="$(CURDIR)/parley" node bench/pictures.mjs

web/node_modules: web/package-lock.json
	@command -v npm >/dev/null || { echo "make test needs Node.js 20 or newer with npm"; exit 1; }
	cd web && npm ci --no-audit --no-fund
	@touch $@

bench: ## Go benchmarks, six runs for benchstat
	$(GO) test -run '^$$' -bench . -benchmem -benchtime 0.5s -count 6 ./chat/... ./textrule ./wire ./hub ./store/sqlite ./server/...

bench-peers: bench/peers/node/node_modules ## Parley compared with two other servers; writes docs/performance.md
	$(GO) run ./internal/loadgen -peers bench/peers -doc docs $(BENCH)

bench/peers/node/node_modules: bench/peers/node/package-lock.json
	@command -v npm >/dev/null || { echo "make bench-peers needs Node.js 20 or newer with npm"; exit 1; }
	cd bench/peers/node && npm ci --no-audit --no-fund
	@touch $@

bench-mongo: testmongo ## MongoDB benchmarks, for the ratios in docs/operations.md
	$(GO) test -run '^$$' -bench . -benchtime 1x -count 3 -timeout 30m ./store/mongo ./internal/e2e

conformance: build .conformance/bin/st internal/conformance/node_modules ## a server compared with docs/openapi.yaml, for CONFORMANCE_SECONDS, and Socket.IO clients
	.conformance/bin/python internal/conformance/run.py ./parley $(CONFORMANCE_SECONDS)

.conformance/bin/st: internal/conformance/requirements.txt
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { echo "make conformance needs Python 3.11 or newer with venv: apt-get install python3-venv"; exit 1; }
	python3 -m venv .conformance
	.conformance/bin/pip install -q --disable-pip-version-check --require-hashes -r internal/conformance/requirements.txt
	@touch $@

internal/conformance/node_modules: internal/conformance/package-lock.json
	@command -v npm >/dev/null || { echo "make test needs Node.js 20 or newer with npm"; exit 1; }
	cd internal/conformance && npm ci --no-audit --no-fund
	@touch $@

lint:
	@out=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "not formatted with gofmt: $$out"; exit 1; }
	$(GO) vet ./...
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

fuzz: ## all fuzz tests, FUZZTIME each
	@for pkg in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -rhoE '^func Fuzz[A-Za-z0-9]+' $$pkg/*_test.go | sed 's/func //'); do \
	    echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
	  done; done

GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
CYCLONEDX := github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0

audit: ## known vulnerabilities of the Go and npm dependencies; fails too if a database cannot be reached
	@failed=0; \
	out=$$($(GO) run $(GOVULNCHECK) ./... 2>&1) || failed=1; \
	if grep -q 'fetching vulnerabilities' <<<"$$out"; then echo "govulncheck was not run: its database cannot be reached (set GOVULNDB to a mirror)"; \
	else echo "$$out"; fi; \
	for dir in web bench/peers/node; do \
	  out=$$(cd $$dir && npm audit --package-lock-only 2>&1) || failed=1; \
	  if grep -q 'audit endpoint returned an error' <<<"$$out"; then echo "npm audit of $$dir was not run: the registry does not answer audits"; \
	  else echo "npm audit of $$dir: $$out"; fi; \
	done; exit $$failed

sbom: build ## the software bill of materials of the release binary, as CycloneDX: parley.cdx.json (Go) and parley-web.cdx.json (the page)
	$(GO) run $(CYCLONEDX) bin -json -licenses -version $(VERSION) -output parley.cdx.json parley
	cd web && npm sbom --sbom-format cyclonedx --package-lock-only --omit dev > ../parley-web.cdx.json
