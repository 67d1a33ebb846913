# Prosopon's verbs. A machine with Python 3.11 or 3.12 and make is enough: each verb sets up what it needs in .venv, under
# the versions of requirements.lock, and does so again only when pyproject.toml or the lock changed.

VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv pip install --quiet --compile-bytecode --python $(VENV) -c requirements.lock
PINS := pyproject.toml requirements.lock

TEXT ?= Hello [happy] everyone! I'm [excited] to share this news with you.
PORTRAIT ?= preset:astronaut
OUTPUT ?= demo/hello.mp4
CONFIG ?= lightweight
PORT ?= 8000
WEB_PORT ?=
ARGS ?=
# Two processes, each of which computes in one thread: more only get in each other's way.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadgroup
# What kills and restarts a service, and what drives browsers, runs afterwards, side by side, whatever failed before.
LAST := tests/serve/faults tests/web
APART := $(LAST:%=--ignore %)
THEN := ; failed=$$?; test $$failed = 2 || $(PYTEST) $(LAST) && exit $$failed  # 2: interrupted
export TEXT PORTRAIT OUTPUT
# Tools that look at what is installed, in an environment of their own.
SUPPLY := $(VENV)-supply
# Checksums and noise, as every one of their lines would tell.
UNSCANNED := ':!requirements.lock' ':!tests/fuzz/seeds' ':!tests/fuzz/findings' ':!frontend/reflex.lock' ':!.secrets.baseline'

# The first Python that is 3.11 or 3.12 and can make virtual environments.
PYTHON ?= $(shell for p in python3.11 python3.12 python3; do \
  "$$p" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' \
  2>/dev/null && echo "$$p" && break; done)

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test test-web check format fuzz bench chaos load manifests check-cluster checkov licences sbom scan \
  baseline lock clean
.DELETE_ON_ERROR:

help: ## this list
	@echo "make VERB, where VERB is one of"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 12

setup: $(VENV)/.light ## .venv with the light set (no torch); then .venv/bin/prosopon
	@echo "Ready: $(BIN)/prosopon --help"

demo: $(VENV)/.light ## a video through a local Ray Serve graph (TEXT=, PORTRAIT=, OUTPUT=)
	@$(BIN)/python -m serve_app.demo "$$TEXT" --portrait "$$PORTRAIT" --output "$$OUTPUT"

serve: $(VENV)/.web ## the service and its web app on this machine (CONFIG=, PORT=, WEB_PORT=)
	@$(BIN)/prosopon serve --config $(CONFIG) --port $(PORT) $(if $(WEB_PORT),--web-port $(WEB_PORT))

ifdef FAST
test: $(VENV)/.light-dev ## every test with every CPU engine; FAST=1: the light set; ARGS= for pytest
	$(PYTEST) $(or $(ARGS),$(APART)$(THEN))
else
test: $(VENV)/.full
	$(PYTEST) $(or $(ARGS),--all-engines $(APART)$(THEN))
endif

test-web: $(VENV)/.web $(VENV)/.light-dev ## only the web app in a browser (Debian: apt install chromium)
	OMP_NUM_THREADS=1 $(BIN)/pytest tests/web $(ARGS)

check: $(VENV)/.full ## ruff and mypy, which reads the types of every engine's libraries
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.light-dev ## lays the code out
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

fuzz: $(VENV)/.light-dev ## damaged input for every decoder and endpoint, hours; SERVED=1: through Ray Serve (CASES=, ARGS="--only NAME")
	$(BIN)/python -m tests.fuzz $(if $(SERVED),--served) --cases $(or $(CASES),$(if $(SERVED),500,10000)) $(ARGS)

bench: $(VENV)/.bench ## measures this machine, with a report: hours; QUICK=1: minutes (ARGS="--output FOLDER")
	$(BIN)/prosopon bench $(if $(QUICK),--quick) $(ARGS)

chaos: $(VENV)/.light-dev ## kills every part of the service while it works: is anything lost? (ARGS="--jobs 100")
	$(BIN)/python -m benchmarks.chaos $(ARGS)

load: $(VENV)/.light ## the service under 80 % and 300 % of its capacity, a quarter of an hour (ARGS="--minutes 10")
	$(BIN)/python -m benchmarks.load $(ARGS)

manifests: $(VENV)/.light-dev ## cluster/overlays and cluster/compose anew, from configs/
	$(BIN)/python -m cluster.render

# Not part of check: Azure's types alone take mypy minutes.
check-cluster: $(VENV)/.full ## mypy over cluster/
	$(BIN)/mypy -p cluster

CHECKOV := $(VENV)-checkov/bin/checkov

checkov: $(VENV)/.light-dev $(CHECKOV) ## another opinion on the manifests of cluster/, by a tool in an environment of its own
	$(BIN)/pytest -p no:cacheprovider -q tests/unit/cluster/test_checkov.py

$(CHECKOV): | $(BIN)/uv
	@$(BIN)/uv venv --quiet --clear $(VENV)-checkov
	@$(BIN)/uv pip install --quiet --no-config --python $(VENV)-checkov 'checkov>=3.3,<4'

licences: $(VENV)/.light $(SUPPLY)/.tools ## licences of all packages that are installed, and of weights that can be pulled
	@$(SUPPLY)/bin/pip-licenses --python $(BIN)/python --order license --with-urls --format markdown
	@COLUMNS=200 $(BIN)/prosopon models list

sbom: $(SUPPLY)/.tools ## build/sbom.json: everything of requirements.lock, as CycloneDX writes it
	@mkdir -p build
	@$(SUPPLY)/bin/python -W ignore -m cyclonedx_py requirements requirements.lock --pyproject pyproject.toml \
	  --output-reproducible --output-format JSON --output-file build/sbom.json
	@echo "build/sbom.json"

scan: $(SUPPLY)/.tools ## secrets in the repository that .secrets.baseline does not know as harmless; NETWORK=1: known vulnerabilities too
	@cp .secrets.baseline $(SUPPLY)/known  # where lines have moved it is written anew, which is code 3
	@git ls-files -z -- . $(UNSCANNED) | xargs -0 sh -c '$(SUPPLY)/bin/detect-secrets-hook --no-verify \
	  --baseline $(SUPPLY)/known "$$@" > $(SUPPLY)/told || test $$? = 3 || { cat $(SUPPLY)/told; exit 1; }' scan
	$(if $(NETWORK),$(SUPPLY)/bin/pip-audit --requirement requirements.lock --no-deps --disable-pip)

baseline: $(SUPPLY)/.tools ## .secrets.baseline anew, when what scan found is harmless
	@git ls-files -z -- . $(UNSCANNED) | xargs -0 $(SUPPLY)/bin/detect-secrets scan --no-verify > $(SUPPLY)/baseline
	@mv $(SUPPLY)/baseline .secrets.baseline

lock: $(BIN)/uv ## requirements.lock anew, with the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	  --upgrade --no-header --no-annotate --quiet --output-file requirements.lock

clean: ## removes .venv and everything else that can be made again
	rm -rf $(VENV) $(VENV)-checkov $(SUPPLY) build demo .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Sets of packages, each with a stamp.

$(BIN)/uv:
	@test -n "$(PYTHON)" || { echo "Prosopon needs Python 3.11 or 3.12 with venv (Debian: apt install python3-venv); \
	or name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Making $(VENV) with $(PYTHON)"
	@"$(PYTHON)" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(VENV)/.light: $(PINS) | $(BIN)/uv
	@echo "Installing the light set: 1.8 GB on disk, seconds to a few minutes"
	@$(UV) -e '.[light]'
	@touch $@

$(VENV)/.web: $(VENV)/.light
	@echo "Installing the web app: 0.4 GB on disk"
	@$(UV) -e '.[light,web]'
	@touch $@

$(VENV)/.bench: $(VENV)/.light
	@$(UV) -e '.[light,bench]'
	@touch $@

$(VENV)/.light-dev: $(VENV)/.light
	@$(UV) -e '.[light,dev]'
	@touch $@

$(SUPPLY)/.tools: | $(BIN)/uv
	@$(BIN)/uv venv --quiet $(SUPPLY)
	@$(BIN)/uv pip install --quiet --no-config --python $(SUPPLY) 'cyclonedx-bom>=7,<8' 'detect-secrets>=1.5,<2' \
	  'pip-licenses>=5,<6' 'pip-audit>=2.9,<3'
	@touch $@

# By pip, and first: pip may be set up with a CPU build on this machine, which uv would not see; uv then keeps it.
$(VENV)/.torch: $(PINS) | $(BIN)/uv
	@echo "Installing torch: 0.9 GB on disk (CPU), more where pip finds only the CUDA build"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock torch
	@touch $@

$(VENV)/.full: $(VENV)/.torch $(VENV)/.light-dev
	@echo "Installing every CPU extra: 2.8 GB on disk altogether, one to five minutes"
	@$(UV) -e '.[cpu,dev]'
	@touch $@
