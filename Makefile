# Vedette. `make run` watches cameras, `make test` runs the suite; `make help` lists the rest.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8080
HOME_DIR ?=
SOURCE ?=
PYTEST_ARGS ?=
TEST_PROCESSES ?= 3
BENCH_ARGS ?=
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
START = --port $(PORT) $(if $(HOME_DIR),--home "$(HOME_DIR)")

# As typed: neither make nor the shell may look for $, & or ? in an address or a password.
export VEDETTE_SOURCE_ARGUMENTS := $(value SOURCE)

.DEFAULT_GOAL := help
.PHONY: help run demo install install-dev test lint bench clean

help: ## Say what there is.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: install ## Watch: make run SOURCE="clip.mp4 rtsp://camera/stream" PORT=8080 HOME_DIR=~/vedette
	@scripts/run-sources $(BIN)/vedette run $(START)

demo: install ## Watch a public sample clip, or without a network a scene that Vedette draws itself.
	@exec $(BIN)/vedette demo $(START)

install: $(VENV)/installed ## Make .venv with `vedette` in it.

install-dev: $(VENV)/installed-dev

test: install-dev ## Install what the tests need, then check style, types and behaviour.
	@scripts/install-test-packages
	@$(MAKE) --no-print-directory lint
	$(BIN)/pytest -n $(TEST_PROCESSES) --dist loadfile $(PYTEST_ARGS)

lint: install-dev ## Check style and types.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: install ## Measure; prints a table and writes benchmarks/results/.
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

clean: ## Remove .venv and everything else that was made here.
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@scripts/make-venv $(PYTHON) $(VENV)

$(VENV)/installed: pyproject.toml | $(BIN)/python
	@echo "Installing Vedette into $(VENV) (a minute or two the first time)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/installed-dev: pyproject.toml | $(BIN)/python
	@echo "Installing Vedette and the test tools into $(VENV)"
	@$(PIP) --editable '.[dev]'
	@touch $(VENV)/installed $@
