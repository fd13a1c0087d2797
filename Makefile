# Everything a contributor types. `make demo` is the tour, `make test` the proof.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3.11
BIN := .venv/bin

.PHONY: help check test

help: ## This list
	@awk -F':.*## ' '/^[a-zA-Z_.-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv: pyproject.toml requirements.lock ## The environment, console scripts included
	@echo "Setting up .venv (about a minute) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint requirements.lock -e '.[dev]'
	@touch .venv

check: .venv ## Format, lint, types, import contracts, unit tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests -m "not slow"

test: .venv ## All tests of one process
	$(BIN)/python -m pytest tests
