# make demo   set up, run the whole chain on synthetic recordings, write a report
# make test   set up, pass every test
# make lint   style, types, import layers
# make wheel  build dist/skelact-*.whl
# make bench  time every work beside the plain computation; wants a quiet machine
# Needed beforehand: Python >= 3.11 with its venv module, and a package index that pip reaches.

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
# Options of all runs of make bench: BENCH="--threads 1", BENCH="--device cuda"
BENCH ?=

# PyTorch is installed first, so that you choose its build; the package itself asks only for torch >= 2.11.
# With a GPU, or to save a download of several GB without one, give what pytorch.org tells for your machine:
#     make test TORCH="torch --index-url https://..."
# To use an environment that has PyTorch already:  make test VENV=path/of/it TORCH=
TORCH ?= torch==2.13.0

SHELL := bash
BIN := $(VENV)/bin

# Installs $(1), naming each package as it arrives; what pip said is kept, and its end shown if it failed.
define install
@set -o pipefail; PYTHONUNBUFFERED=1 $(BIN)/python -m pip install --disable-pip-version-check $(1) 2>&1 | \
tee $(VENV)/pip.log | while read -r what name _; do case "$$what $$name" in \
	"Collecting "*) printf ' %s' "$${name%%[][<>=!~;(]*}";; \
	"Processing "*.whl) name=$${name##*/}; printf ' %s' "$${name%%-*}";; \
	"Installing collected") printf '\n  unpacking ...';; \
esac; done && echo || { echo; tail -n 20 $(VENV)/pip.log; exit 1; }
endef

.PHONY: demo test lint wheel bench

demo: $(VENV)/.installed
	$(BIN)/skelact demo

# One thread a worker: two workers of one thread are faster than one of two.
test: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports --no-logo

wheel: $(VENV)/.installed-dev
	rm -f dist/skelact-*.whl
	$(BIN)/python -m build --wheel

# The second time with an allocator that keeps what it got, for both sides (docs/performance.md).
bench: $(VENV)/.installed
	$(BIN)/skelact bench $(BENCH) --json build/bench.json
	MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=68719476736 \
		$(BIN)/skelact bench step infer $(BENCH) --json build/bench-allocator.json
	$(BIN)/skelact bench augment prepare knn $(BENCH) --threads 1 --json build/bench-one-core.json

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("skelact needs Python >= 3.11, found " + sys.version.split()[0] + "; name another: make PYTHON=python3.11")'
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -f $@; exit 1; }

# Stamps: a second call installs nothing unless pyproject.toml changed.
$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@$(if $(TORCH),printf 'PyTorch ($(TORCH)):')
	$(if $(TORCH),$(call install,$(foreach word,$(TORCH),'$(word)')))
	@printf 'skelact:'
	$(call install,-e .)
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@printf 'Tools for tests and checks:'
	$(call install,-e ".[dev]")
	@touch $@
