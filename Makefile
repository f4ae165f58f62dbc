# Every target makes its environment itself, so on a machine with Python and make
# `make demo` and `make test` are all there is to do.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PROGRAMS ?= 50000
QUICK = -a rounds=1 -a repeat=3 -a sample_time=0.01 -a warmup_time=0

.PHONY: demo test lint bench table docs fuzz clean

demo: $(VENV)/ready
	$(BIN)/python -m engine demo

test: $(VENV)/ready
	$(BIN)/python -m pytest

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# A quick look. For comparable figures: `cd asv_benchmarks && asv run`.
bench: $(VENV)/ready
	cd asv_benchmarks && $(abspath $(BIN))/asv machine --yes
	cd asv_benchmarks && $(abspath $(BIN))/asv run --show-stderr $(QUICK) \
		--environment existing:$(abspath $(BIN))/python

# The table of docs/performance.md, on this machine. Libraries of the extra `bench` that
# are not installed are left out: `.venv/bin/python -m pip install -e ".[bench]"`.
table: $(VENV)/ready
	$(BIN)/python asv_benchmarks/table.py $(ROWS)

docs: $(VENV)/ready-docs
	$(BIN)/python docs/operations.py > docs/operations.md
	$(BIN)/python docs/numpy_names.py > docs/numpy-names.md
	$(BIN)/mkdocs build --strict
	@echo "The documentation is in build/site/index.html"

# The random programs of the tests, many more of them.
fuzz: $(VENV)/ready
	ENGINE_FUZZ_PROGRAMS=$(PROGRAMS) $(BIN)/python -m pytest -k fuzz

clean:
	rm -rf $(VENV) build dist *.egg-info docs/operations.md

$(VENV)/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Making $(VENV) with all that the demo and the tests need (some minutes)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $@

$(VENV)/ready-docs: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[docs]"
	@touch $@
