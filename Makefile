# make app   sets up .venv and starts the app on port 8501 (PORT= changes it)
# make test  sets up .venv and runs the linter and every test
# make fuzz  100,000 new cases of broken and hostile input; make test has 2,000, always the same
# make bench speed and load on this machine, as benchmarks/speed.md; an idle one, please: it takes ten minutes
# make audit asks a public database of advisories about every installed package

PORT ?= 8501
# The first Python that TensorFlow supports.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin

.PHONY: app test fuzz bench audit

app: .venv/app.installed
	$(BIN)/streamlit run streamlit_app.py --server.port $(PORT)

test: .venv/test.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest

# As many cases as wanted: CASES=1000000 make fuzz
CASES ?= 100000
fuzz: .venv/test.installed
	HCR_FUZZ_CASES=$(CASES) $(BIN)/python -m pytest -s tests/test_fuzz.py tests/test_fuzz_data.py tests/test_fuzz_stores.py

bench: .venv/test.installed
	$(BIN)/python -m benchmarks

audit: .venv/app.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	$(BIN)/pip-audit --local --strict

.venv/app.installed: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/test.installed: requirements.txt requirements-dev.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@ .venv/app.installed

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed: install it, or say PYTHON=/path/to/it"; exit 1; }
	$(PYTHON) -m venv .venv
