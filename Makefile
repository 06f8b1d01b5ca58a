# Each target is one documented line or two, so that it can be typed where there is no make.
# On Windows write .venv\Scripts\ for .venv/bin/.
#
#   make setup PYTHON=python3.12            choose the Python (3.10 or newer)
#   make setup PIP_ARGS="--extra-index-url https://download.pytorch.org/whl/cpu"
#                                           a smaller torch, without CUDA

PYTHONS := python3 python python3.14 python3.13 python3.12 python3.11 python3.10
RECENT := -c "import sys; sys.exit(sys.version_info < (3, 10))"
PYTHON ?= $(shell for p in $(PYTHONS); do $$p $(RECENT) 2>/dev/null && echo $$p && break; done)
PIP_ARGS ?=
BIN := .venv/bin
NBVAL := --nbval --nbval-current-env --nbval-cell-timeout=300 --nbval-sanitize-with=tests/nbval_sanitize.cfg
export PYTHONUNBUFFERED = 1

.DEFAULT_GOAL := help
.PHONY: help setup demo lab test notebooks browser colab bench lint

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: .venv/installed ## create .venv and install the project with what lab and tests need

.venv/installed: pyproject.toml constraints.txt setup.py
	@"$(PYTHON)" $(RECENT) || { echo 'Python 3.10 or newer is needed: make setup PYTHON=/path/to/python3'; exit 1; }
	"$(PYTHON)" -m venv .venv
	$(BIN)/python -m pip install $(PIP_ARGS) -c constraints.txt -e ".[lab,test]"
	@touch $@

demo: setup ## sing a song: writes demo/song.flac and demo/song.html
	$(BIN)/jukebox-edu demo --out demo

lab: setup ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab notebooks

test: setup ## all that must be green: style, tests, notebooks
	$(BIN)/ruff check .
	$(BIN)/python -m pytest tests
	JUKEBOX_EDU_QUIET=1 $(BIN)/python -m pytest $(NBVAL) notebooks

notebooks: setup ## run all notebooks anew and store their outputs
	JUKEBOX_EDU_QUIET=1 $(BIN)/python -m jukebox_edu.dev.refresh_notebooks

browser: setup ## tests in a real Chromium
	$(BIN)/python -m pip install $(PIP_ARGS) -c constraints.txt -e ".[browser]"
	$(BIN)/python -m pytest tests -m browser

colab: setup ## tests of the widgets with the ipywidgets and IPython of Google Colab
	$(BIN)/python tests/widgets/with_colab_versions.py

bench: setup ## measure speed: every script in benchmarks/
	@for script in benchmarks/[a-z]*.py; do echo "$$script"; $(BIN)/python "$$script" || exit 1; done

lint: setup ## style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
