# make demo and make test do all the set-up; CI calls the same words. PYTHON names another python3 (3.11 or newer).
PYTHON ?= python3
BIN := .venv/bin
BENCH := .venv-bench/bin
PEERS := .venv-peers/bin
SCHEMATHESIS = $(PEERS)/schemathesis run http://127.0.0.1:5151/openapi.json --checks not_a_server_error --max-examples 20 --seed 1 --request-timeout 60
PAGE := src/glassformer/page/built/index.html
SENTENCE := "The animal didn't cross the street because it was too tired"
export HF_HUB_OFFLINE := 1

.PHONY: peers demo test check web site bench bench-gpu docs soak fuzz

demo: .venv/demo      ## translate the article's sentence with the model that ships, and save the page with the model in it in animal.html
	$(BIN)/glassformer info en-de
	$(BIN)/glassformer translate "The animal didn't cross the street because it was too tired."
	$(BIN)/python -c 'import torch' 2>/dev/null && $(BIN)/glassformer look $(SENTENCE) --terminal --token it || true
	$(MAKE) --no-print-directory $(PAGE) || echo "The page cannot be built here: without it this is all."
	test ! -f $(PAGE) || $(BIN)/glassformer look $(SENTENCE) --save animal.html
	@test ! -f $(PAGE) || echo "The page with every number of this sentence lies in $(CURDIR)/animal.html"
	@test ! -f $(PAGE) || test -z "$$DISPLAY$$WAYLAND_DISPLAY" || ! command -v xdg-open >/dev/null || xdg-open animal.html || echo "It could not be opened here: open it in a browser."

test: .venv/all       ## every test that this machine can run; those in a browser need Chromium, one of them the site of `make site`
	$(MAKE) --no-print-directory $(PAGE) || echo "The page cannot be built here: its tests in a browser are skipped."
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: .venv/all      ## style, types, who may import whom; of the page, too
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -c 'import hatchling' 2>/dev/null || $(BIN)/pip install -q --disable-pip-version-check -c constraints.txt hatchling
	$(BIN)/python hatch_build.py check

bench: .venv-bench/all ## measure, beside the peers: each benchmark answers one question, rows go to benchmarks/results/ (free cores; 35 minutes)
	$(BENCH)/python benchmarks/training_speed.py
	$(BENCH)/python benchmarks/decoding_speed.py
	$(BENCH)/python benchmarks/engines.py
	for question in attention_kernels attention_memory recording lengths page page_live page_alone; do \
		$(BENCH)/python benchmarks/$$question.py || exit 1; done
	$(BENCH)/python benchmarks/tables.py

bench-gpu: .venv-bench/all ## training on a GPU, beside the peers: run it once (8 minutes; needs CUDA)
	$(BENCH)/python benchmarks/gpu.py

peers: .venv-peers/all .venv-libretranslate/all ## other people's programs, in environments of their own: what loads our exports, clients and a fuzzer of glassformer serve, Ray, LibreTranslate's server (twenty minutes)
	$(PEERS)/python -m pytest -n 0 tests/interop/test_onnx.py tests/ray tests/bulk
	$(PEERS)/python benchmarks/exports.py
	$(PEERS)/glassformer serve en-de --port 5151 & server=$$!; \
		$(PEERS)/python benchmarks/clients.py http://127.0.0.1:5151 && $(SCHEMATHESIS); found=$$?; kill $$server; exit $$found
	$(PEERS)/python benchmarks/shards.py --lines 2000 --longest 200 --ray --drivers 1
	$(PEERS)/python benchmarks/serving.py --only beam1 --seconds 5 --libretranslate .venv-libretranslate/bin/python

soak: .venv/all       ## the faults at length: 200 kills, ten minutes of people who type; writes docs/reliability.md (half an hour)
	GLASSFORMER_FAULTS=benchmarks/results/reliability.jsonl $(BIN)/python -m pytest tests/faults tests/fuzz
	$(BIN)/python benchmarks/kills.py --kills 200
	$(BIN)/python docs/generate.py

fuzz: .venv/fuzz      ## look for bytes that break a door, a minute each; SECONDS=600 for longer
	for door in corpus compressed ratio text tokenizer checkpoint wrong_types trace request headers foreign pickled package; do $(BIN)/python -m tests.fuzz.fuzz $$door $(or $(SECONDS),60) || exit 1; done

docs: .venv/all       ## write the generated pages of docs/ again
	$(BIN)/python docs/generate.py

web: $(PAGE)          ## build the page, with the Node.js that is here or else the one of PyPI

# Also when a file has gone: then its folder is newer than the page.
$(PAGE): hatch_build.py $(wildcard web/*.*) $(shell find web/src 2>/dev/null) | .venv/demo
	@echo "Building the page. The first time this takes a minute or two."
	$(BIN)/python -c 'import hatchling' 2>/dev/null || $(BIN)/pip install -q --disable-pip-version-check -c constraints.txt hatchling
	$(BIN)/python hatch_build.py

site: web             ## the page and the shipped models as a static web site, in site/
	$(BIN)/glassformer site site

.venv/demo: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e .
	touch $@

.venv/all: .venv/demo
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[test,check]'
	# tests/demo: a dictionary, without the parser that it was made with, which wants an old lxml
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt --no-deps german-nouns
	touch $@

# The peers have an environment of their own: they are installed without what they require, which names an older torch.
.venv-bench/all: pyproject.toml constraints.txt benchmarks/peers.txt benchmarks/fairseq.txt
	test -x $(BENCH)/python || $(PYTHON) -m venv .venv-bench
	$(BENCH)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[bench]'
	$(BENCH)/pip install -q --disable-pip-version-check --no-deps -r benchmarks/peers.txt
	$(BENCH)/pip install -q --disable-pip-version-check --no-deps -r benchmarks/fairseq.txt || echo "without fairseq"
	touch $@

# Argos Translate without what it requires: spaCy and others, for a division into sentences that is not used here.
.venv-peers/all: pyproject.toml constraints.txt benchmarks/clients.txt
	test -x $(PEERS)/python || $(PYTHON) -m venv .venv-peers
	$(PEERS)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[onnx,parquet,ray,test]' deepl==1.32.0 libretranslatepy==2.1.4 schemathesis==4.32.5
	$(PEERS)/pip install -q --disable-pip-version-check --no-deps -r benchmarks/clients.txt
	touch $@

# LibreTranslate brings an Argos Translate of its own.
.venv-libretranslate/all:
	test -x .venv-libretranslate/bin/python || $(PYTHON) -m venv .venv-libretranslate
	.venv-libretranslate/bin/pip install -q --disable-pip-version-check libretranslate==1.9.6
	touch $@

.venv/fuzz: .venv/all
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[fuzz]'
	touch $@
