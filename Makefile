SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help build demo test bench bench-decisions bench-usage bench-export bench-backup bench-close bench-size \
	finance-million prove-finance fuzz-smoke model-test effect schemathesis lint format tidy e2e ci clean deb prove-ops \
	prove tsan

BINARY := .build/release/tollgate

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r target text; do \
		printf '  make %-15s %s\n' "$$target" "$$text"; done

build: ## build the release binary, .build/release/tollgate
	@scripts/install-packages.sh build
	@scripts/build-release.sh

demo: ## start Tollgate with a real local model behind it, until Ctrl-C (ARGS=--once: one call, then stop)
	@scripts/install-packages.sh build demo
	@scripts/build-release.sh
	@exec python3 deploy/demo/demo.py --binary $(BINARY) $(ARGS)

test: ## install what tests need, build, run the Swift and the end-to-end tests
	@scripts/test.sh

e2e: ## run only the end-to-end tests (ARGS are passed to Tests/EndToEnd/run.py)
	@scripts/test.sh --only-e2e $(ARGS)

schemathesis: ## at least 5,000 generated calls of the Admin API, from its OpenAPI document
	@scripts/test.sh --only-e2e --only test_openapi --full

tidy: ## check only the house rules (imports, sizes, banned constructs)
	@scripts/install-packages.sh build
	@scripts/swift-test.sh --filter TidyTests

fuzz-smoke: ## fuzz every parser that reads what others send (SECONDS_EACH=20); see Fuzz/README.md
	@scripts/install-packages.sh build
	@scripts/fuzz-smoke.sh

model-test: ## random ledger sequences against the naive model, a fresh seed each round (ROUNDS=5)
	@scripts/install-packages.sh build
	@scripts/model-test.sh

effect: ## 1,000 revocations, lowered caps and suspensions under 64 clients each: nothing is admitted after the answer
	@scripts/test.sh --only-e2e --full --only test_effect

bench: ## measure against nginx on this machine; see Benchmarks/README.md
	@scripts/install-packages.sh build bench
	@scripts/build-release.sh
	@Benchmarks/run.sh $(ARGS)

bench-decisions: ## measure single decisions of the router; builds for some minutes the first time
	@scripts/install-packages.sh build bench
	@Benchmarks/decisions.sh

bench-usage: ## listings and usage queries over 10,000 tenants, 100,000 keys and 5,000,000 entries; some minutes
	@scripts/install-packages.sh build test
	@scripts/build-release.sh
	@python3 Benchmarks/usage.py --binary $(BINARY) $(ARGS)

deb: ## pack the release binary as .build/deb/tollgate_VERSION_ARCHITECTURE.deb
	@scripts/install-packages.sh build package
	@scripts/build-release.sh
	@scripts/build-deb.sh $(BINARY) .build/deb

prove-ops: ## prove the package in a booted Debian and the proxies over minutes; needs root
	@scripts/install-packages.sh build test ops package
	@scripts/build-release.sh
	@scripts/prove-ops.sh

bench-export: ## measure the downloads of a month with a million entries
	@scripts/install-packages.sh build test
	@scripts/build-release.sh
	@.venv-test/bin/python Benchmarks/export.py --binary $(BINARY) $(ARGS)

bench-backup: ## measure what callers notice of backups
	@scripts/install-packages.sh build test
	@scripts/build-release.sh
	@.venv-test/bin/python Benchmarks/backup.py --binary $(BINARY) $(ARGS)

bench-close: ## measure the close of a month with 100,000 keys, and an import of prices, beside calls
	@scripts/install-packages.sh build test
	@scripts/build-release.sh
	@.venv-test/bin/python Benchmarks/close.py --binary $(BINARY) $(ARGS)

bench-size: ## measure what a million requests take on disk
	@scripts/install-packages.sh build test
	@scripts/build-release.sh
	@.venv-test/bin/python Benchmarks/size.py --binary $(BINARY) $(ARGS)

finance-million: ## check a month of a million entries against exact rationals, some minutes
	@scripts/install-packages.sh build test
	@scripts/build-release.sh
	@TOLLGATE_MILLION=1 .venv-test/bin/python Tests/EndToEnd/run.py --binary $(BINARY) --only "test_exports and (picodollar or roll_ups)"

prove-finance: ## open a month's workbook in LibreOffice, which is installed for it
	@scripts/install-packages.sh build test office
	@scripts/build-release.sh
	@.venv-test/bin/python Tests/EndToEnd/prove_finance.py --binary $(BINARY)

prove: ## the promises, proved by force: some hours; needs root (ARGS="--only raw-http", --list, --card)
	@scripts/prove.sh $(ARGS)

tsan: ## the Swift tests under ThreadSanitizer; builds for some minutes the first time
	@scripts/install-packages.sh build
	@scripts/tsan.sh

lint: ## check the formatting of every Swift file
	@swift format lint --strict --parallel --recursive Sources Tests Fuzz/Sources Fuzz/Package.swift \
		Benchmarks/Sources Benchmarks/Package.swift Package.swift

format: ## format every Swift file in place
	@swift format --in-place --parallel --recursive Sources Tests Fuzz/Sources Fuzz/Package.swift \
		Benchmarks/Sources Benchmarks/Package.swift Package.swift

ci: ## run what continuous integration runs
	@.ci/run

clean: ## remove build products, test environments and the demo's state
	rm -rf .build .build-* Fuzz/.build-* .venv-test* .demo
