# Everything runs in ./.venv, made from the hashed lock files. Two commands do all set-up: make demo, make test.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check bench format lock clean

demo: .venv/.ready
	$(BIN)/kulvert demo

test: .venv/.ready
	$(BIN)/pytest

check: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.ready
	$(BIN)/python -m tests.bench

format: .venv/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/.ready
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 \
		--custom-compile-command "make lock" -q requirements/kulvert.in -o requirements/kulvert.txt
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 \
		--custom-compile-command "make lock" -q requirements/develop.in -o requirements/develop.txt

clean:
	@test ! -x $(BIN)/kulvert || $(BIN)/kulvert down --remove
	rm -rf .venv .kulvert

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
