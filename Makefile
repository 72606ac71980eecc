# What a contributor runs. Every target works on a fresh clone that has only git, make, cc, Python 3.11+ with venv, node and npm.
PYTHON ?= python3
PYTEST_WORKERS ?= auto

VENV := .venv
BIN := $(VENV)/bin
QUIETLY := tools/quietly
NPM_CI := npm ci --ignore-scripts --no-audit --no-fund
PEERS := .cache/peers
PYTHON_AGENTS := .cache/aider/.ready .cache/mini-swe-agent/.ready
CODE := src tests tools $(wildcard bench)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-19s %s\n", $$1, $$2 }'

demo: $(VENV)/.run-ready agents ## Run the main job end to end: no key, no account
	@COPILOT_CLI_PATH="$${COPILOT_CLI_PATH:-$(CURDIR)/.cache/copilot-runtime/copilot-runtime}" $(BIN)/deputize demo

sandbox: ## Bring bubblewrap, with which the sandbox is made, where that can be had
	@tools/bring_bubblewrap

setup: $(VENV)/.dev-ready ## Make .venv with everything that development needs
	@:

agents: .cache/copilot-ready ## Fetch the real agent program that the demo and the tests drive
	@:

agents-real: tools/agents-real/node_modules/.ready $(PYTHON_AGENTS) ## Fetch the heavier agent programs of test-real
	@:

test: setup agents check ## Run all checks and all tests but the heaviest
	@$(BIN)/pytest -m "not real" -n $(PYTEST_WORKERS)

test-real: setup agents agents-real ## Run the tests that drive heavier real agent programs
	@$(BIN)/pytest -m real

check: setup ## Format, lint, types, layers, sizes, SQL and text
	@$(QUIETLY) "format" $(BIN)/ruff format --check $(CODE) || { echo 'hint: make format' >&2; exit 1; }
	@$(QUIETLY) "lint" $(BIN)/ruff check $(CODE)
	@$(QUIETLY) "types" $(BIN)/mypy $(CODE)
	@$(QUIETLY) "layers" $(BIN)/lint-imports
	@$(BIN)/python tools/check_sizes.py $(CODE)
	@$(BIN)/python tools/check_sql.py src
	@$(BIN)/python tools/check_text.py

format: setup ## Put all Python files in shape
	@$(BIN)/ruff check --quiet --fix --exit-zero $(CODE)
	@$(BIN)/ruff format $(CODE)

bench: bench-add bench-plan bench-queue bench-start bench-idle bench-agents bench-gate ## Print every figure against its bar

bench-add bench-plan bench-queue bench-start bench-idle bench-agents bench-gate: bench-%: setup
	@$(BIN)/python -m bench.$*

bench-queue: $(PEERS)/.ready

bench-agents: agents

docs: setup ## Write the pages of docs/ that are made from the code
	@$(BIN)/python -m deputize.surfaces.cli.reference > docs/cli.md.new
	@mv docs/cli.md.new docs/cli.md

news: setup ## Show what the next release's notes will say
	@$(BIN)/towncrier build --draft --version next

lock: setup ## Choose dependencies anew and write the lock files
	@tools/lock $(BIN)/uv

clean: ## Remove everything that make has made
	rm -rf $(VENV) .cache node_modules tools/agents-real/node_modules build dist
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

$(BIN)/python:
	@$(QUIETLY) "making $(VENV)" tools/make_venv "$(PYTHON)" $(VENV)

$(VENV)/.run-ready: requirements/run.txt pyproject.toml | $(BIN)/python
	@$(QUIETLY) "installing deputize" tools/install $(BIN)/python requirements/run.txt
	@touch $@

$(VENV)/.dev-ready: requirements/dev.txt pyproject.toml | $(BIN)/python
	@$(QUIETLY) "installing deputize and its development tools" tools/install $(BIN)/python requirements/dev.txt
	@touch $(VENV)/.run-ready $@

# The queues that ours is measured beside. Where they can't be had, the bench says so and does without.
$(PEERS)/.ready: requirements/bench.txt
	@$(QUIETLY) "making $(PEERS)" tools/make_venv "$(PYTHON)" $(PEERS)
	@$(QUIETLY) "installing the queues to measure beside" $(PEERS)/bin/python -m pip install \
		--disable-pip-version-check --require-hashes --requirement requirements/bench.txt \
		&& touch $@ || true

node_modules/.ready: package.json package-lock.json .npmrc
	@$(QUIETLY) "fetching agent programs (190 MB)" $(NPM_CI)
	@touch $@

.cache/copilot-ready: node_modules/.ready tools/unpack_copilot
	@$(QUIETLY) "unpacking the Copilot runtime" tools/unpack_copilot .cache
	@touch $@

tools/agents-real/node_modules/.ready: tools/agents-real/package.json tools/agents-real/package-lock.json tools/agents-real/.npmrc
	@$(QUIETLY) "fetching heavier agent programs (1.4 GB)" $(NPM_CI) --prefix tools/agents-real
	@tools/require_agents
	@touch $@

# Agents in Python, each in an environment of its own. Where one can't be had, its tests are skipped.
$(PYTHON_AGENTS): .cache/%/.ready: requirements/%.txt
	@$(QUIETLY) "making .cache/$*" tools/make_venv "$(PYTHON)" .cache/$*
	@$(QUIETLY) "installing $* (700 MB)" .cache/$*/bin/python -m pip install \
		--disable-pip-version-check --require-hashes --requirement requirements/$*.txt \
		&& touch $@ || true

.PHONY: help demo sandbox setup agents agents-real test test-real check format bench bench-add bench-plan bench-queue bench-start bench-idle bench-agents bench-gate docs news lock clean
