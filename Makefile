# One word per action; CI runs the same lines (.ci/run). Everything that an action needs is set up
# by the first one that is called, in .venv, from requirements/dev.txt with its hashes checked.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint bench format lock clean

ARGS ?=
PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
READERS := $(VENV)/deploy

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  ARGS=… is passed on: make demo ARGS=--once, make test ARGS='-k stripe', make lock ARGS=--upgrade"
	@echo "  PYTHON=… names the interpreter to make $(VENV) from: make test PYTHON=python3.12"

demo: $(STAMP) ## show webhooks turning into pins, in a sandbox; ends with Ctrl-C, or by itself with ARGS=--once
	@$(BIN)/pinbridge demo $(ARGS)

test: $(STAMP) ## run every test, on two processes
	@$(BIN)/python -m pytest --numprocesses=2 --dist=loadgroup $(ARGS)

lint: $(STAMP) $(READERS)/.installed ## check the format, the rules, the types, the direction of imports and the files to deploy by
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(READERS)/bin/hadolint Dockerfile deploy/Dockerfile deploy/lambda/Dockerfile
	@$(READERS)/bin/check-jsonschema --quiet --builtin-schema vendor.compose-spec deploy/compose.yaml
	@$(READERS)/bin/kubernetes-validate --strict --quiet $(filter-out %/kustomization.yaml,$(wildcard deploy/kubernetes/*.yaml))
	@$(READERS)/bin/cfn-lint deploy/lambda/template.yaml

bench: $(STAMP) ## measure against a control in the same run; takes up to 40 minutes, ARGS="--only ingest" less (Linux)
	@$(BIN)/python -m benchmarks $(ARGS)

format: $(STAMP) ## rewrite the sources in the house format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: $(STAMP) ## pin the dependencies of pyproject.toml, with hashes
	@bin/lock $(BIN)/python $(ARGS)

clean: ## remove what the other actions made
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is written last: a run that was broken off starts again where it has to.
$(STAMP): requirements/dev.txt pyproject.toml bin/setup
	@bin/setup $(VENV) "$(PYTHON)"
	@touch $@

# What reads the files to deploy by is large, and needed by nothing else.
$(READERS)/.installed: requirements/deploy.txt | $(STAMP)
	@echo "Setting up $(READERS), which reads the files to deploy by."
	@$(BIN)/python -m venv --clear $(READERS)
	@$(READERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
		--require-hashes --requirement $<
	@touch $@
