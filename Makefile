# make run    set everything up and open marops on http://localhost:8501
# make test   set up what the tests need and run all of them
# make lint   ruff, pyright, import-linter
# make lock   resolve the dependencies anew (versions and hashes, no addresses)

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile

.PHONY: run setup setup-dev test lint lock sample words bench bench-import

run: setup
	$(BIN)/marops run

setup: .venv/ready

# The environment is made anew only when what it is made from changes.
.venv/ready: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	touch $@

setup-dev: .venv/ready-dev

# Compiled once: the tests start thousands of processes, also where Python is told to keep nothing it compiles.
.venv/ready-dev: .venv/ready requirements-dev.lock
	$(PIP) --require-hashes -r requirements-dev.lock
	$(BIN)/python -c "import compileall, sysconfig; compileall.compile_dir(sysconfig.get_path('purelib'), quiet=2, workers=0)"
	$(BIN)/python -m tests.browsers
	$(BIN)/python -m tests.connections.mariadb
	$(BIN)/python -m tests.sources.postgres
	touch $@

test: setup-dev
	$(BIN)/python -m compileall -q marops
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

lock:
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
		pyproject.toml --group build -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
		pyproject.toml --group build --group dev -c requirements.lock -o requirements-dev.lock

sample: setup
	$(BIN)/marops sample --out sample_data

# The catalogue of every message, from which translations are made.
words: setup
	$(BIN)/pybabel --quiet extract --no-default-keywords -k text -k message -k ntext:1,2 --omit-header --no-location --sort-output \
		-o marops/locale/marops.pot marops pages

bench: setup-dev
	$(BIN)/python -m bench

bench-import: setup-dev
	$(BIN)/python -m bench cases import
