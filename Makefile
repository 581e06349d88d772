# Builds, tests and checks pyodide-zipimport; `make help` lists the targets.
#
# Everything made goes to build/, but for node_modules/ and two files of the package, which stand where
# js/ looks for them. V=1 shows the commands.

CC     = gcc
CLANG  = clang
EMCC   = EMSDK_PYTHON=$(PYTHON) emcc
# Debian's Python, which the native extension is built for; the one on PATH may be another.
PYTHON = /usr/bin/python3
Q      = $(if $(V),,@)

MODULE_NAME   = pyodide_zipimport
WASM_MODULE   = js/$(MODULE_NAME).wasm
# Made of it: the same bytes in a script.
INLINED_WASM  = js/pyodide/inlined-wasm.js
NATIVE_MODULE = build/native/$(MODULE_NAME).abi3.so
ASAN_MODULE   = build/native-asan/$(MODULE_NAME).abi3.so
FAULTS_MODULE = build/native-faults/$(MODULE_NAME).abi3.so

CORE_SOURCES   = $(wildcard src/base/*.c src/zip/*.c src/cache/*.c)
PYTHON_SOURCES = $(wildcard src/python/*.c src/python/*/*.c src/bridge*.c)
SOURCES        = $(CORE_SOURCES) $(PYTHON_SOURCES)
C_TESTS        = $(wildcard tests/c/*.c)
FUZZ_TARGETS   = $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_HELPERS   = $(filter-out tests/fuzz/fuzz_%,$(wildcard tests/fuzz/*.c))
C_FILES        = $(wildcard src/*.[ch] src/*/*.[ch] src/*/*/*.[ch] wasm/*.h tests/c/*.[ch] \
    tests/fuzz/*.[ch] tests/fuzz/*/*.c tests/faults/*.c tests/pyodide/*/*.c)

# What JavaScript and the side module must have in common; src/python/module.c alone names it.
VERSION  = $(shell sed -n 's/^  "version": "\(.*\)",/\1/p' package.json)
STANDARD = -std=gnu11 -DZI_VERSION='"$(VERSION)"'
WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Werror
# A sanitizer's finding ends the program: a test cannot pass over it.
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
NATIVE   = -fPIC -fvisibility=hidden

.PHONY: all wasm native native-asan
all: wasm native
wasm: $(WASM_MODULE) $(INLINED_WASM)
native: $(NATIVE_MODULE)
native-asan: $(ASAN_MODULE)

# One file in the place of Pyodide's module, for hosts that copy a single file.
DROP_IN = build/drop-in/pyodide-zipimport.mjs
.PHONY: drop-in
drop-in: $(DROP_IN)

$(DROP_IN): wasm/drop-in.js $(wildcard js/*.js js/*/*.js js/*/*/*.js) $(INLINED_WASM) build/bundlers/done
	$(Q)build/bundlers/node_modules/.bin/esbuild $< --bundle --format=esm --target=es2022 --minify \
	    --external:pyodide --banner:js="// pyodide-zipimport $(VERSION), MIT license" \
	    --log-level=warning --outfile=$@
	@echo "built $@: $$(wc -c <$@) bytes, $$(gzip -9 <$@ | wc -c) gzipped"

# --- objects -------------------------------------------------------------------------------------

# Only src/python sees Python's headers: base, zip and cache compile without them.
PYTHON_USERS   = $(PYTHON_SOURCES) tests/faults/faults.c tests/fuzz/fuzz_importer.c tests/fuzz/fuzz_bridge.c
python_headers = $(if $(filter $(PYTHON_USERS),$<),$(1))
PYTHON_INCLUDE = $(shell $(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("include"))')
NATIVE_HEADERS = $(call python_headers,-isystem $(PYTHON_INCLUDE))
WASM_HEADERS   = -isystem build/wasm/include/zlib \
    $(call python_headers,-isystem build/wasm/include/python)

# $(call compile,VARIANT,COMPILER,FLAGS,PREREQUISITE): how build/VARIANT/X.o is made from X.c.
define compile
build/$(1)/%.o: %.c Makefile | $(4)
	@mkdir -p $$(@D)
	$$(Q)$(2) $$(STANDARD) $$(WARNINGS) $(3) -MMD -MP -c $$< -o $$@
endef
objects = $(patsubst %.c,build/$(1)/%.o,$(2))

SETUP_BUILD = build/setup/build
SETUP_TEST  = build/setup/test
SETUP_FULL  = build/setup/full

# Reading directories is made for speed, the rest for size.
WASM_OPTIMISE = $(if $(filter src/zip/archive.c src/zip/index.c src/zip/name.c,$<),-O2,-Oz)
$(eval $(call compile,wasm,$$(EMCC),$$(WASM_OPTIMISE) $$(NATIVE) $$(WASM_HEADERS),build/wasm/include/done))
$(eval $(call compile,native,$$(CC),-O2 -g $$(NATIVE) $$(NATIVE_HEADERS),$(SETUP_BUILD)))
$(eval $(call compile,native-asan,$$(CC),-O1 -g $$(NATIVE) $$(SANITIZE) $$(NATIVE_HEADERS),$(SETUP_BUILD)))
$(eval $(call compile,native-faults,$$(CC),-O1 -g $$(NATIVE) $$(SANITIZE) $$(NATIVE_HEADERS),$(SETUP_BUILD)))
$(eval $(call compile,c-tests,$$(CC),-O1 -g $$(SANITIZE),$(SETUP_BUILD)))
$(eval $(call compile,fuzz,$$(CLANG),-O1 -g $$(SANITIZE) -fsanitize=fuzzer-no-link $$(NATIVE_HEADERS) $$(FUZZ_DEFINES),$(SETUP_TEST)))
$(eval $(call compile,coverage,$$(CLANG),-O0 -g $$(NATIVE) $$(COVERAGE) $$(NATIVE_HEADERS),$(SETUP_TEST)))

$(foreach variant,wasm native native-asan native-faults fuzz coverage,\
    build/$(variant)/src/python/module.o): package.json

-include $(foreach variant,wasm native native-asan native-faults c-tests fuzz coverage,\
    $(patsubst %.o,%.d,$(call objects,$(variant),$(SOURCES) $(C_TESTS) $(wildcard tests/fuzz/*.c tests/fuzz/*/*.c tests/faults/*.c))))

# Emscripten has neither Python's headers nor zlib's. Debian's serve, with our own pyconfig.h;
# Python.h includes that one from its own folder, so the folder is made of links.
build/wasm/include/done: wasm/pyconfig.h Makefile | $(SETUP_BUILD)
	$(Q)rm -rf $(@D) && mkdir -p $(@D)/python $(@D)/zlib
	$(Q)ln -s $(PYTHON_INCLUDE)/* $(@D)/python
	$(Q)ln -sf $(CURDIR)/wasm/pyconfig.h $(@D)/python/pyconfig.h
	$(Q)ln -s /usr/include/zlib.h /usr/include/zconf.h $(@D)/zlib
	$(Q)touch $@

# --- the modules ---------------------------------------------------------------------------------

# The linker's own exports, __wasm_*, need not be asked for.
comma = ,
empty =
space = $(empty) $(empty)
WASM_EXPORTS = $(shell sed -n 's/^\([A-Za-z].*\)/_\1/p' wasm/exports.txt)

$(WASM_MODULE): $(call objects,wasm,$(SOURCES)) wasm/exports.txt
	$(Q)$(EMCC) -Os -sSIDE_MODULE=2 -sWASM_BIGINT \
	    -sEXPORTED_FUNCTIONS=$(subst $(space),$(comma),$(strip $(WASM_EXPORTS))) \
	    $(filter %.o,$^) -o $@
	$(Q)wasm-opt -Oz $@ -o $@
	@echo "built $@: $$(wc -c <$@) bytes, $$(gzip -9 <$@ | wc -c) gzipped"

$(INLINED_WASM): $(WASM_MODULE) wasm/inline.mjs js/base/base85.js
	$(Q)node wasm/inline.mjs $< $@

$(NATIVE_MODULE): $(call objects,native,$(SOURCES))
	$(Q)$(CC) -shared $^ -lz -o $@
	@echo "built $@"

$(ASAN_MODULE): $(call objects,native-asan,$(SOURCES))
	$(Q)$(CC) -shared $(SANITIZE) $^ -lz -o $@
	@echo "built $@"

# Every call that tests/faults/faults.c wraps can be made to fail.
FAULTS_OBJECT = $(call objects,native-faults,tests/faults/faults.c)
$(FAULTS_MODULE): $(call objects,native-faults,$(SOURCES)) $(FAULTS_OBJECT) \
    tests/faults/check_symbols.sh tests/faults/cannot_fail.txt
	$(Q)tests/faults/check_symbols.sh $(FAULTS_OBJECT) $(call objects,native-faults,$(SOURCES))
	$(Q)$(CC) -shared $(SANITIZE) $(filter %.o,$^) -lz -o $@ \
	    $$(nm $(FAULTS_OBJECT) | sed -n 's/.* T __wrap_/-Wl,--wrap=/p')
	@echo "built $@"

# --- setup ---------------------------------------------------------------------------------------

.PHONY: setup archives
setup: $(SETUP_TEST)
	@echo "everything needed is installed"

$(SETUP_BUILD): wasm/setup.sh package-lock.json
	@wasm/setup.sh build
	@touch $@

$(SETUP_TEST): $(SETUP_BUILD)
	@wasm/setup.sh test
	@touch $@

$(SETUP_FULL): $(SETUP_TEST)
	@wasm/setup.sh full
	@touch $@

# The bundlers have a lock file of their own, so that nobody else's npm ci installs them.
build/bundlers/done: tests/bundlers/package.json tests/bundlers/package-lock.json .npmrc | $(SETUP_TEST)
	@mkdir -p $(@D) && cp $(filter %.json .npmrc,$^) $(@D)
	@echo "installing bundlers (log: build/setup/bundlers.log)"
	@cd $(@D) && npm ci --loglevel=error >../setup/bundlers.log 2>&1 </dev/null || \
	    { tail -n 20 ../setup/bundlers.log; exit 1; }
	@touch $@

# What the examples use, with a lock file of its own too.
build/examples/done: examples/package.json examples/package-lock.json .npmrc | $(SETUP_BUILD)
	@mkdir -p $(@D) && cp $(filter %.json .npmrc,$^) $(@D)
	@echo "installing the clients that the examples use (log: build/setup/examples.log)"
	@cd $(@D) && npm ci --loglevel=error >../setup/examples.log 2>&1 </dev/null || \
	    { tail -n 20 ../setup/examples.log; exit 1; }
	@touch $@

# JupyterLite, and the wheels of its example.
build/jupyterlite/done: examples/jupyterlite/requirements.txt examples/jupyterlite/wheels.txt | build/archives/done
	@mkdir -p $(@D)
	@echo "installing JupyterLite (log: build/setup/jupyterlite.log)"
	@{ $(PYTHON) -m venv $(@D)/venv && $(@D)/venv/bin/pip install --disable-pip-version-check --requirement $<; } \
	    >build/setup/jupyterlite.log 2>&1 </dev/null || { tail -n 20 build/setup/jupyterlite.log; exit 1; }
	@$(PYTHON) bench/fetch_archives.py $(@D)/wheels examples/jupyterlite/wheels.txt
	@touch $@

archives: build/archives/done

build/archives/done: bench/requirements.txt bench/fetch_archives.py | $(SETUP_BUILD)
	@$(PYTHON) bench/fetch_archives.py $(@D) $<
	@touch $@

# Wheels that tests mount and use.
WHEELS = build/wheels$(if $(FULL),-full)/done
build/wheels/done: tests/wheels/requirements.txt
build/wheels-full/done: tests/wheels/requirements-full.txt tests/wheels/requirements.txt
build/wheels/done build/wheels-full/done: bench/fetch_archives.py | $(SETUP_BUILD)
	@$(PYTHON) bench/fetch_archives.py $(@D) $(firstword $(filter %.txt,$^))
	@touch $@

WHEEL_SOURCES = build/wheels-sources/done
$(WHEEL_SOURCES): tests/wheels/requirements-sources.txt bench/fetch_archives.py | $(SETUP_BUILD)
	@$(PYTHON) bench/fetch_archives.py $(@D) $<
	@touch $@

# --- tests ---------------------------------------------------------------------------------------

# Those that keep one core busy, and those that start two processes themselves.
SINGLE_SUITES = test-c test-python test-faults test-writers
DOUBLE_SUITES = cpython-tests test-pyodide test-browser test-package test-clients $(if $(FULL),test-writers-full)
SUITES        = $(SINGLE_SUITES) $(DOUBLE_SUITES)
.PHONY: test test-full $(SUITES) test-writers-full

# Runs every suite, also after one failed; each leaves its counts in build/counts. Each promise is tried
# once, where it can break: tests/matrix.mjs.
test: $(SETUP_TEST)
	@rm -rf build/counts
	@$(MAKE) --no-print-directory --jobs=2 --output-sync --keep-going $(SINGLE_SUITES); \
	for suite in $(DOUBLE_SUITES); do $(MAKE) --no-print-directory $$suite; done; \
	node tests/suite.mjs sum $(SUITES)

# The same tests on every version of Pyodide, in every engine and place.
test-full:
	@$(MAKE) --no-print-directory FULL=1 test

test-c: build/c-tests/run
	@node tests/suite.mjs run $@ "$<" "$< --fail-allocations" "$< --fail-system"

build/c-tests/run: $(call objects,c-tests,$(CORE_SOURCES) $(C_TESTS))
	$(Q)$(CC) $(SANITIZE) $^ -lz -o $@

# The sanitizers' runtime must come first in a process whose program was built without it. What the
# interpreter itself does not free at its end is not ours to report.
WITH_ASAN = LD_PRELOAD=$$($(CC) -print-file-name=libasan.so) ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc
PYTHON_TESTS = $(PYTHON) tests/python/run.py

# With packs twice: what the first run compiles, the second finds. Of the whole matrix one run tries every
# value of every byte of the hostile archives; else a few of each, and the fuzz targets the rest.
test-python: native native-asan archives
	@rm -rf build/packs
	@node tests/suite.mjs run $@ \
	    "$(PYTHON_TESTS) --importer stock" \
	    "$(if $(FULL),FULL_HOSTILE=1 )PYTHONPATH=build/native $(PYTHON_TESTS) --importer ours" \
	    "PYTHONPATH=build/native $(PYTHON_TESTS) --importer ours --packs build/packs" \
	    "PYTHONPATH=build/native $(PYTHON_TESTS) --importer ours --packs build/packs" \
	    "PYTHONPATH=build/native-asan $(WITH_ASAN) $(PYTHON_TESTS) --importer ours"

test-faults: $(FAULTS_MODULE)
	@node tests/suite.mjs run $@ "PYTHONPATH=$(dir $<) $(WITH_ASAN) $(PYTHON) tests/faults/walk.py"

# Archives made by the programs and libraries that people use, natively and in one Pyodide.
test-writers: native wasm build/writers/done
	@node tests/suite.mjs run $@ \
	    "PYTHONPATH=build/native $(PYTHON) tests/writers/check.py build/writers" \
	    "node tests/writers/pyodide.mjs build/writers"

build/writers/done: $(wildcard tests/writers/*.*) package-lock.json | $(SETUP_TEST)
	@$(PYTHON) tests/writers/make.py $(@D)
	@touch $@

# The same with what the tool chains of Java, Go and Rust write.
test-writers-full: native $(SETUP_FULL)
	@$(PYTHON) tests/writers/make.py --full build/writers-full
	@node tests/suite.mjs run $@ "PYTHONPATH=build/native $(PYTHON) tests/writers/check.py build/writers-full"

# A file each to as many processes as there are cores; Node's own choice leaves one idle.
NODE_TEST = node --test --test-concurrency=$$(nproc)

# Extension modules for the tests, and a shared library that one of them needs.
EXTENSION_FOLDER = build/extension
EXTENSION_FILES  = $(addprefix $(EXTENSION_FOLDER)/,alone.so libnumber.so linked.so)
EXTENSION_BUILD  = $(EMCC) -Os $(STANDARD) $(WARNINGS) $(NATIVE) -isystem build/wasm/include/python \
    -sSIDE_MODULE=2 -sWASM_BIGINT
.PHONY: extensions
extensions: $(EXTENSION_FILES)

$(EXTENSION_FOLDER)/alone.so: tests/pyodide/extension/module.c build/wasm/include/done
	@mkdir -p $(@D)
	$(Q)$(EXTENSION_BUILD) -sEXPORTED_FUNCTIONS=_PyInit__alone $< -o $@

$(EXTENSION_FOLDER)/libnumber.so: tests/pyodide/extension/number.c build/wasm/include/done
	@mkdir -p $(@D)
	$(Q)$(EXTENSION_BUILD) -sEXPORTED_FUNCTIONS=_number $< -o $@

$(EXTENSION_FOLDER)/linked.so: tests/pyodide/extension/module.c $(EXTENSION_FOLDER)/libnumber.so
	$(Q)$(EXTENSION_BUILD) -DLIBRARY -sEXPORTED_FUNCTIONS=_PyInit__linked $^ -o $@

# Published wheels with extension modules, for the whole matrix. They are for another platform than pip's own.
EXTENSION_WHEELS = build/extension-wheels/done
build/extension-wheels/done: $(wildcard tests/pyodide/extension-wheels/*.txt) | build/archives/done
	@echo "fetching the wheels with extension modules"
	@$(call fetch_wheels,314.0.7,pyemscripten_2026_0_wasm32,314)
	@$(call fetch_wheels,0.29.5,pyemscripten_2025_0_wasm32,313)
	@touch $@

# $(call fetch_wheels,VERSION,PLATFORM,PYTHON), with the pip that fetched the archives.
fetch_wheels = build/venv/bin/pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
    --only-binary=:all: --implementation cp --platform $(2) --python-version $(3) \
    --abi cp$(3) --abi abi3 --abi none \
    --requirement tests/pyodide/extension-wheels/$(1).txt --dest $(@D)/$(1) </dev/null

# micropip as each version's lock file names it: several releases of one package are several downloads.
MICROPIP = build/packages/done
$(MICROPIP): $(wildcard tests/pyodide/packages/micropip-*.txt) bench/fetch_archives.py | $(SETUP_BUILD)
	@for pins in $(filter %.txt,$^); do $(PYTHON) bench/fetch_archives.py $(@D) $$pins || exit 1; done
	@touch $@

test-pyodide: wasm archives extensions drop-in $(WHEELS) $(MICROPIP) $(if $(FULL),$(WHEEL_SOURCES) $(EXTENSION_WHEELS))
	@node tests/suite.mjs run $@ "$(NODE_TEST) $(wildcard tests/pyodide/*.test.mjs tests/wheels/*.test.mjs)"

cpython-tests: all $(SETUP_TEST)
	@node tests/suite.mjs run $@ "node tests/cpython/run.mjs" "$(NODE_TEST) tests/cpython/newer.test.mjs"

test-browser: wasm archives extensions drop-in $(MICROPIP) $(SETUP_TEST)
	@node tests/suite.mjs run $@ "$(NODE_TEST) $(wildcard tests/browser/*.test.mjs)"

# The examples, as people open them.
test-clients: examples build/examples/site $(SETUP_TEST)
	@node tests/suite.mjs run $@ "node --test --test-concurrency=1 $(wildcard tests/clients/*.test.mjs)"

# What npm packs, and what programs and bundlers make of it.
test-package: wasm $(SETUP_TEST) build/bundlers/done
	@node tests/suite.mjs run $@ "$(NODE_TEST) $(wildcard tests/package/*.test.mjs tests/bundlers/*.test.mjs)"

# --- examples ------------------------------------------------------------------------------------

# They run in build/examples, with the clients that they use, and this package as npm packs it.
EXAMPLE_NAMES = $(shell sed -n '/"scripts"/,/}/s/^    "\([a-z-]*\)": .*/\1/p' examples/package.json)
EXAMPLE_FILES = $(shell find examples -type f)
.PHONY: examples $(addprefix example-,$(EXAMPLE_NAMES))
examples: build/examples/ready

build/examples/ready: $(EXAMPLE_FILES) $(wildcard js/*.js js/*/*.js js/*/*/*.js) $(WASM_MODULE) $(DROP_IN) package.json \
    build/examples/done | build/archives/done
	@cp -r examples/. $(@D)
	@mkdir -p $(@D)/wheels $(@D)/vite/public/pyodide && cp build/archives/sympy-*.whl build/archives/mpmath-*.whl $(@D)/wheels
	@cp -r $(@D)/wheels $(@D)/vite/public
	@mkdir -p $(@D)/drop-in && cp $(DROP_IN) $(@D)/drop-in
	@cp $(addprefix $(@D)/node_modules/pyodide/,$(PYODIDE_FILES)) $(@D)/vite/public/pyodide
	@rm -rf $(@D)/node_modules/pyodide-zipimport && mkdir $(@D)/node_modules/pyodide-zipimport
	@npm pack --silent --pack-destination $(@D) >/dev/null
	@tar -xzf $(@D)/pyodide-zipimport-$(VERSION).tgz -C $(@D)/node_modules/pyodide-zipimport --strip-components=1
	@touch $@
PYODIDE_FILES = pyodide.asm.mjs pyodide.asm.wasm python_stdlib.zip pyodide-lock.json

$(addprefix example-,$(EXAMPLE_NAMES)): example-%: build/examples/ready
	@cd $(<D) && npm run --silent $*

example-jupyterlite: build/examples/site

build/examples/site: build/examples/ready $(DROP_IN) build/jupyterlite/done
	@echo "building the JupyterLite site"
	@build/examples/jupyterlite/build.sh $(CURDIR)/build/examples/node_modules/pyodide $(CURDIR)/$(DROP_IN) \
	    $(CURDIR)/build/jupyterlite/venv $(CURDIR)/build/jupyterlite/wheels
	@touch $@

# --- checks --------------------------------------------------------------------------------------

CHECKS = check-format check-gcc check-clang check-tidy check-layers check-rooms check-symbols \
    check-js check-types check-lock
.PHONY: check format $(CHECKS)

JS_FILES = "{js,bench,tests,wasm,examples}/**/*.{js,mjs,ts}" package.json .tsconfig.json
ESLINT   = node_modules/.bin/eslint --config .eslint.config.mjs --max-warnings 0 --no-error-on-unmatched-pattern \
    js bench tests wasm examples

# Runs every check, also after one failed: a line for each, and the whole output of those that fail.
check: $(SETUP_TEST)
	@mkdir -p build/check; passed=0; failed=0; \
	for check in $(CHECKS); do \
	    log=build/check/$$check.txt; \
	    if $(MAKE) --no-print-directory $$check >$$log 2>&1; then \
	        passed=$$((passed + 1)); echo "ok    $$(tail -n 1 $$log)"; \
	    else \
	        failed=$$((failed + 1)); echo "FAIL  $$check"; cat $$log; \
	    fi; \
	done; \
	echo "checks: $$passed passed, $$failed failed"; test $$failed = 0

check-format:
	@clang-format --dry-run -Werror $(C_FILES)
	@echo "clang-format: $(words $(C_FILES)) files"

check-gcc: $(call objects,native,$(SOURCES)) $(call objects,c-tests,$(C_TESTS))
	@echo "gcc: no warnings in $(words $^) files"

check-clang:
	$(Q)for file in $(CORE_SOURCES) $(C_TESTS); do \
	    $(CLANG) $(STANDARD) $(WARNINGS) -fsyntax-only $$file || exit 1; done
	$(Q)for file in $(PYTHON_SOURCES); do \
	    $(CLANG) $(STANDARD) $(WARNINGS) -isystem $(PYTHON_INCLUDE) -fsyntax-only $$file || exit 1; done
	@echo "clang: no warnings in $(words $(SOURCES) $(C_TESTS)) files"

check-tidy:
	$(Q)printf '%s\n' $(SOURCES) | \
	    xargs -P 2 -I FILE clang-tidy --quiet FILE -- $(STANDARD) -isystem $(PYTHON_INCLUDE)
	@echo "clang-tidy: $(words $(SOURCES)) files"

check-layers:
	@node wasm/check-layers.mjs

check-rooms: wasm
	@node wasm/check-rooms.mjs

check-symbols: wasm
	@node wasm/check-symbols.mjs $(WASM_MODULE)

check-js:
	@node_modules/.bin/prettier --log-level warn --check $(JS_FILES)
	@$(ESLINT)
	@echo "prettier and eslint: form and lint of js, bench, tests and wasm"

check-types: wasm
	@node_modules/.bin/tsc --project .tsconfig.json
	@node_modules/.bin/tsc --project tests
	@echo "tsc: types of js, bench, wasm and tests"

LOCK_FILES = package-lock.json tests/bundlers/package-lock.json examples/package-lock.json
check-lock:
	@! grep -n '"resolved"' $(LOCK_FILES)
	@echo "$(LOCK_FILES): no host names"

format:
	clang-format -i $(C_FILES)
	node_modules/.bin/prettier --log-level warn --write $(JS_FILES)
	$(ESLINT) --fix

# --- demo, bench, fuzz, coverage -----------------------------------------------------------------

.PHONY: demo bench bench-browser bench-clients soak fuzz $(addprefix fuzz-,$(FUZZ_TARGETS)) coverage mutants

# PYODIDE=0.27.8 make demo: on another Pyodide than the newest.
demo: all archives
	@node bench/demo.mjs

bench: all archives build/wheels-full/done $(EXTENSION_WHEELS) $(SETUP_TEST)
	@node bench/bench.mjs

# ENGINE=Chromium make bench-browser: one of Chromium, Firefox, WebKitGTK.
bench-browser: wasm archives $(SETUP_TEST)
	@node bench/browser.mjs $(ENGINE)

# Each client of the examples on its second visit, against the same unchanged. PAGE="page workers" for some.
bench-clients: examples build/examples/site $(SETUP_TEST)
	@node bench/clients.mjs $(PAGE)

# What CI does for a moment, for hours: processes and browsers killed at random moments, such that write
# at the same time, and an hour of each fuzz target. About four hours.
soak: wasm archives $(SETUP_TEST)
	@KILLS=200 ROUNDS=50 node --test --test-name-pattern="killed|same time" \
	    tests/pyodide/packs.test.mjs tests/pyodide/stores.test.mjs
	@FULL=1 KILLS=30 ROUNDS=50 node --test --test-name-pattern="killed|same moment" \
	    tests/browser/*-accidents.test.mjs tests/browser/*-storage.test.mjs
	@$(MAKE) --no-print-directory --jobs=2 --keep-going fuzz T=3600

# Each tests/fuzz/fuzz_NAME.c is a target; other C files there are linked into all of them.
T = 60
fuzz: $(addprefix fuzz-,$(FUZZ_TARGETS))

$(addprefix fuzz-,$(FUZZ_TARGETS)): fuzz-%: build/fuzz/run-% build/fuzz/write-seeds
	@mkdir -p build/fuzz/corpus/$* build/fuzz/seeds/$* build/fuzz/found
	$(Q)build/fuzz/write-seeds $* build/fuzz/seeds/$*
	@echo "fuzzing $* for $(T) s"
	$(Q)$< -max_total_time=$(T) -verbosity=0 -print_final_stats=1 -timeout=10 -rss_limit_mb=2048 \
	    $(addprefix -dict=,$(wildcard tests/fuzz/zip.dict)) \
	    -artifact_prefix=build/fuzz/found/$*- build/fuzz/corpus/$* build/fuzz/seeds/$*

build/fuzz/run-%: build/fuzz/tests/fuzz/fuzz_%.o \
    $(call objects,fuzz,$(CORE_SOURCES) $(FUZZ_HELPERS) tests/c/zipbuild.c)
	$(Q)$(CLANG) $(SANITIZE) -fsanitize=fuzzer $^ -lz -o $@

# The glue too, and Debian's Python around it.
FUZZ_DEFINES = $(if $(filter tests/fuzz/fuzz_importer.c,$<),-DFUZZ_PYTHON='L"$(PYTHON)"')
$(addprefix build/fuzz/run-,importer bridge): build/fuzz/run-%: build/fuzz/tests/fuzz/fuzz_%.o \
    $(call objects,fuzz,$(SOURCES) $(FUZZ_HELPERS))
	$(Q)$(CLANG) $(SANITIZE) -fsanitize=fuzzer $^ -lz -l$(notdir $(PYTHON_INCLUDE)) -o $@

# What a corpus begins with.
build/fuzz/write-seeds: $(call objects,c-tests,tests/fuzz/seeds/write_seeds.c tests/c/zipbuild.c)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SANITIZE) $^ -lz -o $@

# Objects made on the way to a fuzz target are kept.
.SECONDARY:

# Lines and branches of src/ that the C tests, the Python tests on Debian's CPython and the walk over
# failing calls run.
COVERAGE        = -fprofile-instr-generate -fcoverage-mapping
COVERAGE_MODULE = build/coverage/$(MODULE_NAME).abi3.so
COVERAGE_FAULTS = build/coverage/faults/$(MODULE_NAME).abi3.so
# Failing tests are for `make test` to judge; here they are only mentioned.
COVERAGE_LOG    = >>build/coverage/tests.txt 2>&1 || echo "tests fail: see build/coverage/tests.txt"
coverage: build/coverage/run $(COVERAGE_MODULE) $(COVERAGE_FAULTS)
	@rm -f build/coverage/*.profraw build/coverage/tests.txt
	$(Q)export LLVM_PROFILE_FILE=$(CURDIR)/build/coverage/%p.profraw; \
	    $< $(COVERAGE_LOG); \
	    $< --fail-allocations $(COVERAGE_LOG); \
	    $< --fail-system $(COVERAGE_LOG); \
	    PYTHONPATH=build/coverage $(PYTHON_TESTS) --importer ours $(COVERAGE_LOG); \
	    PYTHONMALLOC=malloc PYTHONPATH=$(dir $(COVERAGE_FAULTS)) $(PYTHON) tests/faults/walk.py $(COVERAGE_LOG)
	$(Q)llvm-profdata merge -o build/coverage/all.profdata build/coverage/*.profraw
	@llvm-cov report $(COVERAGE_MODULE) -object $(COVERAGE_FAULTS) -object $< -instr-profile=build/coverage/all.profdata \
	    --show-branch-summary --show-region-summary=false $(SOURCES)

build/coverage/run: $(call objects,coverage,$(CORE_SOURCES) $(C_TESTS))
	$(Q)$(CLANG) $(COVERAGE) $^ -lz -o $@

$(COVERAGE_MODULE): $(call objects,coverage,$(SOURCES))
	$(Q)$(CLANG) -shared $(COVERAGE) $^ -lz -o $@

COVERAGE_FAULTS_OBJECT = $(call objects,coverage,tests/faults/faults.c)
$(COVERAGE_FAULTS): $(call objects,coverage,$(SOURCES)) $(COVERAGE_FAULTS_OBJECT)
	@mkdir -p $(@D)
	$(Q)$(CLANG) -shared $(COVERAGE) $^ -lz -o $@ \
	    $$(nm $(COVERAGE_FAULTS_OBJECT) | sed -n 's/.* T __wrap_/-Wl,--wrap=/p')

# N small faults in src/, one at a time: which of them would no fast suite notice? SEED=2 makes others.
N    = 100
SEED = 1
mutants: | $(SETUP_BUILD)
	@$(PYTHON) tests/mutants/run.py build/mutants --count $(N) --seed $(SEED)

# --- the rest ------------------------------------------------------------------------------------

.PHONY: clean help
clean:
	rm -rf build $(WASM_MODULE) $(INLINED_WASM)

help:
	@echo "make                build the side module (js/) and the native extension (build/native)"
	@echo "make example-page   one of the examples: $(EXAMPLE_NAMES)"
	@echo "make drop-in        one file in the place of Pyodide's module (build/drop-in)"
	@echo "make demo           stock and ours on real archives; PYODIDE=0.27.8 for another Pyodide"
	@echo "make test           every test, each promise once; parts of it: $(SUITES)"
	@echo "make test-full      the same on every version of Pyodide and in every engine: the whole matrix"
	@echo "make check          format, lint, types, warnings, include layers, symbols, size; parts of it:"
	@echo "                    $(CHECKS)"
	@echo "make format         put the sources into the form that make check wants"
	@echo "make bench          measure against stock, in Node and in browsers; puts the table into README.md"
	@echo "make bench-browser  browsers alone, a visit part by part; ENGINE=Firefox for one engine"
	@echo "make bench-clients  the examples in Chromium, with and without this package; puts the table into docs/clients.md"
	@echo "make fuzz T=60      each fuzz target for T seconds; one alone: fuzz-archive"
	@echo "make soak           hundreds of killed and competing processes, hours of fuzzing"
	@echo "make coverage       lines and branches of src/ that the tests run"
	@echo "make mutants N=100  put N faults into src/, one at a time, and list those that no fast suite notices"
	@echo "make setup          install what all of these need (the others call it themselves)"
	@echo "make archives       fetch the archives of demo and bench"
	@echo "make clean          remove everything built and fetched, but not node_modules"
	@echo
	@echo "V=1 shows the commands. The built parts: wasm, native, native-asan."
