# Every command that this project knows. Each target sets up what it needs.
#
#   make demo       the main job on this machine: events in, mails with screenshots out (STORE=firestore: on Firestore)
#   make test       all tests
#   make check      style, types, import floors, generated files
#   make new-list NAME=price_drops
#   make local      the local stack, until Ctrl-C; changes are live within seconds
#   make languages  the catalogues of pages and letters, after a change of their words
#   make docs       what is generated: parts of the documents, and the registry of the lists
#   make bench      how fast it is, against what users would pick instead
#   make soak       whether a mail gets lost when workers are killed and everything else goes wrong
#   make bench-million  a million subscribers in virtual time, through the real code
#   make bench-schedule  events raised by the hour, how late, and what they cost
#   make bench-stores  DynamoDB and Firestore side by side: audiences read, joins, leaves, and what they cost
#   make deploy ENV=dev
#   make help       this list

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

UV_VERSION := 0.13.9
LOCAL := .eventpost

# uv does not see pyenv's interpreters behind their shims, so a real 3.13 goes first on PATH.
PYENV_BIN := $(shell command -v pyenv >/dev/null 2>&1 && ls -d "$$(pyenv root)"/versions/3.13.*/bin 2>/dev/null | tail -n 1)
export PATH := $(if $(PYENV_BIN),$(PYENV_BIN):)$(CURDIR)/$(LOCAL)/uv/bin:$(PATH)
export UV ?= $(shell command -v uv 2>/dev/null || echo $(CURDIR)/$(LOCAL)/uv/bin/uv)
export SAM_CLI_TELEMETRY := 0
export EVENTPOST_CACHE := $(CURDIR)/$(LOCAL)/cache

RUN := $(UV) run --frozen --no-progress

.PHONY: help
help:
	@sed -n 's/^#   \(make .*\)/  \1/p' Makefile

# uv itself, where there is none: in a folder of its own, by the pip of whatever Python is here.
$(UV):
	python3 -m venv $(LOCAL)/uv
	$(LOCAL)/uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# Python 3.13 and the packages, as locked.
.venv/.synced: $(UV) pyproject.toml uv.lock
	$(UV) sync --frozen --no-progress --quiet
	@touch $@

.PHONY: setup
setup: .venv/.synced

# Where the demo and the local stack have their subscribers: dynamodb, or firestore.
STORE ?= dynamodb
.PHONY: demo
demo: setup
	$(RUN) eventpost demo --store $(STORE)

.PHONY: local
local: setup
	$(RUN) eventpost local --watch --store $(STORE)

# Side by side: what needs the local stack, of which there is one; all other tests; and `make check`.
.PHONY: test
test: setup
	$(RUN) eventpost setup
	@$(RUN) pytest -m "not local and not heavy" > $(LOCAL)/tests.log 2>&1 & others=$$!; \
	$(MAKE) --no-print-directory check > $(LOCAL)/check.log 2>&1 & check=$$!; \
	trap "kill $$others $$check" INT TERM; \
	$(RUN) pytest -m "local and not heavy"; failed=$$?; \
	wait $$others || failed=1; \
	wait $$check || failed=1; \
	cat $(LOCAL)/tests.log $(LOCAL)/check.log; exit $$failed

# The tests that need neither the local stack nor a browser: some minutes.
.PHONY: quick
quick: setup
	$(RUN) pytest -m "not local and not heavy" tests/unit tests/properties tests/contract tests/lists tests/template tests/test_docs.py

.PHONY: check
check: setup
	$(RUN) ruff format --check
	$(RUN) ruff check
	$(RUN) mypy
	@for app in functions/*/app.py; do $(RUN) mypy --no-error-summary $$app || exit 1; done  # all are called app
	$(RUN) lint-imports
	$(RUN) pytest -q tests/test_docs.py

.PHONY: fix
fix: setup
	$(RUN) ruff check --fix
	$(RUN) ruff format

# The layers' packages, as locked: run after a change of dependencies.
.PHONY: requirements
requirements: setup
	$(UV) lock
	$(UV) export $(EXPORT) --no-default-groups --output-file shared/requirements.txt
	$(UV) export $(EXPORT) --only-group capture --output-file functions/capture/requirements.txt
	$(UV) export $(EXPORT) --only-group firestore --output-file layers/firestore/requirements.txt
EXPORT := --quiet --frozen --no-emit-project --no-hashes --no-annotate --no-header

# What is generated from the declarations: the registry and the schemas of the lists, the APIs' documents, docs/events.md,
# docs/asyncapi.yaml, and parts of docs/reference.md. The mail API's document holds direct mail's schema, so it is later.
.PHONY: docs
docs: setup
	$(RUN) python -m eventpost_cli.registry
	$(RUN) python -m eventpost_cli.contract
	$(RUN) python -m eventpost_cli.api_document
	$(RUN) cog -r docs/reference.md

# The catalogues of pages and letters, from the templates' words: run after a change of words, then translate what is new.
.PHONY: languages
languages: setup
	$(RUN) python -m eventpost_cli.languages

.PHONY: new-list
new-list: setup
	@test -n "$(NAME)" || { echo "Say which: make new-list NAME=price_drops"; exit 2; }
	$(RUN) eventpost new-list $(NAME) $(OPTIONS)
	$(RUN) cog -r docs/reference.md

# SAM CLI and the Python that it builds with, as pinned for the local stack; see samconfig.toml for the environments.
SAM = PATH="$(CURDIR)/$(LOCAL)/tools/build/bin:$$PATH" $(LOCAL)/tools/sam/bin/sam
ENV ?= dev
.PHONY: deploy
deploy: setup
	$(RUN) eventpost setup
	$(SAM) build --config-env $(ENV)
	$(SAM) deploy --config-env $(ENV)

# Ratios against what users would pick instead, in benchmarks/results.json.
.PHONY: bench
bench: bench-cold-start bench-delivery bench-capture bench-schedule bench-stores

.PHONY: bench-cold-start
bench-cold-start: setup
	$(RUN) python -m benchmarks.cold_start

# Some minutes; what it drew and kept is in docs/pictures/delivery.svg and benchmarks/results.json.
.PHONY: bench-delivery
bench-delivery: setup
	$(UV) sync --frozen --inexact --no-progress --quiet --group bench
	$(RUN) --no-sync python -m benchmarks.delivery $(OPTIONS)

# Some four minutes, with the browser of this machine; the packed one is fetched once. OPTIONS=--no-cold leaves it out.
.PHONY: bench-capture
bench-capture: setup
	$(RUN) python -m benchmarks.capture $(OPTIONS)

# Some minutes, on the local stack and in virtual time; its figures are in benchmarks/results.json.
.PHONY: bench-schedule
bench-schedule: setup
	$(RUN) eventpost setup
	$(RUN) python -m benchmarks.schedule $(OPTIONS)

# Some five minutes, with the Firestore emulator; its figures are in benchmarks/results.json.
.PHONY: bench-stores
bench-stores: setup
	$(RUN) python -m benchmarks.stores $(OPTIONS)

# Some minutes; its figures are in benchmarks/results.json.
.PHONY: bench-million
bench-million: setup
	$(RUN) python -m benchmarks.million $(OPTIONS)

# Some hour in all, ended with 1 if a mail was lost; what it counted is in benchmarks/soak.json. See docs/soak.md.
.PHONY: soak
soak: setup heavy soak-capture soak-time soak-api
	$(RUN) python -m benchmarks.soak $(OPTIONS)

# The tests that `make test` has no time for: as others, with more pages, threads, fonts and bodies; and those of the
# local stack on the other store. Some three quarters of an hour.
.PHONY: heavy
heavy: setup
	$(RUN) eventpost setup
	$(RUN) pytest -m heavy
	$(RUN) pytest -m "local and not heavy" --store firestore

# Ten thousand messages of any kind through the lists' functions, in some twenty minutes; `make heavy` runs them too.
.PHONY: soak-fuzz
soak-fuzz: setup
	$(RUN) pytest -m heavy tests/properties/test_any_body.py

# Ten thousand pictures due and mailed by one machine, in some half an hour; see docs/soak.md.
.PHONY: soak-time
soak-time: setup
	$(RUN) eventpost setup
	$(RUN) python -m benchmarks.soak_time $(TIME_OPTIONS)

# Five hundred captures in some five minutes, each fifth of a page that misbehaves; see benchmarks/capture_soak.py.
.PHONY: soak-capture
soak-capture: setup
	$(RUN) python -m benchmarks.capture_soak $(CAPTURE_OPTIONS)

# The mail API under load while functions fail and SQS refuses, in some ten minutes; see docs/soak.md.
.PHONY: soak-api
soak-api: setup
	$(RUN) eventpost setup
	$(RUN) python -m benchmarks.soak_api $(API_OPTIONS)
