# Vikno: run, test, lint, bench. Everything that is installed lies in .venv and web/client/node_modules.
# PYTHON=python3.12 make run   uses another Python (3.11 or newer).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.PHONY: run test unit lint format bench client clean help

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
BIN := .venv/bin
CLIENT := web/client
CONTEXTS := lms/credentials/contexts
CLIENT_SOURCES := $(shell find $(CLIENT)/src $(CLIENT)/scripts -type f -not -path '*/generated/*' 2>/dev/null)
PIP := $(BIN)/python -m pip --disable-pip-version-check
SAY := @printf '\n\033[1m%s\033[0m\n'
PYTEST ?= tests

help:
	@echo "make run      set up and start Vikno with demo data on http://localhost:8000"
	@echo "make test     set up, check style and types, run every test (PYTEST=tests/sfu runs a part);"
	@echo "              installs browsers, PostgreSQL and Dovecot by apt where they are missing"
	@echo "make lint     check style, types and import contracts"
	@echo "make format   bring Python files into the common form"
	@echo "make bench    measure media, recordings, streams, pages in a large network, tests and certificates"
	@echo "make client   build the browser client"
	@echo "make clean    remove what was installed and built, not the data"

run: .venv/run.stamp client
	$(SAY) "Starting Vikno with demo data."
	@exec $(BIN)/vikno serve --demo

client: web/static/dist/.stamp $(CONTEXTS)/.stamp

# --- set-up: each stamp is newer than what it was made from, so that nothing is done twice ---

$(BIN)/python:
	$(SAY) "Making a Python environment in .venv."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Vikno needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Set PYTHON=/path/to/python3.11."; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "Python's venv module does not work here. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

.venv/run.stamp: requirements.lock pyproject.toml | $(BIN)/python
	$(SAY) "Installing the Python libraries that Vikno runs with (about a minute the first time)."
	@$(PIP) install --quiet --progress-bar off --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps --editable .
	@touch $@

.venv/test.stamp: requirements-dev.lock .venv/run.stamp
	$(SAY) "Installing the Python libraries that the tests need."
	@$(PIP) install --quiet --progress-bar off --require-hashes -r requirements-dev.lock
	@touch $@

$(CLIENT)/node_modules/.stamp: $(CLIENT)/package-lock.json
	$(SAY) "Installing the browser client's libraries."
	@command -v npm >/dev/null || { echo "Vikno needs Node.js 20 or newer with npm: https://nodejs.org"; exit 1; }
	@cd $(CLIENT) && npm ci --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@

$(CLIENT)/src/generated/messages.ts: $(wildcard signaling/messages/*.py) signaling/model.py signaling/schema.py \
		$(CLIENT)/node_modules/.stamp .venv/run.stamp
	$(SAY) "Generating the TypeScript types of the signaling messages."
	@cd $(CLIENT) && PYTHON="$(CURDIR)/$(BIN)/python" npm run --silent types
	@touch $@

web/static/dist/.stamp: $(CLIENT)/src/generated/messages.ts $(CLIENT_SOURCES) \
		$(wildcard $(CLIENT)/*.json $(CLIENT)/*.ts)
	$(SAY) "Building the browser client."
	@cd $(CLIENT) && npm run --silent build -- --logLevel warn
	@touch $@

$(CONTEXTS)/.stamp: $(CLIENT)/scripts/contexts.mjs $(CLIENT)/node_modules/.stamp
	$(SAY) "Copying the JSON-LD contexts of credentials."
	@cd $(CLIENT) && npm run --silent contexts
	@touch $@

# --- checks ---

test: .venv/test.stamp client
	@.ci/install-test-programs
	@.ci/run-tests $(PYTEST)

lint: .venv/test.stamp $(CLIENT)/src/generated/messages.ts
	$(SAY) "Checking style, types and import contracts."
	@failed=0; \
	for check in "$(BIN)/ruff check ." "$(BIN)/ruff format --check ." "$(BIN)/mypy" "$(BIN)/lint-imports" \
			"npm --prefix $(CLIENT) run --silent check"; do \
		echo "$$check"; $$check || failed=1; \
	done; exit $$failed

format: .venv/test.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/test.stamp client
	@.ci/install-test-programs
	$(SAY) "Measuring. Leave the machine alone meanwhile."
	$(BIN)/python -m tests.bench

clean:
	rm -rf .venv build *.egg-info web/static/dist $(CONTEXTS) $(CLIENT)/node_modules $(CLIENT)/src/generated
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
