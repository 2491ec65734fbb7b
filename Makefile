# make help lists the targets. PYTHON=3.12 picks another Python, in a .venv-3.12 of its own.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?=
ARGS ?=
SUPPORTED := 3.11 3.12 3.13
VENV := .venv$(if $(PYTHON),-$(PYTHON))
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

ifneq ($(filter-out $(SUPPORTED),$(PYTHON)),)
$(error PYTHON=$(PYTHON): expected one of $(SUPPORTED))
endif

# A command named python3.12 need not run: pyenv puts stand-ins on the path for versions that are not
# active. So each candidate is asked for its version and for the modules that make an environment.
define find_python
works() { [ -n "$$1" ] && [ "$$("$$1" -c 'import ensurepip, venv, sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$$2" ]; }; \
find_python() { \
	for version in $(or $(PYTHON),$(SUPPORTED)); do \
		for candidate in $$(type -ap "python$$version" python3 python || true) $${PYENV_ROOT:-$$HOME/.pyenv}/versions/$$version{,.*}/bin/python; do \
			if works "$$candidate" "$$version"; then echo "$$candidate"; return 0; fi; \
		done; \
	done; \
	echo "no Python $(or $(PYTHON),$(SUPPORTED)) with venv found on the path or through pyenv" >&2; return 1; \
}
endef

.PHONY: help run test test-all figures lint wheel constraints clean python install

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "  PYTHON=3.12 picks another Python ($(SUPPORTED)); ARGS=... is handed on to run and the tests"

run: $(INSTALLED) ## install and run the main job: simulate, fit, compare, figures, report
	$(BIN)/motorsim run $(ARGS)

test: $(INSTALLED) ## install and run the tests, but for the slow ones
	$(BIN)/python -m pytest -n 2 $(ARGS)

test-all: $(INSTALLED) ## run every test
	$(BIN)/python -m pytest -n 2 -m "slow or not slow" $(ARGS)

figures: $(INSTALLED) ## draw the paper's figures from finished results
	@status=0; \
	for script in $(wildcard figures/*.py); do \
		echo "$$script"; $(BIN)/python "$$script" || status=$$?; \
	done; exit $$status

lint: $(INSTALLED) ## check style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

wheel: $(INSTALLED) ## build wheel and sdist into dist/
	$(BIN)/python -m build --no-isolation

install: $(INSTALLED) ## make the environment and install into it

python: ## print the Python that would be used
	@$(find_python); find_python

constraints: ## resolve the newest versions again for this Python and write constraints/
	@$(find_python); python=$$(find_python); \
	version=$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	"$$python" -m venv "$$folder"; \
	"$$folder/bin/python" -m pip install --quiet --editable '.[dev]'; \
	{ echo "# Every package that \`pip install motorsim[dev]\` takes on Python $$version; written by \`make constraints PYTHON=$$version\`."; \
	  "$$folder/bin/python" -m pip freeze --all --exclude-editable --exclude pip; } > "$$folder/constraints.txt"; \
	if grep -n ' @ ' "$$folder/constraints.txt"; then echo "a package without a plain version" >&2; exit 1; fi; \
	mv "$$folder/constraints.txt" "constraints/$$version.txt"; echo "constraints/$$version.txt"

clean: ## remove caches and built files; results and environments stay
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .motorsim_cache
	find motorsim tests experiments figures -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml $(wildcard constraints/*.txt)
	@$(find_python); \
	if [ ! -x $(BIN)/python ]; then python=$$(find_python); echo "making $(VENV) with $$python"; \
		"$$python" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }; fi; \
	version=$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	echo "installing motorsim and what it needs into $(VENV) (Python $$version)"; \
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint "constraints/$$version.txt" --editable '.[dev]'; \
	touch $@
