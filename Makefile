# Everything goes through these targets; plain `make` lists them.
PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest
TWO := -n 2 --dist loadgroup    # two processes; tests that start a virtual machine are one group, one after another

.DEFAULT_GOAL := help
.PHONY: help setup demo vcenter cluster quick test check static guests bench soak

help:  ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 16

setup:  ## install what is missing: apt packages, .venv, the tools root
	@scripts/setup

demo: setup  ## move a VM from an OVA to a bundle, boot it, and print its proof
	@scripts/demo

vcenter:  ## a vCenter with 2,000 VMs on this machine and what to type to read it; ends with Ctrl-C
	@scripts/setup --without-tools-root
	@scripts/vcenter

cluster:  ## a Kubernetes with KubeVirt's custom resources on this machine (needs root); ends with Ctrl-C
	@scripts/setup
	@scripts/cluster

quick: setup static  ## the checks and the tests that need no virtual machine: under 2 minutes
	$(PYTEST) $(TWO) --hypothesis-profile=quick -m "not appliance and not conversion and not slow and not soak"

test: setup static guests  ## the checks and every test, timed and held against tests/budget.toml
	$(PYTEST) $(TWO) -m "not soak"

check: setup static  ## format, lint, types, imports and packaging
	$(PYTEST) tests/test_packaging.py

bench: setup  ## measure against virt-v2v, nbdcopy and qemu-img; docs/benchmarks.md keeps the results
	$(PYTHON) -m tests.bench

soak: setup  ## what is too long for make test: property tests with new and many examples, and tests marked soak
	$(PYTEST) --no-budget --hypothesis-profile=soak -m "hypothesis or soak"

static:
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports --no-logo

guests:
	@scripts/guests
