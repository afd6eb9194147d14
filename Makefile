# The table of contents. `make` prints it. Every target takes STUDY=studies/x.toml.
STUDY ?= studies/mini.toml
CORPORA_DIR ?=
SET ?=
PY := .venv/bin/python
PYTHON ?= python3

# LANG is also everybody's locale variable: only `make data LANG=fi` (command line) means a language.
ifeq ($(origin LANG),command line)
LANGUAGES := --lang $(LANG)
endif
export LC_ALL := C.UTF-8
export PYTHONUTF8 := 1
unexport LANG
ifneq ($(CORPORA_DIR),)
export CORPORA_DIR
endif
OPTIONS := $(if $(DRY_RUN),--dry-run) $(if $(SET),--set '$(SET)')

.DEFAULT_GOAL := help
.PHONY: help setup data train report doctor publish demo test check torture bench clean

help:  ## show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  STUDY=studies/open.toml picks the study (default $(STUDY)); DRY_RUN=1 shows what would be done and touches nothing;"
	@echo "  SET='budget.examples = 100' overrides one key of the study; CORPORA_DIR=folder is looked at first for corpora."
	@echo "  ENGINE=ray (RAY_ADDRESS=HOST:PORT), TORCHRUN='--nproc-per-node 2', OUT=s3://bucket/folder: several machines, docs/cluster.md."

setup: .venv/.ready  ## make .venv from constraints.txt, only if it is missing or older than its lists

.venv/.ready: pyproject.toml constraints.txt
	@echo "setting up .venv (once; a few minutes)"
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is %s; write PYTHON=python3.12 after make" % sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	@$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[mini,build,publish,dev]'
	@touch $@

data: setup  ## build the study's intermediate tasks; LANG=fi or LANG=hu narrows it to one language
	@$(PY) -m build_data $(STUDY) $(LANGUAGES) $(OPTIONS)

train: setup  ## train every run of the study and score it on the Finnish and Hungarian test sets
	@$(if $(TORCHRUN),.venv/bin/torchrun $(TORCHRUN),$(PY)) -m train $(STUDY) --after eval.score:score_run $(OPTIONS)

report: setup  ## write reports/STUDY/index.html from the records of the runs
	@$(PY) -m eval report $(STUDY) $(OPTIONS)

demo: setup  ## fresh clone to report: data, train, report of the mini study
	@$(PY) -m build_data $(STUDY) $(OPTIONS)
	@$(PY) -m train $(STUDY) --after eval.score:score_run $(OPTIONS)
	@$(PY) -m eval report $(STUDY) $(OPTIONS)

doctor: setup  ## what this machine has and what a study still lacks; touches nothing
	@$(PY) -m corpora.doctor $(STUDY) $(if $(SET),--set '$(SET)')

publish: setup  ## one dataset of the built study on the Hub: make publish ORG=me (DRY_RUN=1 makes and checks the folder only; PUBLISH='--private --tag v1')
	@$(PY) -m build_data.publish $(STUDY) $(if $(ORG),--org $(ORG)) $(OPTIONS) $(PUBLISH)

test: setup  ## run the tests (no network; those that need CORPORA_DIR skip without it)
	@OMP_NUM_THREADS=$${OMP_NUM_THREADS:-2} $(PY) -m pytest

check: setup  ## ruff, mypy strict, known vulnerabilities of the dependencies; changes nothing
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check . || (echo "run: .venv/bin/ruff format ." && false)
	@.venv/bin/mypy
	@$(PY) -m benchmarks.dependencies

torture: setup  ## kill data and train at random points, damage inputs of every kind; compares byte by byte (at most 10 minutes, one thread)
	@OMP_NUM_THREADS=1 $(PY) -m benchmarks.torture --write

bench: setup  ## time the translation and parsing stages beside the bare libraries (minutes; ratios are what counts)
	@OMP_NUM_THREADS=1 $(PY) -m benchmarks.translate speed
	@OMP_NUM_THREADS=1 $(PY) -m benchmarks.translate memory --sizes 2000 10000
	@OMP_NUM_THREADS=1 $(PY) -m benchmarks.parse speed
	@OMP_NUM_THREADS=1 $(PY) -m benchmarks.train --against-trainer

clean:  ## remove caches of tools; data/, runs/ and reports/ took hours and stay (ALL=1 asks whether they shall go)
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
ifneq ($(ALL),)
	@du -sh data runs reports 2>/dev/null || true
	@printf 'delete data runs reports, which took hours? yes or no: '; read answer; \
	  if [ "$$answer" = yes ]; then rm -rf data runs reports && echo deleted; else echo kept; fi
endif

.DEFAULT:  # a target that is not there
	@$(PYTHON) -c 'import difflib, re, sys; \
	  near = difflib.get_close_matches(sys.argv[1], re.findall("^([a-z]+):", open(sys.argv[2]).read(), re.M)); \
	  sys.exit("make: no target " + sys.argv[1] + (f"; did you mean {near[0]}?" if near else "") + "; make help lists them")' '$@' '$(firstword $(MAKEFILE_LIST))'
