# Everything runs in ./.venv, made from the hashed lock files. Two commands do all set-up: make demo, make test.
PYTHON ?= python3
BIN := .venv/bin
VENDOR := services/gateway/portal/static/vendor
# The machine's own npm where there is one, else the one among the Python packages.
NPM_CI := cd deploy/frontend && PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error

COMPILE := $(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	--python-version 3.11 --custom-compile-command "make lock" -q

.PHONY: demo test check bench faults fuzz schemas front-end format lock clean

demo: .venv/.ready front-end
	$(BIN)/kulvert demo

# Several processes share the tests out between them, each with a Kafka and a PostgreSQL of its own: 1 GB a process.
test: .venv/.ready deploy/frontend/node_modules/.browser tests/timescale/node_modules/.ready
	$(BIN)/python -m deploy.local.jars fetch
	$(BIN)/pytest -n $${PROCESSES:-3}

check: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m schemas.export --check
	$(BIN)/pytest tests/tidy

bench: .venv/.ready
	$(BIN)/python -m tests.bench

# The faults of every test run, with more seeds: SEEDS=1-10, or the one that failed: SEED=7.
faults: .venv/.ready
	SEEDS="$${SEEDS:-1-10}" POWER_RUN_CONTRACTS="$${POWER_RUN_CONTRACTS:-10000}" $(BIN)/pytest tests/faults -s

# Damaged telegrams, ten minutes per decoder; not part of make test. FUZZ_SECONDS=20 for a short look.
fuzz: .venv/.ready
	$(BIN)/python -m tests.fuzz "$${FUZZ_SECONDS:-600}"

schemas: .venv/.ready
	$(BIN)/python -m schemas.export

front-end: $(VENDOR)/.ready

format: .venv/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/.ready
	$(COMPILE) requirements/develop.in -o requirements/develop.txt
	$(COMPILE) requirements/services.in -c requirements/develop.txt -o requirements/services.txt
	$(BIN)/python -m deploy.local.jars
	cd deploy/frontend && PATH="$$PATH:$(CURDIR)/$(BIN)" npm install --package-lock-only --omit-lockfile-registry-resolved
	cd tests/timescale && PATH="$$PATH:$(CURDIR)/$(BIN)" npm install --package-lock-only \
		--omit-lockfile-registry-resolved --legacy-peer-deps

clean:
	@test ! -x $(BIN)/kulvert || $(BIN)/kulvert down --remove
	rm -rf .venv .kulvert deploy/frontend/node_modules tests/timescale/node_modules $(VENDOR)

.venv/.ready: requirements/develop.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Kulvert needs Python 3.11 or newer; say which with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
		--requirement requirements/develop.txt
	echo "$(CURDIR)" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/kulvert.pth"
	printf '#!/bin/sh\nexec "%s/$(BIN)/python" -m services.cli "$$@"\n' "$(CURDIR)" > $(BIN)/kulvert
	chmod +x $(BIN)/kulvert
	touch $@

$(VENDOR)/.ready: deploy/frontend/package-lock.json | .venv/.ready
	$(NPM_CI) --omit=dev
	mkdir -p $(VENDOR)
	cd deploy/frontend/node_modules && cp htmx.org/dist/htmx.min.js echarts/dist/echarts.common.min.js "$(CURDIR)/$(VENDOR)"
	touch $@

# The browser of the tests is large, so the demo goes without.
deploy/frontend/node_modules/.browser: $(VENDOR)/.ready
	$(NPM_CI)
	touch $@

# Its socket asks for PGlite by the name that it has without TimescaleDB.
tests/timescale/node_modules/.ready: tests/timescale/package-lock.json | .venv/.ready
	cd tests/timescale && PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --legacy-peer-deps --ignore-scripts --no-audit --no-fund \
		--loglevel=error
	touch $@
