# One place for every command of the project. `make help` lists them.
#
# Nothing is installed outside this folder, except the large programs of the client tests (~/.cache/promptguard).
# Every package is pinned with its hash in requirements/ and clients/; where they are fetched from is pip's business.

.POSIX:
.SUFFIXES:

VENV = .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install -qq --disable-pip-version-check
LOCKED = $(PIP) --only-binary :all: --require-hashes
# The build backend stays out of the environment that serves: it is used once, to install the package.
BACKEND = $(VENV)/build-backend
# Options for pytest, as in: make test ARGS="-k stream -x"
ARGS =
# A vLLM to run the acceptance tests against; without it a tiny one is started.
URL =
MODEL =

UV_VERSION = 0.13.9
COMPILE = $(VENV)/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url

.PHONY: help run console test lint types format ci clients acceptance soak bench lock clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s%s\n", $$1, $$2 }' Makefile

run: $(VENV)/.runtime ## start the gateway on 127.0.0.1:8080 (PROMPTGUARD_HOST, PROMPTGUARD_PORT, PROMPTGUARD_DATA, .env)
	@tools/build_console.sh $(VENV) || echo "The console's pages could not be built; the gateway works without them."
	@exec $(BIN)/promptguard serve

console: $(VENV)/.runtime ## build the console's pages (make run does it too)
	@tools/build_console.sh $(VENV)

test: $(VENV)/.dev ## run the tests that need nothing but Python
	@$(BIN)/python -m pytest -m "not clients and not slow" $(ARGS)

lint: $(VENV)/.dev ## check style and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.dev ## check types
	@$(BIN)/mypy

format: $(VENV)/.dev ## rewrite the code in the project's format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

ci: ## everything that must hold before a change lands
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory types
	@$(MAKE) --no-print-directory test
	@$(MAKE) --no-print-directory clients

clients: $(VENV)/.dev ## run the tests with real clients, a browser and a real vLLM (installs clients into ~/.cache/promptguard)
	@tools/build_console.sh $(VENV)
	@PYTHON="$$(tools/python_of_project.sh)" clients/install.sh
	@tools/with_tiny_vllm.sh $(BIN)/python -m pytest -m clients $(ARGS)

acceptance: $(VENV)/.dev ## run the acceptance tests against your vLLM: URL=http://... MODEL=...
	@ACCEPTANCE_VLLM_URL="$(URL)" ACCEPTANCE_MODEL="$(MODEL)" tools/with_tiny_vllm.sh $(BIN)/python -m pytest tests/acceptance $(ARGS)

soak: $(VENV)/.dev ## run the long counts: kills, faults, leaks
	@$(BIN)/python -m pytest -m slow $(ARGS)

bench: $(VENV)/.dev ## measure what the gateway costs
	@$(BIN)/python -m benchmarks $(ARGS)

lock: $(VENV)/uv/bin/uv ## pin the newest packages that pyproject.toml and clients/ allow, with their hashes
	$(COMPILE) --upgrade pyproject.toml -o requirements/runtime.lock
	$(COMPILE) --upgrade --group build -o requirements/build.lock
	$(COMPILE) --upgrade --group node -o requirements/node.lock
	$(COMPILE) --upgrade pyproject.toml --group dev -o requirements/dev.lock
	cd clients && ../$(COMPILE) --upgrade --override litellm.overrides litellm.in -o litellm.lock

clean: ## remove everything that the commands above made, but not your data
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis dist
	find src tests benchmarks tools -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.runtime: requirements/runtime.lock requirements/build.lock pyproject.toml
	@python=$$(tools/python_of_project.sh) && [ -x $(BIN)/python ] || "$$python" -m venv $(VENV)
	@echo "Installing PromptGuard into $(VENV) (once)."
	@$(LOCKED) -r requirements/runtime.lock
	@rm -rf $(BACKEND) && $(LOCKED) --target $(BACKEND) -r requirements/build.lock
	@PYTHONPATH=$(BACKEND) $(PIP) --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.lock
	@echo "Installing the development tools into $(VENV) (once)."
	@$(LOCKED) -r requirements/dev.lock
	@touch $@

$(VENV)/uv/bin/uv:
	@"$$(tools/python_of_project.sh)" -m venv $(VENV)/uv
	@$(VENV)/uv/bin/python -m pip install -qq --disable-pip-version-check uv==$(UV_VERSION)
