# Everything that is done to this repository. Needs only Python 3.11 or newer, git and make;
# the rest is fetched into .tools/ and .venv/ on first use and kept until pyproject.toml or uv.lock change.

.DEFAULT_GOAL := help
.PHONY: help demo test test-rest test-full test-ui lint fix docs bench ui clean

# The first interpreter that is new enough, and behind an activated environment the one that made it.
# PYTHON=/path/to/python overrides.
ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell for name in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	"$$name" -c 'import sys; sys.version_info < (3, 11) and sys.exit(1); print(sys._base_executable)' 2>/dev/null && break; done)
endif

UV := $(or $(shell command -v uv 2>/dev/null),.tools/bin/uv)
BIN := .venv/bin
ARGS ?=

export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON_DOWNLOADS := never
export UV_PYTHON := $(PYTHON)
# Where the machine has authorities of its own, as behind a company's proxy, they count, as they do for pip and git.
# Both names: uv renamed the variable.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt /etc/ssl/cert.pem /etc/pki/tls/certs/ca-bundle.crt),)
export UV_SYSTEM_CERTS ?= 1
export UV_NATIVE_TLS ?= 1
endif

# --inexact: what another target installed stays. Bytecode is compiled once here, because a
# machine may be told not to write any (PYTHONDONTWRITEBYTECODE), and every start would pay for it.
SYNC := $(UV) sync --frozen --inexact --no-default-groups --compile-bytecode --quiet
COMPILE := $(BIN)/python -m compileall -q src
INPUTS := pyproject.toml uv.lock $(wildcard hatch_build.py)

TEST_EXTRAS := --extra sklearn --extra pandas --extra polars --extra images --extra gpu --extra fs --extra postgresql --extra mysql --extra demo
CLOUD_EXTRAS := --extra azure --extra gcs --extra s3 --extra sftp
NEEDS_MORE := postgresql or mariadb or browser or peer or cloud or framework
WORKERS := --numprocesses auto --maxprocesses 8 --dist loadfile

# Set by .ci/run, which has run `make test` just before.
BASE_DONE ?=

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-10s %s\n' "$$name" "$$text"; done

demo: .venv/.for-demo ## The whole life of a model on real data, then the web UI (ARGS=--no-ui: end after the summary)
	@$(COMPILE)
	@$(BIN)/treering demo $(ARGS)

test: .venv/.for-test ## All tests that need nothing but Python (ARGS: further arguments to pytest)
	@$(COMPILE)
	@$(BIN)/pytest $(WORKERS) -m "not ($(NEEDS_MORE))" $(ARGS)

test-rest: .venv/.for-full
	@$(COMPILE)
	@$(BIN)/pytest $(WORKERS) -m "$(NEEDS_MORE)" $(ARGS)

test-full: $(if $(BASE_DONE),,test) test-ui test-rest ## `make test`, then databases, browser, the real MLflow, and the web UI's own tests

# Node comes with the environment, so that the machine's own, if it has one, does not matter.
test-ui: .venv/.for-full
	@if [ ! -f ui/package.json ]; then exit 0; fi; \
	export PATH="$(CURDIR)/$(BIN):$$PATH"; \
	if ! command -v npm >/dev/null; then \
		if [ -n "$$TREERING_TEST_REQUIRE_ALL" ]; then echo "npm is missing, and everything was asked for. Install Node.js 22 or newer." >&2; exit 1; fi; \
		echo "Skipped the web UI's own tests: npm is not installed."; exit 0; \
	fi; \
	cd ui && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund; } && npm run check && npm run test

lint: .venv/.for-lint ## Style, types and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: .venv/.for-lint ## Let ruff correct what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: .venv/.for-test ## Write the generated parts of the docs anew, then run every example and check every link
	@$(BIN)/python docs/generate.py
	@$(BIN)/pytest tests/docs $(ARGS)

bench: .venv/.for-full ## Figures beside MLflow's, measured in one run (ARGS=--quick for a short one)
	@$(COMPILE)
	@$(BIN)/python benchmarks/run.py $(ARGS)

ui: .venv/.for-demo ## Build the web UI into src/treering/server/static
	@rm -rf src/treering/server/static
	@$(SYNC) --reinstall-package treering
	@ls src/treering/server/static/index.html

clean: ## Remove everything that was fetched or built; tracked data (.treering) stays
	rm -rf .venv .tools .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist src/treering/server/static ui/node_modules

.venv/.for-demo: $(INPUTS) | $(UV)
	@echo "Setting up .venv (once) ..."
	@$(SYNC) --extra demo
	@touch $@

.venv/.for-test: $(INPUTS) | $(UV)
	@echo "Setting up .venv for tests (once) ..."
	@$(SYNC) $(TEST_EXTRAS) --group test --group lint
	@touch $@ .venv/.for-demo

# The clouds' packages bring the types that mypy reads.
.venv/.for-lint: $(INPUTS) | $(UV)
	@echo "Setting up .venv for lint (once) ..."
	@$(SYNC) $(TEST_EXTRAS) $(CLOUD_EXTRAS) --group test --group lint
	@touch $@ .venv/.for-test .venv/.for-demo

.venv/.for-full: $(INPUTS) | $(UV)
	@echo "Setting up .venv for all tests (once) ..."
	@$(SYNC) $(TEST_EXTRAS) $(CLOUD_EXTRAS) --group test --group lint --group browser
	@touch $@ .venv/.for-lint .venv/.for-test .venv/.for-demo

# Debian splits ensurepip off into python3-venv; with pip at hand, a venv without it does too.
.tools/bin/uv:
	@echo "Fetching uv into .tools (once) ..."
	@$(PYTHON) -m venv .tools >/dev/null 2>&1 \
		|| { rm -rf .tools && $(PYTHON) -m venv --without-pip .tools && $(PYTHON) -m pip --version >/dev/null; } \
		|| { rm -rf .tools; echo "Python at $(PYTHON) has neither venv nor pip. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@if [ -x .tools/bin/pip ]; then .tools/bin/pip install --quiet --disable-pip-version-check uv; \
		else $(PYTHON) -m pip --python .tools/bin/python install --quiet --disable-pip-version-check uv; fi

ifeq ($(PYTHON),)
ifneq ($(filter-out help clean,$(or $(MAKECMDGOALS),help)),)
$(error Treering needs Python 3.11 or newer, and none was found in PATH. Install one, or say where it is: make PYTHON=/path/to/python3)
endif
endif
