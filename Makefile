# One door to everything: `make help` lists the targets. Each works on a fresh machine with Python >= 3.11, make and git.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST_ARGS ?=
GENERATE_API = $(BIN)/kubewright generate-api schemas/kubernetes --output kubewright/api --types-table codegen/plan/kubernetes_types.json

.PHONY: help setup generate generate-api check demo test test-all lint format types contracts bench soak corpus envtest conformance constraints clean

help:  ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP)  ## make the virtual environment and install everything, pinned

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python >= 3.11 is needed; say which: make setup PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

generate: setup  ## regenerate generated/ from schemas/
	$(BIN)/kubewright generate

generate-api: setup  ## regenerate kubewright/api/ (the built-in kinds) from schemas/kubernetes/
	$(GENERATE_API)

check: setup  ## fail, with a diff, when generated/ or kubewright/api/ is stale
	$(BIN)/kubewright generate --check
	$(GENERATE_API) --check

demo: setup generate  ## the main job, shown: CRD -> code -> API server -> controller at work
	$(BIN)/python -m examples.demo

test: setup  ## the tests (a few minutes)
	$(BIN)/python -m pytest -n 2 -m "not slow and not conformance" $(PYTEST_ARGS)

test-all: setup  ## all tests, also those that build wheels and environments or read the whole corpus
	$(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

lint: setup  ## ruff and black on what is written by hand
	$(BIN)/ruff check .
	$(BIN)/black --check --quiet . || { echo "run: make format"; exit 1; }

format: setup  ## let ruff and black put things right
	$(BIN)/ruff check --fix .
	$(BIN)/black --quiet .

types: setup  ## mypy --strict and pyright strict
	$(BIN)/mypy kubewright codegen generated examples tests
	$(BIN)/pyright --warnings

contracts: setup  ## the floors of the house (import-linter)
	$(BIN)/lint-imports

bench: setup  ## measure beside client-go and the Python peers; writes docs/benchmarks.md
	$(BIN)/python -m benchmarks

soak: setup  ## 30 minutes of faults on 50,000 objects; prints memory, threads, sockets
	$(BIN)/python -m benchmarks.soak

corpus: setup  ## the generator on every CRD of ../shared/crds; prints the table
	$(BIN)/python -m tests.corpus

envtest: setup  ## build kube-apiserver, etcd and kubectl into the per-user cache (needs Go; some minutes once)
	$(BIN)/python -m kubewright.testing.envtest build

conformance: setup  ## the conformance suite on the embedded and on the real API server
	$(BIN)/python -m pytest -n 0 tests/conformance $(PYTEST_ARGS)

constraints: setup  ## write constraints.txt from the present environment
	@{ sed -n '/^#/p' constraints.txt; $(BIN)/python -m pip freeze --exclude-editable; } > constraints.new && mv constraints.new constraints.txt

clean:  ## remove the virtual environment and all caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks .import_linter_cache dist build
