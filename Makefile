# Every target starts from nothing: git, make and Python 3.11 with venv and pip are enough.
PYTHON  ?= python3.11
SERVICE ?=
PLAN    ?= P5
MESSAGE ?=
COMPOSE ?= docker compose
BENCH   ?=
UV      := 0.13.9
SYNCED  := .venv/.synced

.DEFAULT_GOAL := help
.PHONY: help setup up demo compose-story test test-fast check bench clauses docs migration clean

help: ## Show this text
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(SYNCED) ## Make .venv as uv.lock says

$(SYNCED): pyproject.toml uv.lock
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check uv==$(UV)
	.venv/bin/uv sync --frozen --quiet
	@touch $@

up: setup ## Leave the four services running on one port, with the demo's data
	test -f var/demo/demo.json || $(MAKE) --no-print-directory demo
	KEHOU_DATA_DIR=var/demo .venv/bin/kehou up

demo: setup ## Live through a term over HTTP, with a report: make demo PLAN=P2, P3 or P5
	.venv/bin/python -m tests.stories.demo $(PLAN)

compose-story: setup ## The demo's term in containers, some of them killed; needs Docker with Compose
	.venv/bin/python -m tests.stories.compose $(COMPOSE)

test: setup ## Every test, in three processes with a PostgreSQL and a RabbitMQ each
	.venv/bin/pytest --numprocesses 3 --dist worksteal

test-fast: setup ## The tests that need no server, in under a minute
	.venv/bin/pytest -m "not servers" tests/unit tests/contracts tests/guards

check: setup ## Style, types, imports, generated files, guards
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo
	.venv/bin/kehou docs --check
	.venv/bin/pytest --quiet tests/guards

bench: setup ## What the product costs beside bare libraries, on servers of its own; minutes, and a floor for each
	.venv/bin/python -m tests.bench $(BENCH)

clauses: setup ## Which clauses a passing test covers: make clauses SERVICE=vetting
	.venv/bin/python -m tests.clauses $(if $(SERVICE),--service $(SERVICE))

docs: setup ## Write the generated documents anew
	.venv/bin/kehou docs

migration: setup ## A migration from the tables: make migration SERVICE=vetting MESSAGE="add …"
	.venv/bin/kehou migration $(SERVICE) --message "$(MESSAGE)"

clean: ## Remove everything that is not in git
	rm -rf .venv var build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find services shared tests -name __pycache__ -prune -exec rm -rf {} +
