# Everything a contributor types. `make demo` is the tour, `make test` the proof.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3.11
BIN := .venv/bin
RUN := PYTHONPATH=. $(BIN)/python
PORT ?= 8080
LANES ?=

.PHONY: help demo serve lint check test conformance bench integration clean

help: ## This list
	@awk -F':.*## ' '/^[a-zA-Z_.-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv: pyproject.toml requirements.lock ## The environment, console scripts included
	@echo "Setting up .venv (about a minute) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint requirements.lock -e '.[dev]'
	@$(BIN)/python -m compileall -q server client dialect
	@touch .venv

demo: .venv ## The tour: sample data, a server, the driver, SQLAlchemy and the command line; stops by itself
	@$(RUN) -m integration.demo

serve: .venv ## A server on sample data, until Ctrl-C (PORT=8080)
	@$(RUN) -m integration.demo --serve --port $(PORT)

lint: .venv ## Format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint ## The same, and the quick tests: before every commit
	$(BIN)/python -m pytest tests -m "not slow"

test: .venv ## All tests that need one machine and no service
	$(BIN)/python -m pytest tests

integration: .venv ## Every integration lane that this machine can carry (LANES="wheel abuse": only these)
	@$(RUN) integration/run.py $(LANES)

conformance: .venv ## Recorded answers of a real Trino, where ../shared has them; writes integration/conformance/report.md
	@$(RUN) integration/conformance/replay.py --whole
	@$(RUN) integration/conformance/replay_wire.py

bench: .venv ## Ratios against bare DuckDB and other clients, in one run
	@$(RUN) -m integration.benchmarks

clean: ## Everything that the targets above have made
	rm -rf .venv .demo integration/.cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
