# Two commands are all a newcomer needs: `make serve` and `make test`. Each sets up what it needs.
SHELL := /bin/bash
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
RUN := $(UV) run --frozen
PORT ?= 8000
# A process for each core, four at most; whole files, in order, so that each process comes to the browser last.
PYTEST := OMP_NUM_THREADS=1 $(RUN) pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: help serve test check bench fuzz faults audit container setup browser

help: ## Show these lines
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

serve: $(UV) ## Install what is missing and open Facetscope on http://127.0.0.1:8000 (PORT=... to change)
	$(RUN) --no-dev python -m app serve --port $(PORT)

test: setup browser ## Lint, types and every test, those in a real browser too
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) pyright
	$(PYTEST)

check: setup ## Format, lint, types and the quick tests
	$(RUN) ruff format .
	$(RUN) ruff check --fix .
	$(RUN) pyright
	$(PYTEST) -m "not browser"

bench: setup ## Measure the promises that are ratios; ONLY=name for one of them
	$(RUN) python -m bench $(ONLY)

fuzz: setup ## Send generated input for as long as you like: broken pictures and forms, requests against the OpenAPI; TIMES=150
	FUZZ=$(or $(TIMES),150) OMP_NUM_THREADS=1 $(RUN) pytest -m fuzz --timeout 0

faults: setup ## Kill the server a hundred times on each database while people use it, fill its disk, keep it waiting; KILLS=100
	KILLS=$(or $(KILLS),100) OMP_NUM_THREADS=1 $(RUN) pytest tests/faults --timeout 0 --log-cli-level WARNING

audit: $(UV) ## Ask for known weaknesses of every locked package; needs the advisories of pypi.org
	$(UV) export --quiet --frozen --all-groups --all-extras --no-emit-project \
	  | $(UV) tool run pip-audit --strict --disable-pip --require-hashes --requirement /dev/stdin

container: setup ## Follow the Dockerfile without Docker, run what it makes, look inside; as root, with debootstrap
	$(RUN) python -m bench.container

setup: $(UV)
	$(UV) sync --frozen --quiet

# uv comes from PyPI into a folder of its own where it is not installed.
.uv/bin/uv:
	python3 -m venv .uv
	.uv/bin/pip install --quiet uv

browser: ## Install Chromium, and PostgreSQL to test on, where we may (as root, by apt); elsewhere say how
	@if command -v chromium chromium-browser google-chrome >/dev/null 2>&1 && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core postgresql >/dev/null; \
	elif command -v chromium chromium-browser google-chrome >/dev/null 2>&1; then :; \
	else echo "The browser tests need Chromium: install the package chromium, then run make test again." >&2; exit 1; fi
