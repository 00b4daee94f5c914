# make help lists what can be made. Each target does all the set-up it needs, in .venv, and only once; make bench has an
# environment of its own, since nothing that serves or tests a page may lean on what it is measured beside.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench
# durable-rules compiles a C module; on Python 3.13 and later only with this definition (its setup.py ignores CFLAGS).
INSTALL = CPPFLAGS="$(CPPFLAGS) -DPyEval_CallObject=PyObject_CallObject" $(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --require-hashes

.PHONY: help run test check figures measure bench guard lighthouse promises proof sbom audit wheel clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run: $(VENV)/run ## serve the guide on http://127.0.0.1:8000
	@$(BIN)/python -m triage serve

test: $(VENV)/test ## ruff, mypy and all tests
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet . && $(BIN)/mypy && $(BIN)/python -m pytest -n auto

check: $(VENV)/run ## say everything that is wrong with the rules
	@$(BIN)/python -m triage check

figures: $(VENV)/test ## 20,000 random assessments: do engine and witness agree, does memory stay flat?
	@$(BIN)/python -m tests.figures

guard: $(VENV)/run ## what the hot paths cost in instructions, beside what was recorded last (about a minute; needs valgrind)
	@$(BIN)/python -m benchmarks.guard

measure: $(VENV)/test ## every sheet, code, paper and word measured, as tables (about a quarter of an hour)
	@$(BIN)/python -m tests.sheets && $(BIN)/python -m tests.codes && $(BIN)/python -m tests.papers && $(BIN)/python -m tests.finder

bench: $(BENCH)/bench ## how fast it is, beside a floor and beside others, in the same run; writes the README's tables (a quarter of an hour)
	@$(BENCH)/bin/python -m benchmarks --record

lighthouse: $(VENV)/test ## Lighthouse's figures of start, question and summary, while make run is up (needs Node and Chromium)
	@$(BIN)/python -m tests.lighthouse

promises: $(VENV)/test ## what the guide promises, measured on the real stack: one line each, or why it is not measured here
	@$(BIN)/python -m tests.promises --record

proof: $(VENV)/test ## prove the rules anew, try every wrong edit, compare the readings, and record it all (about half an hour)
	@$(BIN)/python -m triage verify --record && $(BIN)/python -m triage verify --mutate --record && \
		$(BIN)/python -m triage verify --compare 200000 --record

sbom: $(VENV)/test ## write deploy/sbom.cdx.json, the bill of materials, anew from the lock file
	@$(BIN)/python -m tests.sbom

audit: $(VENV)/test ## ask pip-audit about the locked packages; says NOT AUDITED where it could not look
	@$(BIN)/python -m tests.audit

wheel: $(VENV)/run ## build the wheel into dist/
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

clean: ## remove what was made
	rm -rf $(VENV) $(BENCH) dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis

# -- set-up: one stamp file for each lock file ---------------------------------------------------------------------------

%/base: requirements/build.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or newer is needed: install it (Debian/Ubuntu: apt install python3 python3-venv), or name one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "Python's venv module is needed: install it (Debian/Ubuntu: apt install python3-venv)."; exit 1; }
	@command -v $${CC:-cc} >/dev/null || command -v gcc >/dev/null || command -v clang >/dev/null || { \
		echo "A C compiler is needed for durable-rules: install one (Debian/Ubuntu: apt install gcc python3-dev; Fedora: dnf install gcc python3-devel; macOS: xcode-select --install)."; exit 1; }
	@$(PYTHON) -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' || { \
		echo "Python's C headers are needed for durable-rules: install them (Debian/Ubuntu: apt install python3-dev; Fedora: dnf install python3-devel)."; exit 1; }
	@echo "Setting up $(@D) (once; about a minute)..."
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt
	@touch $@

$(VENV)/run: $(VENV)/base requirements/run.txt
	@$(INSTALL) -r requirements/run.txt
	@touch $@

$(VENV)/test: $(VENV)/run requirements/test.txt
	@$(INSTALL) -r requirements/test.txt
	@touch $@

$(BENCH)/bench: $(BENCH)/base requirements/bench.txt
	@$(INSTALL) -r requirements/bench.txt
	@touch $@
