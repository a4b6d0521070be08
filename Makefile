# Everything here runs in .venv, made from requirements.txt on first use.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check bench gallery lock clean

demo: $(READY)  ## make 100 samples of 128k tokens and look at them
	$(RUN)/lcdata gen --task kv --length 128k --n 100 --out demo
	$(RUN)/lcdata inspect demo

test: $(READY)  ## the whole test suite
	$(RUN)/python -m pytest

check: $(READY)  ## lint, format and types
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/pyright

bench: $(READY)  ## speed and memory beside bounds and a peer; writes benchmarks/results.json
	$(RUN)/python benchmarks/gen.py
	$(RUN)/python benchmarks/tasks.py
	$(RUN)/python benchmarks/ingest.py

gallery: $(READY)  ## write docs/tasks.md from the tasks
	mkdir -p docs
	$(RUN)/lcdata tasks --markdown > docs/tasks.md

lock: $(READY)  ## pin the newest versions in requirements.txt
	$(RUN)/python -m pip install --quiet uv
	$(RUN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate \
		--output-file requirements.txt

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "lcdata needs Python 3.11 or newer: make PYTHON=python3.12")'
	test -x $(RUN)/python || $(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

clean:  ## remove what make made
	rm -rf $(VENV) demo .demo.lcdata build *.egg-info
