# Two commands do everything on a machine with Python 3.11 or newer and make:
#   make report     the report of the bundled trial
#   make test       checks, tests and notebooks
# Between two edits:
#   make quick      the tests without the long ones
# Before a release, and in continuous integration:
#   make test-all   also simulations, whole runs and installations, and more examples of each property
# What all of them miss:
#   make fuzz       damaged files, for SECONDS of processor time a reader
# make test-portable runs the tests of what computes under the kernels of other processors.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
REPORT ?= report
SECONDS ?= 60
EXAMPLES ?= 200
PACKAGE = $(shell find botox_analysis -name '*.py')

# Each worker has one core: its linear algebra starts no threads of its own. What a worker compiles, the next one reads.
export OPENBLAS_NUM_THREADS ?= 1
unexport PYTHONDONTWRITEBYTECODE
PYTEST = $(BIN)/python -m pytest -n auto --dist worksteal

# every, or one: that which differs most from this machine's own
KERNELS ?= every

.PHONY: report quick test checks tests test-all test-portable test-pandas2 fuzz notebooks docs lock clean

report: $(VENV)/installed
	$(BIN)/botox-analysis report simulated --out $(REPORT)

quick: $(VENV)/installed
	$(PYTEST) -m "not slow and not long"

test: checks tests

test-all: checks
	$(PYTEST) --hypothesis-profile=full

checks: $(VENV)/installed
	$(BIN)/ruff format --check botox_analysis tests benchmarks conftest.py
	$(BIN)/ruff check botox_analysis tests benchmarks conftest.py
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m numpydoc.hooks.validate_docstrings $(PACKAGE)

tests: $(VENV)/installed
	$(PYTEST) -m "not slow" --hypothesis-profile=test

# The tests of numerics, models, reports and simulated files, with linear algebra as on three other processors, and with numpy's own
# loops and the C library as on an older one.
test-portable: $(VENV)/installed
	$(BIN)/python tests/kernels.py $(KERNELS)

# The tests with the older pandas that is supported, in an environment of its own.
test-pandas2:
	$(PYTHON) -m venv .venv-pandas2
	.venv-pandas2/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	.venv-pandas2/bin/python -m pip install --quiet --disable-pip-version-check "pandas>=2.3,<2.4"
	.venv-pandas2/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	.venv-pandas2/bin/python -m pytest -n auto -m "not slow"

# Failures are kept as small files in tests/fuzz/corpus, where the tests replay them. Where atheris has no wheel, properties only.
fuzz: $(VENV)/installed
	FUZZ_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest tests/fuzz
	@if $(BIN)/python -c 'import atheris' 2> /dev/null; then $(BIN)/python -m tests.fuzz.run --seconds $(SECONDS); \
	else echo "atheris has no wheel for this machine: the properties were tried, and no damaged files"; fi

# Runs the notebooks and keeps what they print and draw.
notebooks: $(VENV)/installed
	$(BIN)/python notebooks/run.py

# Writes docs/frames.md from the schemas of the frames.
docs: $(VENV)/installed
	$(BIN)/python -m tests.frames.test_schemas

$(VENV)/installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "botox_analysis needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# Needs uv: pins the versions and hashes of everything, for every Python the project supports.
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url --quiet --output-file requirements.lock

clean:
	rm -rf $(VENV) .venv-pandas2 $(REPORT) build dist .fuzz
