PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
LOCK   := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q

# Compiled kernels and fonts are cached inside the checkout: the commands below leave nothing outside it.
export XDG_CACHE_HOME := $(CURDIR)/$(VENV)/cache

.NOTPARALLEL:
.PHONY: demo test lint fix lock ship
demo: $(VENV)/.demo
	$(BIN)/xuequ demo --out out/demo
test: $(VENV)/.test
	$(BIN)/pytest -q -n 2
lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
fix: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "xuequ needs Python 3.11 or later: make PYTHON=python3.11")'
	$(PYTHON) -m venv --clear $(VENV)
$(VENV)/.demo: requirements.lock
$(VENV)/.test: requirements-dev.lock
$(VENV)/.%: $(VENV)/pyvenv.cfg pyproject.toml
	$(PIP) install --quiet --require-hashes -r $(filter %.lock,$^)
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@
lock:
	$(LOCK) --group build -o requirements.lock
	$(LOCK) --group dev --all-extras -c requirements.lock -o requirements-dev.lock
# The plan that the demo ships with, made anew: the public page shows it at once.
ship: $(VENV)/.demo
	$(BIN)/xuequ plan demo --seed 1 --threads 2 --time-limit 140 --out data/demo/plan
