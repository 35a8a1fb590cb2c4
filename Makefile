# Everything starts here; `make` lists what there is. Needs Python 3.11 or newer, and make.

SHELL := /bin/sh
VENV_PYTHON := .venv/bin/python
NAME ?=
ARGS ?=
EXAMPLES ?= 5000

# Python may keep what it compiles, whatever the machine says: a run starts many processes, each of which would do it
# again, for a second.
export PYTHONDONTWRITEBYTECODE =

# The first Python that really runs (a pyenv shim may not) and is new enough; one with venv is preferred.
FIND_PYTHON = \
	for question in 'import ensurepip, venv, sys' 'import sys'; do \
		for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python; do \
			if "$$python" -c "$$question; sys.exit(sys.version_info < (3, 11))" 2>/dev/null; then \
				echo "$$python"; exit 0; \
			fi; \
		done; \
	done; \
	echo "No Python 3.11 or newer was found. Install one, or name it: make PYTHON=/path/to/python3" >&2; \
	exit 1

.PHONY: help venv venv-dev run test soak check bench bench-full shots clean

help:
	@echo "make run    start Plusdesk: servers, demo data, web, worker, beat (PORT=8000); Ctrl-C stops it"
	@echo "make test   run every test on servers of its own (ARGS='-k credit -x')"
	@echo "make soak   tell the ledgers of points and credit thousands of random stories (EXAMPLES=5000)"
	@echo "make check  ruff, mypy, missing migrations, unsafe migrations, bandit, settings of production, known faults of libraries"
	@echo "make bench  measure (NAME='import sweep' ARGS='--rows 100000 --json')"
	@echo "make bench-full  the desk with 15,000,000 members (ARGS='--members 150000 --firms 80000 --lots 600000 --keep')"
	@echo "make shots  take pictures of the pages"
	@echo "make clean  remove the virtual environment and caches; data in var/ stays"

venv:
	@python=$$($(FIND_PYTHON)) && "$$python" -m config.environment requirements.txt

venv-dev:
	@python=$$($(FIND_PYTHON)) && "$$python" -m config.environment requirements-dev.txt

run: venv
	@exec $(VENV_PYTHON) -m config.run

# Three processes for two processors: many tests wait for servers, for workers and for time that must pass.
test: venv-dev
	@$(VENV_PYTHON) -m config.messages
	@$(VENV_PYTHON) -m pytest -n 3 --dist loadgroup $(ARGS)

soak: venv-dev
	@$(VENV_PYTHON) -m config.messages
	@SOAK_EXAMPLES=$(EXAMPLES) $(VENV_PYTHON) -m pytest -n 0 tests/memberships/test_points_machine.py \
		tests/credit/test_credit_machine.py $(ARGS)

# Not linted: migrations that complete or reshape tables before the first version that runs anywhere with them. What comes
# after that version is linted without exception.
UNRELEASED = 0002_import 0011_programmes 0013_points_parts 0015_plan_moves 0016_orders 0021_references \
	0023_revision_base 0010_notices 0002_functions 0003_former_choice_groups 0004_owed_again 0008_campaigns 0010_staging \
	0040_staged_language

# Production with keys that nobody has, and servers that are not asked: what `check --deploy` looks at is the settings.
RANDOM = $$($(VENV_PYTHON) -c 'import base64, os; print(base64.b64encode(os.urandom($(1))).decode())')
PRODUCTION = PLUSDESK_PRODUCTION=1 ALLOWED_HOSTS=desk.example DATABASE_URL=postgres://localhost/none \
	REDIS_URL=redis://localhost SECRET_KEY="$(call RANDOM,64)" SECRETS_KEYS="$(call RANDOM,32)" \
	SECRETS_HASH_KEY="$(call RANDOM,32)"

check: venv-dev
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m mypy
	$(VENV_PYTHON) manage.py makemigrations --check --dry-run
	EXTRA_APPS=django_migration_linter $(VENV_PYTHON) manage.py lintmigrations --quiet ok \
		--include-apps operations memberships credit benefits partners --ignore-name $(UNRELEASED)
	$(VENV_PYTHON) -m bandit --quiet --configfile pyproject.toml --recursive manage.py config deploy operations memberships \
		credit benefits partners
	@$(PRODUCTION) $(VENV_PYTHON) manage.py check --deploy --fail-level WARNING
	@$(VENV_PYTHON) -m config.dependencies

bench: venv-dev
	@$(VENV_PYTHON) -m config.messages
	@$(VENV_PYTHON) benchmarks/run.py $(NAME) $(ARGS)

bench-full: venv-dev
	@$(VENV_PYTHON) -m config.messages
	@$(VENV_PYTHON) benchmarks/full.py $(ARGS)

shots: venv-dev
	@$(VENV_PYTHON) -m config.messages
	@$(VENV_PYTHON) -m tests.shots $(ARGS)

clean:
	rm -rf .venv .venv.lock .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
