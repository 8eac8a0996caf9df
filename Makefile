# Everything runs in .venv, which the targets make by themselves: all it takes is Python >= 3.11.
PYTHON ?= python3
ARCHIVE := model_store/tagger.mar
VERSION := 1.0
PORT := 8080
RUN_PYTHON := .venv/bin/python
# Targets are aliases of its commands.
HANGTAG = $(RUN_PYTHON) -m hangtag.cli
# What packing and serving need is installed; or that and all the rest.
SERVING := .venv/.serving
INSTALLED := .venv/.installed

# Only what is given on make's command line is passed on: the commands have defaults of their own,
# and shells export names such as HOST for purposes of their own.
is_given = $(findstring command,$(origin $(1)))
# For the shell, whatever it holds: apostrophes, spaces, and dollars that make would expand.
quoted = '$(subst ','\'',$(1))'
option = $(if $(call is_given,$(1)),--$(2) $(call quoted,$(value $(1))))
options = $(if $(call is_given,$(1)),$(foreach each,$(value $(1)),--$(2) $(call quoted,$(each))))
switch = $(if $(call is_given,$(1)),$(if $(filter 1,$($(1))),--$(2)))
# Nobody need read it: a closed pipe or a full disk behind it fails no target.
say = { (trap '' PIPE; echo $(call quoted,$(1))) 2>/dev/null || :; }
comma := ,
given = $(foreach name,$(.VARIABLES),$(if $(call is_given,$(name)),$(call quoted,$(name)=$(value $(name)))))

# What commands say then names its targets and variables.
export HANGTAG_MAKE := 1
.DEFAULT_GOAL := help
.PHONY: check-call help setup demo data-report train find-rate search input-speed evaluate baselines check-exports mine consensus archive serve tune chaos bench-model bench-serving loadtest capacity upgrade-test k8s-check monitoring-check image image-contents image-test lint format docs coverage test test-slow verify-real lock clean clean-all

# Before anything is installed: a variable that no goal takes is a mistake, not to be ignored.
check-call:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "error: Python >= 3.11 is needed, $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another with PYTHON=…." >&2; exit 1; }
	@$(PYTHON) -m deploy.install.make_variables $(MAKECMDGOALS) -- $(given)

.DEFAULT:
	@$(PYTHON) -m deploy.install.make_variables $@ --

help: | check-call ## List the targets
	@{ trap '' PIPE; echo "Hangtag: product photos in, attribute tags out. Targets:"; \
	  grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'; } 2>/dev/null || :

setup: $(INSTALLED) ## Make .venv with all locked packages; other targets do this first, make serve and make archive only for what they need

# Whoever has all of it has what serving needs.
$(SERVING): requirements-serve.lock | check-call
	@$(PYTHON) -m deploy.install.packages serving

$(INSTALLED): requirements.lock requirements-serve.lock pyproject.toml | check-call
	@$(PYTHON) -m deploy.install.packages everything

demo: $(INSTALLED) ## Make the demo tagger of this repository anew: render the demo catalogue, train in quick mode
	@$(HANGTAG) demo

data-report: $(INSTALLED) ## Show what is in a dataset folder before training: DATA=folder [OUT=folder FOLDS= NO_SCORES=1 MAX_IMAGE_BYTES= MAX_IMAGE_PIXELS=]
	@$(HANGTAG) data-report $(call option,DATA,data) $(call option,OUT,out) \
	  $(call option,FOLDS,folds) $(call switch,NO_SCORES,no-scores) \
	  $(call option,MAX_IMAGE_BYTES,max-image-bytes) $(call option,MAX_IMAGE_PIXELS,max-image-pixels)

train: $(INSTALLED) ## Train on your data: DATA=folder [QUICK=1 BACKBONE= WEIGHTS= EPOCHS= HEAD_EPOCHS= SIZE= BATCH_SIZE= RATE= PRECISION= SEED= SKIP_BAD=1 SET="NAME=VALUE …" RUN=] or RESUME=run
	@$(HANGTAG) train $(call option,DATA,data) $(call option,BACKBONE,backbone) \
	  $(call option,WEIGHTS,weights) $(call option,EPOCHS,epochs) $(call option,HEAD_EPOCHS,head-epochs) \
	  $(call option,SIZE,size) $(call option,BATCH_SIZE,batch-size) $(call option,RATE,learning-rate) \
	  $(call option,PRECISION,precision) $(call option,SEED,seed) $(call option,RUN,run) \
	  $(call option,RESUME,resume) $(call switch,SKIP_BAD,skip-bad) \
	  $(call switch,QUICK,quick) $(call options,SET,set)

find-rate: $(INSTALLED) ## Try rising learning rates, plot the loss, suggest one: DATA=folder [BACKBONE= WEIGHTS= SIZE= STEPS= SKIP_BAD=1 SET= OUT=]
	@$(HANGTAG) find-rate $(call option,DATA,data) $(call option,BACKBONE,backbone) \
	  $(call option,WEIGHTS,weights) $(call option,SIZE,size) $(call option,STEPS,steps) $(call option,OUT,out) \
	  $(call switch,SKIP_BAD,skip-bad) $(call options,SET,set)

search: $(INSTALLED) ## Search for the settings that learn best: DATA=folder [QUICK=1 TRIALS= MINUTES= EPOCHS= BACKBONE= WEIGHTS= SIZE= SKIP_BAD=1 SET= STUDY=]
	@$(HANGTAG) search $(call option,DATA,data) $(call option,TRIALS,trials) \
	  $(call option,MINUTES,minutes) $(call option,EPOCHS,epochs) $(call option,BACKBONE,backbone) \
	  $(call option,WEIGHTS,weights) $(call option,SIZE,size) $(call option,STUDY,study) \
	  $(call switch,QUICK,quick) $(call switch,SKIP_BAD,skip-bad) $(call options,SET,set)

input-speed: $(INSTALLED) ## Measure whether reading photos keeps up with training: DATA=folder [SECONDS= BACKBONE= WEIGHTS= SKIP_BAD=1 SET=]
	@$(HANGTAG) input-speed $(call option,DATA,data) $(call option,BACKBONE,backbone) \
	  $(call option,WEIGHTS,weights) $(call option,SECONDS,seconds) $(call switch,SKIP_BAD,skip-bad) \
	  $(call options,SET,set)

evaluate: $(INSTALLED) ## Make the evaluation page of the newest run, or RUN=runs/NAME, again: [BESIDE="runs/A runs/B"]
	@$(HANGTAG) evaluate $(call option,RUN,run) \
	  $(call options,BESIDE,beside)

baselines: $(INSTALLED) ## Train the recipes of five write-ups beside a finished run: RUN=runs/NAME [OUT= ONLY="NAME …" EPOCHS= SHARE=]
	@$(HANGTAG) baselines $(call option,RUN,run) $(call option,OUT,out) \
	  $(call option,EPOCHS,epochs) $(call option,SHARE,share) \
	  $(call options,ONLY,only)

check-exports: $(INSTALLED) ## Compare every format of a run's weights with its model.onnx: RUN=runs/NAME
	@$(HANGTAG) export check $(call option,RUN,run)

mine: $(INSTALLED) ## Mine labels from texts: DATA=folder OUT=folder [LANGUAGE= LEAST_COUNT=]
	@$(HANGTAG) labels mine $(call option,DATA,data) $(call option,OUT,out) \
	  $(call option,LANGUAGE,language) $(call option,LEAST_COUNT,least-count)

consensus: $(INSTALLED) ## Make labels of several workers' answers: DATA=folder OUT=folder
	@$(HANGTAG) labels consensus $(call option,DATA,data) $(call option,OUT,out)

archive: $(SERVING) ## Pack the newest bundle, or BUNDLE=folder, into ARCHIVE=model_store/NAME.mar and check it: [VERSION=1.0]
	@$(HANGTAG) archive $(call option,BUNDLE,bundle) --archive $(call quoted,$(value ARCHIVE)) --version $(call quoted,$(value VERSION))

serve: $(SERVING) ## Serve ARCHIVE=model_store/NAME.mar on PORT=8080 [BACKEND=torchserve|local]; packs the demo tagger of this repository if no archive is named or there
	@exec $(HANGTAG) serve $(call option,ARCHIVE,archive) --port $(call quoted,$(value PORT)) $(call option,BACKEND,backend)

tune: $(INSTALLED) ## Measure workers, threads and batches for this machine; serving takes the best from then on: [ARCHIVE=model_store/NAME.mar BACKEND=torchserve|local]
	@$(HANGTAG) tune --archive $(call quoted,$(value ARCHIVE)) $(call option,BACKEND,backend)

chaos: $(INSTALLED) ## Try to break a live server (about 20 minutes for each backend): [ARCHIVE= BACKEND=both|torchserve|local SHORT=1]
	@$(HANGTAG) chaos --archive $(call quoted,$(value ARCHIVE)) $(call option,BACKEND,backend) $(call switch,SHORT,short)

bench-model: $(INSTALLED) ## Make model_store/tagger-resnet152.mar, the archive that bench-serving measures
	@$(HANGTAG) bench model

bench-serving: $(INSTALLED) bench-model ## Measure TorchServe's own handler, Hangtag and the raw engine (about 12 minutes)
	@$(HANGTAG) bench serving

loadtest: $(INSTALLED) ## Load a running server: [SCENARIO=steady|ramp|spike|soak MIX= HOST= KEYS= USERS= DURATION= TIMEOUT= PHOTOS= MAX_P50_MS= MAX_P95_MS= MAX_P99_MS= MAX_FAILURE_PERCENT= MIN_RPS= OUT=]
	@$(HANGTAG) loadtest $(call option,SCENARIO,scenario) $(call option,MIX,mix) \
	  $(call option,HOST,host) $(call option,KEYS,keys) $(call option,USERS,users) \
	  $(call option,DURATION,duration) $(call option,TIMEOUT,timeout) $(call option,PHOTOS,photos) \
	  $(call option,MAX_P50_MS,max-p50-ms) \
	  $(call option,MAX_P95_MS,max-p95-ms) $(call option,MAX_P99_MS,max-p99-ms) \
	  $(call option,MAX_FAILURE_PERCENT,max-failure-percent) $(call option,MIN_RPS,min-rps) $(call option,OUT,output)

# Of a server or an archive of one's own, or else of what bench-serving measures.
capacity: $(INSTALLED) $(if $(findstring command,$(origin ARCHIVE) $(origin HOST)),,bench-model) ## Find the largest rate within the limits, and what 10,000 photos/s take: [ARCHIVE= or HOST= BACKEND=torchserve|local PHOTOS= DURATION= MAX_P50_MS= MAX_P95_MS= MAX_P99_MS= MAX_FAILURE_PERCENT= STRICT=1 OUT=]
	@$(HANGTAG) capacity $(call option,ARCHIVE,archive) $(call option,HOST,host) $(call option,BACKEND,backend) \
	  $(call option,PHOTOS,photos) $(call option,DURATION,seconds) $(call option,MAX_P50_MS,max-p50-ms) \
	  $(call option,MAX_P95_MS,max-p95-ms) $(call option,MAX_P99_MS,max-p99-ms) \
	  $(call option,MAX_FAILURE_PERCENT,max-failure-percent) $(call option,OUT,output) \
	  $(call switch,STRICT,strict)

upgrade-test: $(INSTALLED) ## Upgrade, roll back, stop and kill taggers behind nginx under load (4 minutes for each backend): [ARCHIVE= BACKEND=both|torchserve|local SHORT=1 RATE=]
	@$(HANGTAG) upgrade-test --archive $(call quoted,$(value ARCHIVE)) $(call option,BACKEND,backend) \
	  $(call switch,SHORT,short) $(call option,RATE,rate)

k8s-check: $(INSTALLED) ## Check the manifests against Kubernetes's schemas and our policies: [OVERLAY=folder]
	@$(HANGTAG) k8s-check $(if $(call is_given,OVERLAY),$(call quoted,$(value OVERLAY)))

monitoring-check: $(INSTALLED) ## Check the Prometheus rules with promtool and run their tests
	@$(HANGTAG) monitoring-check

image: $(INSTALLED) ## Build the container image: [ENGINE=gpu ARCHIVE=model_store/NAME.mar TAG= BASE_IMAGE=]
	@$(HANGTAG) image build $(call option,ENGINE,engine) $(call option,ARCHIVE,archive) \
	  $(call option,TAG,tag) $(call option,BASE_IMAGE,base-image)

image-contents: $(INSTALLED) ## Print what fills the image: [TAG=]
	@$(HANGTAG) image contents $(call option,TAG,tag)

image-test: $(INSTALLED) ## Build the image and run it confined: tags a photo, drains, fetches (needs Docker or Podman): [ARGS=]
	@$(RUN_PYTHON) -m pytest -m slow tests/e2e/test_image.py $(ARGS)

lint: $(INSTALLED) ## Check style and types
	@$(RUN_PYTHON) -m ruff format --check .
	@$(RUN_PYTHON) -m ruff check .
	@$(RUN_PYTHON) -m mypy

format: $(INSTALLED) ## Rewrite the code in the project's style
	@$(RUN_PYTHON) -m ruff format .
	@$(RUN_PYTHON) -m ruff check --fix .

docs: $(INSTALLED) ## Build the site of all pages into build/site; a broken link is an error
	@$(RUN_PYTHON) -m docs.build

test: $(INSTALLED) ## Run all tests but the slow ones: unit, integration, e2e on a live TorchServe: [ARGS="pytest's options"]
	@$(RUN_PYTHON) -m pytest -m "not slow" -n 2 tests/unit tests/e2e/test_wrong_calls.py $(ARGS)
	@$(RUN_PYTHON) -m pytest -m "not slow" tests/integration tests/e2e --ignore tests/e2e/test_wrong_calls.py $(ARGS)

# One test measures time, of which a tracer takes its share.
coverage: $(INSTALLED) ## Measure what the unit tests of the core and its handler reach; fail below the floor in pyproject.toml: [ARGS=]
	@$(RUN_PYTHON) -m pytest -q -m "not slow" -n 2 --cov --cov-report=term tests/unit/hangtag tests/unit/handlers \
	  --deselect tests/unit/hangtag/test_near_names.py::test_a_name_of_any_length_costs_nothing $(ARGS)

test-slow: $(INSTALLED) ## Run the slow tests: the container, whole trials, real photos (about an hour): [ARGS=]
	@$(RUN_PYTHON) -m pytest -m slow $(ARGS)

verify-real: $(INSTALLED) ## Train on the real product photos, serve them and compare (about 20 minutes): [ARGS=]
	@$(RUN_PYTHON) -m pytest -m slow -s tests/e2e/test_real_photos.py $(ARGS)

# Without OpenVINO's telemetry, which calls home: deploy/install/packages.py.
LOCKING := pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-package openvino-telemetry

lock: $(INSTALLED) ## Resolve pyproject.toml into both lock files anew
	@$(RUN_PYTHON) -m pip install --quiet --disable-pip-version-check "uv>=0.13"
	@$(RUN_PYTHON) -m uv $(LOCKING) --extra cpu --extra parquet --extra train --extra serve --extra image --extra image-cpu \
	  --extra heif --extra tracing --extra loadtest --extra bench --extra dev pyproject.toml -o requirements.lock
	@$(RUN_PYTHON) -m uv $(LOCKING) --extra serve --extra image-cpu --constraint requirements.lock \
	  pyproject.toml -o requirements-serve.lock

clean: | check-call ## Remove what was built, but neither data, runs nor archives
	@rm -rf build .mypy_cache .ruff_cache .pytest_cache *.egg-info
	@$(call say,Removed build products and caches of tools.)

clean-all: clean ## Remove all that make brought: .venv, logs, the demo catalogue, decoded photos; but neither your data, runs nor archives
	@rm -rf .venv logs data/demo data/.decoded serve_config/speeds.json
	@$(call say,Removed what there was of .venv$(comma) logs$(comma) data/demo$(comma) data/.decoded and serve_config/speeds.json. Your data$(comma) runs/ and model_store/ are as they were.)
	@$(call say,What pip has downloaded lies in its own cache: `$(PYTHON) -m pip cache purge` empties it.)
