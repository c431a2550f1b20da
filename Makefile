# `make` alone prints the targets. Everything is installed into .venv; nothing outside this folder is touched.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help run dev demo screenshots test long faults lint format bench model requirements audit clean

install := @sh tools/install
python := .venv/bin/python
# How many tests run at once; many of the long ones wait more than they work.
TEST_WORKERS ?= 2

help: ## print this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1:\2/p' Makefile | while IFS=: read -r target what; do printf '%-18s%s\n' "$$target" "$$what"; done

run: ## install what is missing and start Parley; STREAMLIT_SERVER_PORT chooses the port
	$(install) run --try model
	@exec $(python) -m core serve

dev: ## the same, reading changed files again by itself
	$(install) run dev --try model
	@STREAMLIT_SERVER_FILE_WATCHER_TYPE=auto exec $(python) -m core serve

demo: ## make up a company of 40 people with a year of talk (once, into data-demo/) and start Parley on it
	$(install) run --try model
	@$(python) -m core demo-year --serve $(ARGS)

screenshots: ## take the pictures of the README again, from a demo of a day that stays the same
	$(install) run dev --try model
	@$(python) tools/screenshots.py $(ARGS)

test: ## run the tests, but for the long ones; fails when less than 90 % of core/ is covered
	$(install) run dev --try model
	@$(python) -m pytest -m "not long" -n $(TEST_WORKERS) --dist loadgroup -p tests.support.coverage

long: ## run what takes long: processes and PostgreSQL killed, faults of a provider, flows in browsers, whole properties
	$(install) run dev --try model
	@PROPERTIES=whole $(python) -m pytest -m "long or property" -n $(TEST_WORKERS) --dist loadgroup

faults: ## kill processes and PostgreSQL again and again while answers are written; about a quarter of an hour
	$(install) run dev
	@FAULT_ROUNDS=all $(python) -m pytest tests/faults --verbose

lint: ## style, format, types and the direction of imports
	$(install) run dev
	@$(python) -m ruff check .
	@$(python) -m ruff format --check .
	@$(python) -m mypy
	@.venv/bin/lint-imports

format: ## put the code into its format and mend what can be mended by itself
	$(install) run dev
	@$(python) -m ruff format .
	@$(python) -m ruff check --fix .

bench: ## measure Parley beside its floors, all of it, into docs/benchmarks.md; ARGS="--quick --only append" for a look
	$(install) run dev --try model
	@$(python) -m tests.bench $(or $(ARGS),--write docs/benchmarks.md)

model: ## install the embedded model
	$(install) run model

requirements: ## compile requirements*.txt again; ARGS=--upgrade for newer versions
	$(install) run dev
	@$(python) -m uv --version >/dev/null 2>&1 || $(python) -m pip install --quiet --disable-pip-version-check uv
	@for name in requirements requirements-dev; do \
		$(python) -m uv pip compile --quiet --universal --python-version 3.11 --no-header $(ARGS) $$name.in -o $$name.txt || exit; \
	done

audit: ## look the pinned packages up among the known vulnerabilities; says so when the data can't be reached
	$(install) run dev
	@$(python) -m uv --version >/dev/null 2>&1 || $(python) -m pip install --quiet --disable-pip-version-check uv
	@$(python) tools/audit.py $(ARGS)

clean: ## take away .venv and every cache; data/ stays
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis test-results
	@find . -name __pycache__ -type d -not -path './data/*' -prune -exec rm -rf {} +
