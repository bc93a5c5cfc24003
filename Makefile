# Everything a clone needs. `make test` and `make demo` set themselves up; nothing is written outside .venv and temporary directories.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The first interpreter that is new enough; `make PYTHON=...` overrides.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# The tests start hundreds of processes; none should have to compile what the one before compiled.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
STAMP := .venv/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help setup demo test check coverage soak client bench lock clean kafka-demo chaos bench-kafka

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 16

setup: $(STAMP) ## make .venv from the hashed lock file

# The stamp is written last, so an interrupted set-up starts again.
$(STAMP): requirements/dev.txt pyproject.toml
	@if [ -z "$(PYTHON)" ]; then echo 'bothways needs Python 3.11 or newer: install it, or name one with make PYTHON=...' >&2; exit 1; fi
	@echo "setting up .venv (about a minute the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) install --require-hashes --only-binary :all: -r requirements/dev.txt
	@PYTHONWARNINGS=ignore $(PIP) install --no-deps --no-index --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## play a synthetic programme year and write its report
	@data="$$(mktemp -d "$${TMPDIR:-/tmp}/bothways-demo.XXXXXX")" && echo "data directory: $$data" && $(BIN)/bothways demo --open --data "$$data"

# Two processes where there are two cores; PYTEST_ARGS='-n 0' is one. What must stay in one process is in tests/sharing.py.
PROCESSES := $(shell [ "$$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)" -gt 1 ] && echo 2 || echo 0)
test: $(STAMP) ## run every test; pytest's closing line comes last
	@$(BIN)/python -m pytest -n $(PROCESSES) $(PYTEST_ARGS)

check: $(STAMP) ## every gate but the tests: format, lint, types, layout, pages
	@$(BIN)/python -m ops.check

coverage: $(STAMP) ## show which lines of the pure rooms the tests of the rules don't reach
	@$(BIN)/python -m coverage run -m pytest -q tests/unit tests/topology $(PYTEST_ARGS)
	@$(BIN)/python -m coverage report

soak: $(STAMP) ## play 200 simulated years and check every invariant; attack 1,000 secrets of each kind; random tests, ten times as deep
	@$(BIN)/python -m tests.simulation.soak $(SOAK_ARGS)
	@$(BIN)/python -m tests.privacy.attack $(ATTACK_ARGS)
	@BOTHWAYS_DEPTH=10 BOTHWAYS_STORIES=120 BOTHWAYS_REQUIRE_FLIPS=600 BOTHWAYS_REQUIRE_RANDOM_KILLS=500 \
		$(BIN)/python -m pytest -n $(PROCESSES) --timeout 3600 tests/unit tests/topology tests/model tests/simulation tests/recovery $(DEEP_ARGS)

client: $(STAMP) ## generate a client from the schemas alone; it reads a demo and answers, and the engine takes it
	@cmp -s requirements/client.txt .venv/client/installed.txt || { echo 'setting up .venv/client' >&2 && \
		$(PYTHON) -m venv .venv/client && \
		.venv/client/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --only-binary :all: \
			-r requirements/client.txt && \
		cp requirements/client.txt .venv/client/installed.txt; }
	@$(BIN)/python -m ops.client

# The peers get an environment of their own: what they depend on may not decide what the engine runs with.
bench: $(STAMP) ## measure the embedded engine beside what one would pick instead
	@cmp -s requirements/bench.txt .venv/peers/installed.txt || { echo 'setting up .venv/peers' >&2 && \
		$(PYTHON) -m venv .venv/peers && \
		.venv/peers/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --only-binary :all: \
			-r requirements/bench.txt && \
		cp requirements/bench.txt .venv/peers/installed.txt; } || echo 'the peers could not be installed; they are left out' >&2
	@$(BIN)/python -m ops.bench embedded $(BENCH_ARGS)

kafka-demo: $(STAMP) ## play the year over a real broker with two workers, and prove it from the topics (Java, Maven)
	@$(BIN)/python -m ops.kafka.demo $(DEMO_ARGS)

chaos: $(STAMP) ## kill, freeze and restart workers and the broker under load, then verify (Java, Maven; minutes)
	@$(BIN)/python -m ops.kafka.chaos --shell thin $(CHAOS_ARGS)
	@$(BIN)/python -m ops.kafka.chaos --shell faust $(CHAOS_ARGS)

bench-kafka: $(STAMP) ## measure the Kafka runtime beside Kafka Streams, Quix and Faust (Java, Maven; minutes)
	@cmp -s requirements/bench-kafka.txt .venv/peers-kafka/installed.txt || { echo 'setting up .venv/peers-kafka' >&2 && \
		$(PYTHON) -m venv .venv/peers-kafka && \
		.venv/peers-kafka/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --only-binary :all: \
			-r requirements/bench-kafka.txt && \
		cp requirements/bench-kafka.txt .venv/peers-kafka/installed.txt; } || echo 'Quix could not be installed; it is left out' >&2
	@$(BIN)/python -m ops.bench.kafka shell $(BENCH_ARGS)
	@$(BIN)/python -m ops.bench.kafka engine $(BENCH_ARGS)
	@$(BIN)/python -m ops.bench.kafka scaling $(BENCH_ARGS)

# Needs uv (https://docs.astral.sh/uv). The lock files hold hashes and no address of an index.
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --quiet
lock: ## make the lock files again from pyproject.toml
	@$(LOCK) --output-file requirements/run.txt
	@$(LOCK) --extra dev --extra kafka --extra fast --extra exact --output-file requirements/dev.txt
	@$(LOCK) --extra kafka --output-file requirements/kafka.txt
	@$(LOCK) --extra fast --output-file requirements/fast.txt
	@$(LOCK) --extra exact --output-file requirements/exact.txt
	@$(subst pyproject.toml,requirements/client.in,$(LOCK)) --output-file requirements/client.txt

clean: ## remove what tools left behind, .venv included; data directories stay
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist ./*.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
