PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
LOCK   := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q

.NOTPARALLEL:
.PHONY: demo test lint fix lock bench
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
