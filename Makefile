# yoke: the one door to building, running, testing and measuring it. Meson does
# the work (meson.build); this file knows what each job needs installed first.
# All of it comes from packages.txt, and nothing is asked of a machine but
# Debian 12 with git and make.

SHELL   := /bin/bash
PREFIX  ?= /usr/local
BUILD   := build
SECONDS := 60
STEPS   :=

# The system's own Python: another one on the PATH has no pytest.
PYTHON := /usr/bin/python3
export PYTHONDONTWRITEBYTECODE := 1

# Installs the missing packages of the named groups; silent when there are none.
need = @tools/deps.sh

.PHONY: build run test asan browser fuzz chaos bench bench-sched bench-store kills counts proofs format install uninstall clean deps help
.NOTPARALLEL:

build: ## Build the library, the command and the examples in build/
	$(need) build
	@[ -f $(BUILD)/build.ninja ] || meson setup $(BUILD)
	@ninja -C $(BUILD)

# On a terminal the server becomes the foreground process group, so that Ctrl-C
# reaches it alone: make would answer the signal by failing. Without a terminal
# it stays in make's group, where a signal to the group finds it. Either way,
# it is asked to stop when make is killed.
run: build ## Start examples/hello on every core, on port 1337 (PORT=...)
	@echo 'Try it:  curl http://127.0.0.1:$(or $(PORT),1337)/get'
	@[ ! -t 0 ] || set -m; setpriv --pdeathsig TERM $(BUILD)/examples/hello; exit

test: ## Run every check and test (STEPS="format unit ..." runs only some)
	$(need) build test browser fuzz
	@$(PYTHON) tools/test.py $(STEPS)

asan: ## Run the unit and end-to-end tests under ASan and UBSan
	$(need) build test
	@$(PYTHON) tools/test.py asan

browser: build ## Drive a real browser, Chromium, against examples/site
	$(need) test browser
	@YOKE_BUILD=$(BUILD) $(PYTHON) -m pytest -q -p no:cacheprovider tests/browser

fuzz: ## Fuzz each target for SECONDS=60
	$(need) build fuzz
	@$(PYTHON) tools/fuzz.py $(SECONDS)

chaos: build ## Kill, stop and starve a cluster for SECONDS=60 (SEED=, KILLS=...)
	$(need) test
	@YOKE_BUILD=$(BUILD) $(PYTHON) tests/chaos/chaos.py --seconds $(SECONDS) \
		$(addprefix --seed ,$(SEED)) $(addprefix --sched ,$(SCHED)) \
		$(addprefix --kills ,$(KILLS)) $(addprefix --operations ,$(OPERATIONS)) \
		$(if $(PRELOAD),--preload)

bench: build ## Measure yoke beside its peers, in ratios
	$(need) bench
	@$(PYTHON) bench/run.py

bench-sched: build ## How connections find a worker, beside Node and nginx
	$(need) bench
	@$(PYTHON) bench/sched.py

bench-store: build ## Stores beside the bare clients
	$(need) test bench
	@$(PYTHON) bench/store.py

kills: ## Kill 500 writers of the embedded store, and look for what is lost
	$(need) build test
	@[ -f $(BUILD)/build.ninja ] || meson setup $(BUILD)
	@ninja -C $(BUILD) tests/store/store_lmdb
	@YOKE_KILLS=500 $(BUILD)/tests/store/store_lmdb

counts: build ## Four workers count 10,000 times each, on every kind of store
	$(need) test
	@YOKE_BUILD=$(BUILD) YOKE_KINDS=all YOKE_INCREMENTS=10000 $(PYTHON) -m pytest -q \
		-p no:cacheprovider tests/e2e/test_store_kinds.py -k no_increment

# Ten seconds and more, for the longer a fault lasts the longer a store rests
# between its attempts.
proofs: kills counts ## What is promised, at length: every kind of store, every fault
	@ninja -C $(BUILD) tests/shortage/shortage
	@YOKE_SHORTAGE=all $(BUILD)/tests/shortage/shortage
	@YOKE_BUILD=$(BUILD) YOKE_KINDS=all YOKE_ROUNDS=20 YOKE_REQUESTS=10000 \
		$(PYTHON) -m pytest -q \
		-p no:cacheprovider tests/e2e/test_shared.py tests/e2e/test_sessions.py \
		tests/e2e/test_machines.py tests/e2e/test_login_faults.py
	@for kind in redis memcached postgresql redis_sentinel_proxied \
			redis_cluster_proxied; do \
		YOKE_FAULT_MS=10000 $(BUILD)/tests/store/store_cuts $$kind || exit; \
	done

format: ## Lay out all C files in the house style
	$(need) test
	@$(PYTHON) tools/sources.py | xargs clang-format -i

install: build ## Install under PREFIX=/usr/local (DESTDIR=... for packagers)
	@meson setup --reconfigure $(BUILD) --prefix '$(abspath $(PREFIX))' >/dev/null
	@DESTDIR='$(DESTDIR)' meson install -C $(BUILD)
	@[ -n '$(DESTDIR)' ] || [ $$EUID != 0 ] || /sbin/ldconfig

uninstall: ## Remove what `make install` has put in place
	@[ -f $(BUILD)/build.ninja ] || \
		{ echo '$(BUILD)/ knows what was installed, and is not there' >&2; exit 1; }
	@ninja -C $(BUILD) uninstall

clean: ## Remove everything that was built
	rm -rf build build-*

deps: ## Install the packages for all of these targets
	$(need)

help: ## List the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' Makefile | expand -t 13
