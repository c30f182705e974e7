# Everything a fresh machine needs to rehearse a cluster, to test and to check. Nothing needs root.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# The system's python3, or a later one beside it where that is too old.
PYTHON ?= $(or $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$each; break; fi; done),python3)
VENV := .venv
BIN := $(VENV)/bin

# Newer than all that it depends on when the set-up is complete, and made last of all.
SETUP_DONE := $(VENV)/.setup-done
SETUP_INPUTS := pyproject.toml requirements/uv.txt requirements/development.txt

PACKAGES := rackwright stacks operators rehearsal bench docs
TIERS := pure mocked control_plane
# A test that takes this long (seconds) hangs: the slowest brings up a whole cluster.
TEST_TIMEOUT_S := 600
# The search for mutants that no test kills ends after this long (seconds); the next one goes on where it ended.
MUTANTS_TIMEOUT_S := 1800

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url

.PHONY: help setup tools rehearse test mutants bench check lint format-check types imports spelling docs format lock clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(SETUP_DONE) ## Set up .venv with the locked dependencies and the rackwright command
	@:

$(SETUP_DONE): $(SETUP_INPUTS)
	@missing() { echo "make setup: $$1" >&2; exit 1; }
	command -v git >/dev/null || missing "git is missing; install it (Debian, Ubuntu: apt install git)."
	command -v $(PYTHON) >/dev/null || missing "$(PYTHON) is missing; install Python 3.11 or later, or name one with PYTHON=…"
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || missing "$(PYTHON) is older than 3.11; install a later Python, or name one with PYTHON=…"
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || missing "$(PYTHON) lacks its venv module; install it (Debian, Ubuntu: apt install python3-venv)."
	# Two set-ups at once take turns, where the system has flock.
	if command -v flock >/dev/null; then exec 9>.setup.lock; flock 9; fi
	# An environment whose making was interrupted has no working pip: start afresh.
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/uv.txt
	export VIRTUAL_ENV="$$PWD/$(VENV)"
	# Compiled once here, as each program that the engine starts would otherwise compile the SDKs anew wherever Python may
	# not write bytecode (PYTHONDONTWRITEBYTECODE, a read-only environment).
	$(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes requirements/development.txt
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

tools: setup ## Build the rehearsal's tools that are missing, into the per-user cache
	@$(BIN)/python -m rehearsal.tools build

rehearse: setup ## Rehearse a cluster end to end on this machine (ARGS="--gpus 256 --keep")
	@$(BIN)/rackwright rehearse $(ARGS)

# What the tests reach of lines and branches is reported, with one figure for all tiers; COVERAGE=no saves a third of the
# pure tier's time.
COVERAGE ?= yes
COVERAGE_OPTIONS := $(if $(filter yes,$(COVERAGE)),--cov --cov-report=)

# Tests of the first two tiers share nothing, so each processor has some. Those of the third share a control plane, which
# takes seconds to make and 2 GiB: two of them, and the files of tests go to either.
WORKERS ?= auto
CONTROL_PLANES ?= 2

# Each tier runs by itself, so that one without tests fails (pytest's exit status 5), and all of
# them run, so that one report shows all failures.
test: setup tools ## Run the tests, tier by tier (ARGS="-x")
	@results=() failed=0
	rm -f .coverage*
	stray=0; $(BIN)/pytest -q --collect-only -m 'not ($(subst $() , or ,$(TIERS)))' >.pytest_cache.stray 2>&1 || stray=$$?
	case $$stray in
	5) rm .pytest_cache.stray ;;
	*) cat .pytest_cache.stray; rm .pytest_cache.stray; echo "Every test needs one of the markers $(TIERS), and all must be importable." >&2; exit 1 ;;
	esac
	output=$$(mktemp); trap 'rm -f "$$output"' EXIT
	color=no; if [ -t 1 ]; then color=yes; fi
	shared_out='-n $(WORKERS) --dist worksteal'
	declare -A options=([pure]=$$shared_out [mocked]=$$shared_out [control_plane]='-n $(CONTROL_PLANES) --dist loadfile --no-loadscope-reorder')
	for tier in $(TIERS); do
	  echo "== tests: $$tier"
	  status=0
	  COVERAGE_FILE=.coverage.$$tier $(BIN)/pytest --color=$$color --timeout=$(TEST_TIMEOUT_S) $(COVERAGE_OPTIONS) $${options[$$tier]} -m $$tier $(ARGS) | tee "$$output" || status=$$?
	  case $$status in 0) verdict=passed ;; 5) verdict='FAILED: no test ran' ;; *) verdict=FAILED ;; esac
	  if [ $$status -ne 0 ]; then failed=1; fi
	  results+=("$$(printf '%-14s %-20s %s' $$tier "$$verdict" "$$(tail -n 1 "$$output" | tr -d '=')")")
	done
	echo "== tests: totals"
	printf '%s\n' "$${results[@]}"
	if [ "$(COVERAGE)" = yes ]; then
	  $(BIN)/coverage combine --quiet >/dev/null || failed=1
	  printf '%-14s %s %% of lines and branches (%s)\n' coverage "$$($(BIN)/coverage report --format=total)" '$(BIN)/coverage report says which not'
	fi
	exit $$failed

mutants: setup ## Change decisions and specs in many small ways, and list what no test notices (ARGS="operators.gang*")
	@status=0; timeout --signal=INT $(MUTANTS_TIMEOUT_S) $(BIN)/mutmut run $(ARGS) || status=$$?
	if [ $$status -ne 0 ] && [ $$status -ne 124 ]; then exit $$status; fi
	echo "== mutants: survivors (mutmut show NAME)"; $(BIN)/mutmut results | grep -Ev ': (killed|not checked)$$' || echo none

bench: setup ## Time the search for a layout, on one core
	@$(BIN)/python -m bench.search

check: lint format-check types imports spelling docs ## Check style, types, layers, spelling and the site

lint: setup
	@echo "== ruff check"; $(BIN)/ruff check .

format-check: setup
	@echo "== ruff format"; $(BIN)/ruff format --check .

types: setup
	@echo "== mypy"; $(BIN)/mypy --num-workers auto --strict --explicit-package-bases $(PACKAGES) tests

imports: setup
	@echo "== import-linter"; $(BIN)/lint-imports

spelling: setup
	@echo "== codespell"; git ls-files -z -- '*.py' '*.md' '*.toml' '*.yaml' '*.j2' Makefile .ci | xargs -0 $(BIN)/codespell

docs: setup ## Build the site of docs/ into site/
	@echo "== mkdocs"; NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

format: setup ## Format the code and mend what ruff can mend
	@$(BIN)/ruff check --fix .; $(BIN)/ruff format .

lock: setup ## Compile pyproject.toml's dependencies and groups into the locks (ARGS="--upgrade")
	@$(LOCK) $(ARGS) --group uv --output-file requirements/uv.txt
	$(LOCK) $(ARGS) --group go --output-file requirements/go.txt
	$(LOCK) $(ARGS) --constraint requirements/uv.txt pyproject.toml --group dev --output-file requirements/development.txt
	# The image has what was tested.
	$(LOCK) $(ARGS) --constraint requirements/development.txt --group operator --output-file requirements/operator.txt

clean: ## Remove .venv and the checkout's caches (the tools in the per-user cache stay)
	@rm -rf $(VENV) .setup.lock .coverage* site mutants .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
