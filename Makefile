# What a person types. `make` alone lists the targets.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
REPORT := .cache/tests.xml
# A Python of 3.11 or newer; found by itself when not named.
PYTHON ?=
# Test processes side by side, each with servers of its own; tests mostly wait, for servers and for other processes.
JOBS ?= 4
# More arguments for what a target runs: make demo ARGS=--once, make test ARGS='-k outbox', make lock ARGS=--upgrade
ARGS ?=

.PHONY: help
help: ## list these targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 22

.PHONY: demo
demo: $(VENV)/.runtime ## this computer and a sample city in the graph, answers, and the API (ARGS=--once: answer and end)
	@$(BIN)/landkarte demo $(ARGS)

.PHONY: test
test: tools servers lint types imports ## everything, on a real Kafka and a real Neo4j
	@mkdir -p $(dir $(REPORT))
	$(BIN)/pytest --numprocesses $(JOBS) --dist worksteal --junitxml=$(REPORT) $(ARGS)
	@$(BIN)/python scripts/not_run.py $(REPORT)

.PHONY: test-embedded
test-embedded: lint types imports ## what needs neither root nor Java; says what it did not run
	@mkdir -p $(dir $(REPORT))
	LANDKARTE_EMBEDDED_ONLY=1 $(BIN)/pytest --numprocesses $(JOBS) --dist worksteal --junitxml=$(REPORT) $(ARGS)
	@$(BIN)/python scripts/not_run.py $(REPORT)
	@echo "'make test' runs them all."

BENCH := .cache/bench-venv

.PHONY: bench
bench: tools servers $(VENV)/.dev $(BENCH)/.done ## measure, beside the bare driver and Cartography (ARGS='--only load --size small')
	$(BIN)/python -m benchmarks $(ARGS)

# Cartography has an environment and a lock of its own: it is measured against, and nothing here depends on it.
# Installed by uv: an older pip looks for a newer release wherever one asks for an extra, and finds no hash for it.
$(BENCH)/.done: requirements-bench.lock | $(VENV)/.dev
	@scripts/make-venv $(BENCH) $(PYTHON)
	@$(BIN)/uv pip install --no-config --quiet --python $(BENCH)/bin/python --require-hashes -r requirements-bench.lock
	@touch $@

.PHONY: all-run
all-run: ## after a test run: fail if a test was skipped
	@$(BIN)/python scripts/not_run.py --none $(REPORT)

.PHONY: lint
lint: $(VENV)/.dev ## ruff: format and rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

.PHONY: types
types: $(VENV)/.dev ## mypy, strict
	$(BIN)/mypy
	$(BIN)/mypy scripts/*.py

.PHONY: imports
imports: $(VENV)/.dev ## who may import whom
	$(BIN)/lint-imports

.PHONY: format
format: $(VENV)/.dev ## ruff: write the format and the safe fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: tools
tools: # Java, Maven, agents and more: as root installed, otherwise named
	@scripts/bring-test-tools
	@scripts/bring-vcsim

.PHONY: servers
servers: tools $(VENV)/.dev # the jars of Kafka and Neo4j, once
	@$(BIN)/python -c 'from tests.servers.process import POMS, fetch_jars; [fetch_jars(pom.parent.name) for pom in POMS.glob("*/pom.xml")]'

# One resolution for every Python from 3.11 on and every platform, each file with its hash, and no address of an index.
COMPILE := $(BIN)/uv pip compile --no-config --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command 'make lock' $(ARGS)

.PHONY: lock
lock: $(VENV)/.dev ## write the lock files after a change of dependencies (ARGS=--upgrade: newest versions)
	$(COMPILE) --extra dev --output-file requirements-dev.lock pyproject.toml
	$(COMPILE) --constraint requirements-dev.lock --output-file requirements.lock pyproject.toml
	printf 'cartography==0.143.0\n' | $(COMPILE) --output-file requirements-bench.lock -
	printf 'hatchling>=1.27\neditables\n' | $(COMPILE) --constraint requirements-dev.lock --output-file requirements-build.lock -

.PHONY: clean
clean: ## remove what was made: environment, caches, build results; never var/
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@scripts/make-venv $(VENV) $(PYTHON)

$(VENV)/.runtime: requirements.lock requirements-build.lock pyproject.toml | $(BIN)/python
	@echo "Installing what requirements.lock names"
	@$(PIP) install --require-hashes -r requirements.lock -r requirements-build.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing what requirements-dev.lock names"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
