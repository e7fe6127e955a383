# Every target sets up what it needs; the default lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
EXTRA ?= cpu
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
# A file's tests share a worker, which makes what they share once; in the order of their folders, since the longest come first there.
# A thread each: more would spin on the two cores that the workers share.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder
READY := $(VENV)/.ready-$(EXTRA)
# Containers often switch bytecode off: each of the many processes would then compile torch, TRL and vLLM anew, some 20 s each.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup demo test test-long test-fast lint types format docs lock wheel clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) java  ## Install what is missing: uv, the hash-locked environment, Java, Delta's jars; unpack the model in the box, make the static embedder, archive Spark's classes
	@$(BIN)/python -c "from lake.engines.jars import delta_jars; from lake.settings import settings; delta_jars(settings().cache)"
	@# each takes a core for most of a minute, once a machine; without the archive Spark only starts later, and why is told
	@$(BIN)/python -W ignore -c "from texts.embed.embedder import open_embedder; from lake.settings import settings; open_embedder('static', settings().cache)" & static=$$!; \
	$(BIN)/python -c "from lake.cli.main import guarded; from lake.engines.class_archive import make_class_archive; from lake.settings import settings; guarded(lambda: make_class_archive(settings().cache))" & classes=$$!; \
	$(BIN)/python -c "from lake.models.embedded import embedded_folder; from lake.settings import settings; embedded_folder(settings().cache)" && wait $$static && wait $$classes

.PHONY: java browser object-server postgres
java:
	@bash scripts/java.sh

browser:
	@bash scripts/browser.sh

object-server: setup
	@bash scripts/object_server.sh

postgres: setup
	@bash scripts/postgres.sh

$(READY): requirements/$(EXTRA).txt requirements/uv.txt pyproject.toml
	@bash scripts/environment.sh $(PYTHON) $(VENV) $(EXTRA)
	@touch $@

demo: setup  ## Land the demo's raw files, materialise every asset, print what came out
	@$(BIN)/python -m demo

test: setup browser  ## Run the tests but the long ones, two at a time: no GPU, hub or server needed
	@$(PYTEST) -m "not long"

test-long: setup browser object-server postgres  ## Run the long tests: soaks, processes that are killed over and over, a cluster over an object store, Postgres
	@$(PYTEST) -m long

test-fast: setup  ## Run the tests that start neither Spark nor a model
	@$(PYTEST) tests/unit

lint: setup  ## Check style, imports between packages and the style budget
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports

types: setup  ## Check types
	@$(BIN)/basedpyright

format: setup  ## Rewrite the sources in the project's style
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

docs: setup  ## Write docs/cli.md and docs/cli.schema.json anew from the command line
	@$(BIN)/python scripts/cli_docs.py

lock: $(READY)  ## Renew both locks from pyproject.toml
	@bash scripts/lock.sh

wheel: setup  ## Build the wheel in dist/, to be installed beside the libraries of a lock
	@$(BIN)/python -m hatchling build -t wheel

clean:  ## Remove the environment; the lake in .mixlake stays
	@rm -rf $(VENV) .tools
