# `make book` and `make test` are all a newcomer needs; `make` alone lists the rest.
#
# The machine needs Python 3.11, 3.12 or 3.13 (with venv), git and make. Everything else
# goes into the folder .venv, which the first command makes; `make PYTHON=python3.12 book`
# makes it with a Python of your choice.

SHELL := /bin/sh
PY := .venv/bin/python
SITE := book/_build/html/index.html
C ?=

export PYTHONHASHSEED := 0
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1

.PHONY: help book test chapter export check format table size serve bench pdf clean
help:
	@sed -n 's/^## //p' Makefile

.venv/ready: requirements.txt tools/constraints.txt
	@test -x $(PY) || { \
	  for p in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
	    $$p -c 'import sys, ensurepip, venv; sys.exit(sys.version_info[:2] not in \
	      [(3, 11), (3, 12), (3, 13)])' >/dev/null 2>&1 && break; p=; \
	  done; \
	  if [ -z "$$p" ]; then \
	    echo "make needs Python 3.11, 3.12 or 3.13 with its venv module and found none."; \
	    echo "  Debian, Ubuntu: sudo apt install python3 python3-venv"; \
	    echo "  macOS: brew install python@3.13     others: https://www.python.org"; \
	    exit 1; \
	  fi; \
	  echo "Making .venv with $$($$p --version); this takes some minutes, once."; \
	  $$p -m venv .venv; }
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

## make book           run the chapters, build the package and the site
book: export
	@$(PY) -m tools run
	@.venv/bin/jupyter-book build book -W -n --keep-going -q
	@echo
	@echo "The book is built. Open $(CURDIR)/$(SITE)"
	@echo "in a browser, or type: make serve"

## make test           test everything: chapters, package, tools, book
test: .venv/ready
	@$(PY) -m pytest -n 2 --dist loadscope --no-loadscope-reorder --nbval \
	  --nbval-current-env --nbval-sanitize-with tools/nbval.cfg tests book/chapters

## make chapter C=05   export what can be exported, run one chapter, advise on its style
chapter: .venv/ready
	@$(PY) -m tools chapter $(C)

## make export         write pedagogy_tf/ from the chapters; runs nothing
export: .venv/ready
	@$(PY) -m tools export

## make check          do text, notebooks and package agree? what could be better?
check: .venv/ready
	@$(PY) -m tools check --advice
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .

## make format C=05    format the code in a chapter (without C: in all)
format: .venv/ready
	@$(PY) -m tools format $(C)

## make table          how near are we to TensorFlow? (writes book/conformance_table.md)
table: .venv/ready
	@$(PY) -W ignore -m tests.conformance.table

## make size           lines of code per room
size: .venv/ready
	@$(PY) -m tools size

## make serve          show the book at http://localhost:8000
serve: $(SITE)
	@$(PY) -m http.server 8000 --bind 127.0.0.1 --directory $(dir $(SITE))
$(SITE):
	@$(MAKE) book

## make bench          measure speed against other frameworks that are installed
bench: .venv/ready
	@$(PY) -m benchmarks

## make pdf            the book as one PDF file (needs Chromium)
pdf: .venv/ready
	@$(PY) -m tools pdf

## make clean          delete what can be made again, except .venv
clean:
	@rm -rf book/_build book/.runs.json .pytest_cache .ruff_cache dist build
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
