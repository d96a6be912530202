# The commands of this project. `make run` and `make test` set everything up by themselves.
.PHONY: help run test test-fast check docs bench bench-ai lock clean
.DEFAULT_GOAL := help

PYTHON_IN_VENV := .venv/bin/python

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | while IFS='|' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

run: ## Everything in this terminal: PostgreSQL, Valkey, web, worker, beat, demo data
	@sh tools/environment.sh run
	@exec $(PYTHON_IN_VENV) -m loopin_backend.run --end-with-parent

test: ## The whole suite, on the same real servers
	@sh tools/environment.sh dev
	@exec $(PYTHON_IN_VENV) -m pytest

test-fast: ## The suite without what takes more than a few seconds
	@sh tools/environment.sh dev
	@exec $(PYTHON_IN_VENV) -m pytest -n 2 -m "not slow" -x

check: ## Lint, format, types, layers, migrations, deployment check, examples in docstrings
	@sh tools/environment.sh dev
	@sh tools/check.sh

docs: ## The documentation as pages, in build/docs
	@sh tools/environment.sh dev
	@$(PYTHON_IN_VENV) -m loopin_backend.reference
	@sh tools/docs.sh

EVENTS := 1000000
OUT := bench.json

bench: ## Every analysis beside ClickHouse and PostgreSQL: EVENTS=10000000 OUT=file.json
	@sh tools/environment.sh bench
	@exec .venv-bench/bin/python -m bench.lake --events $(EVENTS) --out $(OUT) $(OPTIONS)


DATA := data

bench-ai: ## Quality of the intelligence beside baselines: DATA=folder OUT=file.json
	@sh tools/environment.sh dev
	@exec $(PYTHON_IN_VENV) -m bench.ai --data $(DATA) --out $(OUT) $(OPTIONS)

lock: ## Write the lock files anew from requirements*.in
	@sh tools/environment.sh dev
	@sh tools/lock.sh

clean: ## Remove the environment and caches; the data in .loopin stays
	rm -rf build .venv .venv-bench .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .loopin-test*
