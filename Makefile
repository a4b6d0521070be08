# Everything here runs in .venv, made from requirements.txt on first use.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
READY := $(VENV)/.ready
TRAINERS := $(VENV)/.trainers
READERS := $(VENV)/.readers
NODE := tests/packers/files/readers
TORCH := torch==2.13.0

define WRITE_REFERENCE
from pathlib import Path
from lcdata.__main__ import cli
from lcdata.pipelines.commands.words.reference import pages
for name, text in pages(cli).items():
    Path("docs", name).write_text(text)
endef
export WRITE_REFERENCE

.PHONY: demo demo-recipe demo-publish test check trainers readers bench chaos chaos-service figures gallery lock clean

demo: $(READY)  ## make 100 samples of 128k tokens and look at them
	$(RUN)/lcdata gen --task kv --length 128k --n 100 --out demo
	$(RUN)/lcdata inspect demo

demo-recipe: $(READY)  ## build a curriculum of three tasks and a corpus: your own with CORPUS=FILES
	$(RUN)/lcdata build recipes/demo.yaml $(if $(CORPUS),--set 'ingest.0.inputs=[$(CORPUS)]') --store demo-store --out demo-recipe
	$(RUN)/lcdata verify demo-recipe
	$(if $(wildcard $(TRAINERS)),$(RUN)/lcdata check demo-recipe --for trl,@echo 'make trainers, and then this again, to run its rows through TRL')

demo-publish: $(READY)  ## build on two nodes into S3, report, push, stream back and verify; all of it on this machine
	PYTHONPATH=tests$${PYTHONPATH:+:$$PYTHONPATH} $(RUN)/python tests/demo_publish.py

test: $(READY)  ## the whole test suite, first what needs no cluster, by three processes, of which some wait
	$(RUN)/python -m pytest -m "not cluster" -n 3 --dist loadfile
	$(RUN)/python -m pytest -m cluster

trainers: $(TRAINERS)  ## add torch, transformers and TRL, which tests/pipelines/proving/trainers and `lcdata check` run

readers: $(READERS)  ## add what tests/packers/files/test_other_readers.py reads rows with: Rust, JavaScript, Lance, Vortex

check: $(READY)  ## lint, format, types, and what may import what
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/pyright
	$(RUN)/lint-imports --no-logo --no-cache
	$(RUN)/deptry .

bench: $(TRAINERS)  ## speed and memory beside bounds and a peer; writes benchmarks/results.json
	$(RUN)/python benchmarks/gen.py
	$(RUN)/python benchmarks/tasks.py
	$(RUN)/python benchmarks/ingest.py
	$(RUN)/python benchmarks/packing.py
	$(RUN)/python benchmarks/reupload.py

chaos-service: $(READY)  ## servers and builds of the service killed KILLS times at random moments
	cd tests && ../$(RUN)/python -m chaos.service $(or $(KILLS),100)

chaos: $(READY)  ## kills, refused file operations and flipped bits, with the table of docs/reliability.md
	cd tests && ../$(RUN)/python -m chaos.campaign $(or $(BITS),100) $(OPERATIONS)

figures: $(READY)  ## measure what can be guessed of every task's presets, and what they need, for docs/tasks.md
	$(RUN)/python -c 'from lcdata.pipelines.proving.figures import write_figures; write_figures()'

gallery: $(READY)  ## write the pages of docs/ that tell of tasks, commands and files, the recipes' schema and the tour
	$(RUN)/lcdata tasks --markdown > docs/tasks.md
	$(RUN)/python -c "$$WRITE_REFERENCE"
	$(RUN)/lcdata schema > recipes/recipe.schema.json
	$(RUN)/python tests/notebooks.py docs/tour.ipynb

lock: $(READY)  ## pin the newest versions in requirements.txt
	$(RUN)/python -m pip install --quiet uv
	$(RUN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate \
		--output-file requirements.txt
	echo "torch; python_version < '3'" | $(RUN)/uv pip compile pyproject.toml --extra train --override /dev/stdin \
		--constraint requirements.txt $$(sed -n '/; sys_platform ==/!s/^\([A-Za-z0-9_.-]*\)==.*/--no-emit-package \1/p' requirements.txt) \
		--universal --python-version 3.11 --upgrade \
		--generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate \
		--output-file requirements-train.txt
	$(RUN)/uv pip compile pyproject.toml --extra readers \
		--constraint requirements.txt $$(sed -n 's/^\([A-Za-z0-9_.-]*\)==.*/--no-emit-package \1/p' requirements.txt) \
		--universal --python-version 3.11 --upgrade \
		--generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate \
		--output-file requirements-readers.txt
	cd $(NODE) && npm install --package-lock-only --silent

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "lcdata needs Python 3.11 or newer: make PYTHON=python3.12")'
	test -x $(RUN)/python || $(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# Of torch there is a build for each kind of accelerator, so pip chooses one and no hash can name it.
$(TRAINERS): $(READY) requirements-train.txt
	$(RUN)/python -m pip install --quiet --disable-pip-version-check "$(TORCH)"
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-train.txt
	touch $@

$(READERS): $(READY) requirements-readers.txt $(NODE)/package-lock.json
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-readers.txt
	cd $(NODE) && npm ci --silent --no-audit --no-fund
	touch $@

clean:  ## remove what make made
	rm -rf $(VENV) $(NODE)/node_modules demo demo-published .demo.lcdata demo-recipe demo-store .demo-recipe.lcdata build *.egg-info
