# make demo and make test do all the set-up; CI calls the same words. PYTHON names another python3 (3.11 or newer).
PYTHON ?= python3
BIN := .venv/bin
export HF_HUB_OFFLINE := 1

.PHONY: demo test check web bench docs

demo: .venv/demo      ## translate the article's sentence with the model that ships, and look at what "it" attends to
	$(BIN)/glassformer info en-de
	$(BIN)/glassformer translate "The animal didn't cross the street because it was too tired."
	$(BIN)/glassformer look "The animal didn't cross the street because it was too tired" --terminal --token it

test: .venv/all       ## every test that this machine can run
	$(BIN)/python -m pytest

check: .venv/all      ## style, types, who may import whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: .venv/bench    ## measure: each benchmark answers one question, rows go to benchmarks/results/
	for question in recording attention_memory lengths page page_live; do $(BIN)/python benchmarks/$$question.py || exit 1; done

docs: .venv/all       ## write the generated pages of docs/ again
	$(BIN)/python docs/generate.py

web: .venv/all        ## build the page, with the Node.js that is here or else the one of PyPI
	$(BIN)/python -c 'import pathlib, hatch_build; hatch_build.build_page(pathlib.Path.cwd())'

.venv/demo: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e .
	touch $@

.venv/bench: .venv/all
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[bench]'
	touch $@

.venv/all: .venv/demo
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[test,check]'
	touch $@
