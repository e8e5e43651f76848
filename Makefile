# `make demo` runs the main job on real data, `make test` the tests; both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup spark demo test soak thorough lint fix check references bench screenshots docs dev lock sbom audit
.DEFAULT_GOAL := check

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with PYTHON=python3.x")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --compile-bytecode --editable '.[dev]'
	$(BIN)/python -m compileall -q obs_dagster assets jobs
	$(BIN)/python -m obs_dagster.warm_up
	touch $@

# Adds Spark, for monitors with `engine: spark` and their tests; it needs Java 17.
spark: setup
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev,spark]'

demo: setup
	$(BIN)/obs demo

dev: setup
	$(BIN)/obs dev

# One worker a core, and one thread of OpenMP each: waiting threads of LightGBM spin.
test: setup
	OMP_NUM_THREADS=1 $(BIN)/pytest -n logical --dist loadgroup

# Disturbs nights by the hundred and tries inputs by the thousand: .soak/report.md. It goes on where it was interrupted.
soak: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.faults.soak .soak
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz.soak .soak

# The tests that draw their examples, with others each time, and more.
thorough: setup
	HYPOTHESIS_PROFILE=thorough OMP_NUM_THREADS=1 $(BIN)/pytest -n logical --dist loadgroup -m hypothesis

lint: setup
	! git grep -nE '^(<{7}|>{7}) ' -- .
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: setup
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

check: lint test

# The pictures of docs/images; they need a Chromium.
screenshots: setup
	$(BIN)/python -m obs_dagster.demo.screenshots

# What is written from the registered metrics and the keys of monitors: references, dashboards.
references: setup
	$(BIN)/python -m obs_dagster.metrics.reference > docs/metrics.md
	$(BIN)/python -m obs_dagster.monitor.reference
	$(BIN)/python -m obs_dagster.exports.reference > docs/exported_names.md
	$(BIN)/python -m obs_dagster.dashboards

bench: setup
	$(BIN)/python -m bench

# The documentation as a site that needs no network, site/index.html; broken links and anchors are errors.
docs: setup
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev,docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# What the pinned versions are, as CycloneDX: dist/sbom.cdx.json. It asks nobody.
sbom: setup
	mkdir -p dist
	PYTHONWARNINGS=ignore $(BIN)/uv tool run --quiet --from cyclonedx-bom==7.5.0 cyclonedx-py requirements constraints.txt --pyproject pyproject.toml \
	    --output-reproducible --output-file dist/sbom.cdx.json
	@echo "dist/sbom.cdx.json: $$(grep -c '"bom-ref": "requirements-' dist/sbom.cdx.json) components"

# Asks osv.dev about known vulnerabilities of the pinned versions; fails if there are any, or it does not answer.
audit: setup
	$(BIN)/uv tool run --quiet --from pip-audit==2.10.1 pip-audit --requirement constraints.txt --no-deps --disable-pip \
	    --vulnerability-service osv --timeout 10

# Pins the newest versions that resolve together; read the difference before you commit it.
lock: setup
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-annotate \
	    --custom-compile-command 'make lock' --extra dev --extra spark --extra gpu --extra docs pyproject.toml --output-file constraints.txt
