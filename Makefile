# Two commands: `make demo` and `make test`. They need Python 3.10 or newer and make, nothing else.
# Another Python: make demo PYTHON=/path/to/python3.12

PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11 python3.10,$(shell \
	$(name) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo $(name))))
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --use-pep517

.PHONY: help demo test bench docs lock clean

help:
	@echo "make demo   install into $(VENV), verify the equations, build the kernels, fit real data"
	@echo "make test   install into $(VENV) with the test tools, run every check and the whole suite"
	@echo "make bench  install into $(VENV) with JAX, PyTorch and PyTensor, time the kernels beside them (about ten minutes)"
	@echo "make docs   run the commands shown in README.md and ARCHITECTURE.md again, write their output"
	@echo "make lock   renew requirements/*.txt (needs uv)"
	@echo "make clean  remove $(VENV) and caches"

demo: $(VENV)/demo-installed
	$(BIN)/eqc demo

test: $(VENV)/test-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n auto

bench: $(VENV)/bench-installed
	$(BIN)/python -m benchmarks

docs: $(VENV)/test-installed
	$(BIN)/python docs/regenerate.py README.md ARCHITECTURE.md

# A stamp is newer than its lock only when everything in the lock was installed.
$(VENV)/%-installed: requirements/%.txt pyproject.toml $(VENV)/made
	$(INSTALL) -r $<
	$(INSTALL) --no-deps --editable .
	@touch $@

$(VENV)/made:
	@test -n "$(PYTHON)" || { echo "no Python 3.10 or newer found; name one: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# One lock for Python 3.10 and newer: where a package needs a newer Python, markers choose the version.
lock:
	for extra in demo test bench; do \
		uv pip compile --quiet --universal --python-version 3.10 --no-emit-index-url --no-header --no-annotate \
			--extra $$extra pyproject.toml --output-file requirements/$$extra.txt; \
	done

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
