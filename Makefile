# `make book` and `make test` are all a newcomer needs; `make help` lists the rest.
# Wanted on the machine: Python 3.11, 3.12 or 3.13 with venv, git, make. The rest goes into .venv.

SHELL := /bin/sh
PY := .venv/bin/python
export PYTHONHASHSEED := 0
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1

.PHONY: help export chapter
help:
	@sed -n 's/^## //p' Makefile

.venv/ready: requirements.txt
	@python=; for p in python3.13 python3.12 python3.11 python3 python; do \
	  if $$p -c 'import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	    >/dev/null 2>&1; then python=$$p; break; fi; done; \
	if [ -z "$$python" ]; then \
	  echo "No Python 3.11, 3.12 or 3.13 with the venv module was found on the PATH."; \
	  echo "Install one (Debian/Ubuntu: apt install python3-venv; else https://www.python.org)"; \
	  echo "and run make again."; exit 1; fi; \
	echo "making .venv with $$($$python --version), a few minutes the first time ..."; \
	$$python -m venv .venv && $(PY) -m pip install -q --disable-pip-version-check -r requirements.txt
	@touch $@

## make export         write the package pedagogy_tf/ from the chapters (no execution)
export: .venv/ready
	@$(PY) -m tools export

## make chapter C=05   export, then run one chapter and store its outputs
chapter: .venv/ready
	@$(PY) -m tools chapter $(C)
