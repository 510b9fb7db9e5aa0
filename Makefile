# cuff2mqtt. Two commands do everything on a fresh machine: `make demo` and `make check`.
# Non-recursive; every object tracks its headers (-MMD). BUILD=dir builds elsewhere.

BUILD   ?= build
CC      ?= cc
CLANG   ?= clang
PREFIX  ?= /usr/local
UNITDIR ?= /etc/systemd/system
VERSION := $(shell sed -n 's/.*CUFF2MQTT_VERSION "\(.*\)"/\1/p' gateway/version.h)
PYTHON  ?= /usr/bin/python3
PKG_CONFIG ?= pkg-config
# What runs a program of another architecture, if CC makes such: the build runs one to write the man pages.
EMULATOR ?=

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wundef \
        -Wformat=2 -Wvla -Wcast-qual -Wwrite-strings -Wno-unused-parameter
PKGS := libsystemd libcjson libconfig sqlite3 libpcap
# A target that only cleans, installs packages or prints needs none of the libraries yet.
PKG_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(PKGS))
PKG_LIBS   = $(shell $(PKG_CONFIG) --libs $(PKGS)) -lpaho-mqtt3as -lpthread

CFLAGS   ?= -O2 -g
HARDEN   := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
# The same bytes whatever directory it is built in.
HARDEN   += -ffile-prefix-map=$(CURDIR)=.
# 64 bits for files on armhf: captures can be large.
BASE     := -std=gnu17 -Igateway -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 $(WARN) $(WERROR)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

SOURCES  := $(sort $(wildcard gateway/*/*.c))
TESTS    := $(basename $(notdir $(sort $(wildcard tests/unit/*.c))))
FUZZERS  := $(basename $(notdir $(sort $(wildcard tests/fuzz/*.c))))

# The virtual cuff: one model and one language, two programs that each add a front end.
CUFF_SRC  := $(sort $(wildcard tests/virtual_cuff/*.c))
CUFF_DBUS := $(filter tests/virtual_cuff/dbus_%,$(CUFF_SRC))
CUFF_VHCI := $(filter tests/virtual_cuff/vhci_%,$(CUFF_SRC))
CUFF_HOST := $(filter tests/virtual_cuff/smp% %/att_server.c %/l2cap.c,$(CUFF_SRC))
CUFF_BOTH := $(filter-out $(CUFF_DBUS) $(CUFF_VHCI) $(CUFF_HOST),$(CUFF_SRC))
CUFF_BASE := -std=gnu17 -Itests/virtual_cuff -D_GNU_SOURCE $(WARN) $(WERROR)
CUFF_CFLAGS = $(shell $(PKG_CONFIG) --cflags libsystemd libcrypto)
DBUS_LIBS   = $(shell $(PKG_CONFIG) --libs libsystemd)
VHCI_LIBS   = $(shell $(PKG_CONFIG) --libs libsystemd libcrypto)

.PHONY: all demo check tests-built lint fuzz fuzzers coverage coverage-built bench install uninstall clean \
        deps version ci-full format service unit unit-built variants
all: $(BUILD)/cuff2mqtt $(BUILD)/virtual-cuff $(BUILD)/virtual-cuff-vhci

# What is installed.
service: $(BUILD)/cuff2mqtt $(BUILD)/share/.made

# --- the service ---------------------------------------------------------------------------------
OBJECTS := $(SOURCES:%.c=$(BUILD)/obj/%.o)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(BASE) $(HARDEN) $(CFLAGS) $(CPPFLAGS) $(PKG_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/cuff2mqtt: $(BUILD)/obj/gateway/main.o $(OBJECTS)
	$(CC) $(CFLAGS) -pie -Wl,-z,relro,-z,now $(LDFLAGS) $^ $(PKG_LIBS) -o $@

# --- the virtual cuff: includes nothing of gateway/ ----------------------------------------------
$(BUILD)/obj/tests/virtual_cuff/%.o: tests/virtual_cuff/%.c
	@mkdir -p $(@D)
	$(CC) $(CUFF_BASE) $(CFLAGS) $(CUFF_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/virtual-cuff: $(patsubst %.c,$(BUILD)/obj/%.o,$(CUFF_BOTH) $(CUFF_DBUS))
	$(CC) $(CFLAGS) $^ $(DBUS_LIBS) -o $@

$(BUILD)/virtual-cuff-vhci: $(patsubst %.c,$(BUILD)/obj/%.o,$(CUFF_BOTH) $(CUFF_HOST) $(CUFF_VHCI))
	$(CC) $(CFLAGS) $^ $(VHCI_LIBS) -o $@

# docs/models.md is made from the table of cuffs.
$(BUILD)/models-doc: $(patsubst %,$(BUILD)/obj/%.o,tools/models_doc gateway/core/omron_model gateway/core/omron_model_table)
	$(CC) $(CFLAGS) -pie $^ -o $@

.PHONY: docs/models.md
docs/models.md: $(BUILD)/models-doc
	$< > $(BUILD)/models.md && cp $(BUILD)/models.md $@

# docs/requests.md is made from the table of requests.
$(BUILD)/requests-doc: $(BUILD)/obj/tools/requests_doc.o $(OBJECTS)
	$(CC) $(CFLAGS) -pie $^ $(PKG_LIBS) -o $@
.PHONY: docs/requests.md
docs/requests.md: $(BUILD)/requests-doc
	$< > $(BUILD)/requests.md && cp $(BUILD)/requests.md $@

# Man pages and completion are made from the table of subcommands.
$(BUILD)/shell-files: $(BUILD)/obj/tools/shell_files.o $(OBJECTS)
	$(CC) $(CFLAGS) -pie $^ $(PKG_LIBS) -o $@
$(BUILD)/share/.made: $(BUILD)/shell-files
	@mkdir -p $(@D)/man
	$(EMULATOR) $< man > $(@D)/man/cuff2mqtt.1
	for name in $$($(EMULATOR) $< names); do $(EMULATOR) $< man $$name > $(@D)/man/cuff2mqtt-$$name.1; done
	$(EMULATOR) $< bash > $(@D)/cuff2mqtt.bash
	$(EMULATOR) $< zsh > $(@D)/_cuff2mqtt
	@touch $@

# The unit with the program's directory, and without what the systemd of this release would warn about.
.PHONY: systemd-unit
systemd-unit $(BUILD)/cuff2mqtt.service:
	@mkdir -p $(BUILD)
	sed -e 's|/usr/local/bin|$(PREFIX)/bin|' \
	        $$($(PKG_CONFIG) --atleast-version=254 libsystemd || echo '-e /(systemd.254)$$/,+1d') \
	        packaging/systemd/cuff2mqtt.service > $(BUILD)/cuff2mqtt.service

# --- unit tests of what is installed, for packages and other architectures: no sanitizer ----------
UNIT := $(filter-out test_vhci_%,$(TESTS))

$(BUILD)/obj/tests/unit/%.o: BASE += -Itests
$(BUILD)/libcuff2mqtt.a: $(OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libcuff2mqtt.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pie $(LDFLAGS) $^ $(PKG_LIBS) -o $@

unit-built: $(UNIT:%=$(BUILD)/unit/%)
unit: unit-built
	@EMULATOR="$(EMULATOR)" tests/unit/run $(BUILD)/unit

# make variants: the same, built and run in other ways (valgrind, the thread sanitizer, ..)
variants: deps-variants
	@tests/unit/variants $(BUILD)

# --- the same under sanitizers, for the tests ----------------------------------------------------
SAN_OBJECTS := $(SOURCES:%.c=$(BUILD)/san/%.o)

$(BUILD)/san/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(BASE) $(SANITIZE) -O1 -g $(PKG_CFLAGS) -Itests -MMD -MP -c $< -o $@

$(BUILD)/san/tests/virtual_cuff/%.o: tests/virtual_cuff/%.c
	@mkdir -p $(@D)
	$(CC) $(CUFF_BASE) $(SANITIZE) -O1 -g $(CUFF_CFLAGS) -MMD -MP -c $< -o $@

# Unit tests of the virtual cuff see nothing of gateway/ either.
$(BUILD)/san/tests/unit/test_vhci_%.o: tests/unit/test_vhci_%.c
	@mkdir -p $(@D)
	$(CC) $(CUFF_BASE) -Itests $(SANITIZE) -O1 -g $(CUFF_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/san/libcuff2mqtt.a: $(SAN_OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/san/libcuff2mqtt.so: $(SAN_OBJECTS)
	$(CC) -shared $(SANITIZE) -Wl,-soname,$(@F) $^ -o $@

# The library the tests are linked with; tests/mutants wants a shared one, to exchange it.
SAN_LIBRARY ?= $(BUILD)/san/libcuff2mqtt.a

$(BUILD)/san/cuff2mqtt: $(BUILD)/san/gateway/main.o $(SAN_LIBRARY)
	$(CC) $(SANITIZE) $^ $(PKG_LIBS) -o $@

$(BUILD)/san/virtual-cuff: $(patsubst %.c,$(BUILD)/san/%.o,$(CUFF_BOTH) $(CUFF_DBUS))
	$(CC) $(SANITIZE) $^ $(DBUS_LIBS) -o $@

$(BUILD)/san/virtual-cuff-vhci: $(patsubst %.c,$(BUILD)/san/%.o,$(CUFF_BOTH) $(CUFF_HOST) $(CUFF_VHCI))
	$(CC) $(SANITIZE) $^ $(VHCI_LIBS) -o $@

$(BUILD)/san/libvirtual-cuff.a: $(patsubst %.c,$(BUILD)/san/%.o,$(CUFF_BOTH) $(CUFF_HOST))
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/san/unit/test_vhci_%: $(BUILD)/san/tests/unit/test_vhci_%.o $(BUILD)/san/libvirtual-cuff.a
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) $^ $(VHCI_LIBS) -o $@

$(BUILD)/san/unit/%: $(BUILD)/san/tests/unit/%.o $(SAN_LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) $^ $(PKG_LIBS) -o $@

.SECONDARY:
# (an image being built has whole systems in build/image)
-include $(shell find $(BUILD) -path $(BUILD)/image -prune -o -name '*.d' -print 2>/dev/null)

# --- tests ---------------------------------------------------------------------------------------
# make check ONLY=word: only the tests whose name contains the word
check: deps-check
	@$(MAKE) --no-print-directory -s -j2 BUILD=$(BUILD) tests-built
	@tests/run $(BUILD) $(ONLY)

tests-built: $(TESTS:%=$(BUILD)/san/unit/%) $(BUILD)/san/cuff2mqtt $(BUILD)/san/virtual-cuff $(BUILD)/share/.made

lint: deps-lint
	@$(MAKE) --no-print-directory -s -j2 BUILD=$(BUILD) all $(BUILD)/models-doc $(BUILD)/requests-doc
	@tests/lint/run $(BUILD)

# --- fuzzing: clang's libFuzzer; SECONDS=n of new inputs for each ---------------------------------
FUZZ_OBJECTS := $(SOURCES:%.c=$(BUILD)/fuzz/obj/%.o)

$(BUILD)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CLANG) $(BASE) $(SANITIZE) -fsanitize=fuzzer-no-link -O1 -g $(PKG_CFLAGS) -Itests -MMD -MP -c $< -o $@

$(BUILD)/fuzz/libcuff2mqtt.a: $(FUZZ_OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/fuzz/%: $(BUILD)/fuzz/obj/tests/fuzz/%.o $(BUILD)/fuzz/libcuff2mqtt.a
	$(CLANG) $(SANITIZE) -fsanitize=fuzzer $^ $(PKG_LIBS) -o $@

fuzzers: $(FUZZERS:%=$(BUILD)/fuzz/%)

fuzz: deps-fuzz
	@$(MAKE) --no-print-directory -s -j2 BUILD=$(BUILD) fuzzers
	@tests/fuzz/run $(BUILD) $(if $(filter command line,$(origin SECONDS)),$(SECONDS),5)

# --- the fault matrix ------------------------------------------------------------------------------
# make faults N=300 SEED=1: so many faults at moments of a measurement's path. ONLY=17 or 12-17: those cases alone;
# WORDS=disk,clock: only faults with one of these in their names; LONG=1: the slow ones too; WORLDS=n side by side.
# make kills N=1000 SEED=1: kill -9 at so many moments of the memory's protocol, and of 2A35 alone.
N    ?= 300
SEED ?= 1
FAULTS_FLAGS = --seed $(SEED) $(if $(ONLY),--only $(ONLY)) $(if $(WORDS),--words '$(WORDS)') $(if $(LONG),--long) \
        $(if $(WORLDS),--worlds $(WORLDS)) $(if $(VERBOSE),--verbose)

$(BUILD)/faults-shim.so: tests/faults/shim.c
$(BUILD)/bench-burden.so: tests/bench/burden.c
$(BUILD)/faults-shim.so $(BUILD)/bench-burden.so: tests/preload.h
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) $(WERROR) -O2 -g -fPIC -shared -fno-builtin -Itests $(filter %.c,$^) -ldl -lpthread -o $@

.PHONY: faults kills
faults kills: deps-check
	@$(MAKE) --no-print-directory -s -j2 BUILD=$(BUILD) $(BUILD)/cuff2mqtt $(BUILD)/virtual-cuff $(BUILD)/faults-shim.so
	@$(PYTHON) tests/faults/run $(BUILD) --$@ $(N) $(FAULTS_FLAGS)

# --- the soak: make soak [MINUTES=60] [SEED=1]: years of four houses, day after day ---------------------
.PHONY: soak
soak: deps-check
	@$(MAKE) --no-print-directory -s -j2 BUILD=$(BUILD) $(BUILD)/cuff2mqtt $(BUILD)/virtual-cuff $(BUILD)/faults-shim.so
	@$(PYTHON) tests/soak/run $(BUILD) --minutes $(or $(MINUTES),60) --seed $(SEED)

# --- coverage of core and cuff: 100 % lines, 95 % branches -----------------------------------------
COV := $(BUILD)/coverage
PURE := $(filter gateway/core/% gateway/cuff/%,$(SOURCES))

$(COV)/%.o: %.c
	@mkdir -p $(@D)
	gcc $(BASE) --coverage -O0 -g $(PKG_CFLAGS) -Itests -MMD -MP -c $< -o $@

$(COV)/libcuff2mqtt.a: $(SOURCES:%.c=$(COV)/%.o)
	@rm -f $@
	ar rcs $@ $^

$(COV)/unit/%: $(COV)/tests/unit/%.o $(COV)/libcuff2mqtt.a
	@mkdir -p $(@D)
	gcc --coverage $^ $(PKG_LIBS) -o $@

PURE_TESTS := $(filter test_sfloat test_bdaddr test_date_time test_measurement test_blood_pressure test_category% \
        test_advertisement test_racp test_words test_smp test_trace% test_pairing_% test_verdict% test_vectors% test_omron_% test_session test_driver_% test_plan test_memory_error \
        test_transcripts test_text,$(TESTS))
coverage-built: $(PURE_TESTS:%=$(COV)/unit/%)

coverage: deps-coverage
	@$(MAKE) --no-print-directory -s -j2 BUILD=$(BUILD) coverage-built
	@tests/coverage $(COV) $(PURE_TESTS)

# --- the lab: Debian's kernel and bluetoothd in guests, the cuff behind a virtual controller ---------
# make lab: all scenarios on Linux 6.12, and on 6.1 those marked for it. KERNEL=6.1: only there;
# SCENARIO=word: only those whose name contains the word. make lab-short: what there is always time for.
# make lab SCENARIO=faults_matrix N=12 SEED=1: so many faults of this seed (ONLY=7: that case alone), 12 unless N says.
# make lab-demo: the whole path, for a person to watch.
.PHONY: lab lab-short lab-demo
lab lab-short: deps-lab
	@$(MAKE) --no-print-directory -s -j2 BUILD=$(BUILD) all
	@$(if $(filter command line,$(origin N)),FAULTS_N=$(N)) $(if $(ONLY),FAULTS_ONLY=$(ONLY)) FAULTS_SEED=$(SEED) \
	        tests/lab/run $(BUILD) $(if $(SCENARIO),--only $(SCENARIO)) \
	        $(if $(filter lab-short,$@),--short --kernel $(or $(KERNEL),6.12),$(if $(KERNEL),--kernel $(KERNEL)))

lab-demo: deps-lab
	@$(MAKE) --no-print-directory -s -j2 BUILD=$(BUILD) all
	@tests/lab/guest -n demo $(BUILD) $(or $(KERNEL),6.12) $(BUILD)/lab/out 180 \
	        $(PYTHON) tests/lab/demo.py $(BUILD) $(BUILD)/lab/out/demo

# --- faults in our own code: does make check notice? make mutants [N=100] [SEED=1] -----------------------
# First every test once, a quarter of an hour; then some seconds a fault, minutes for one that lives. ONLY=word: only
# faults in files whose path contains the word.
.PHONY: mutants mutants-compiler
MUTANTS := BUILD=$(BUILD)/mutants SAN_LIBRARY=$(BUILD)/mutants/san/libcuff2mqtt.so \
        SANITIZE="$(SANITIZE) -fPIC -Wl,--enable-new-dtags,-rpath,$(abspath $(BUILD))/mutants/san"
mutants: deps-check
	@$(MAKE) --no-print-directory -s -j2 $(MUTANTS) tests-built
	@tests/mutants/run $(BUILD)/mutants $(if $(filter command line,$(origin N)),--number $(N)) --seed $(SEED) \
	        $(if $(ONLY),--only $(ONLY))

mutants-compiler:
	@echo $(CC) $(BASE) $(SANITIZE) -fPIC -O1 $(PKG_CFLAGS) -Itests

# --- the rest --------------------------------------------------------------------------------------
# make demo [PORT=n] [VALUES=131/84/67] [SECONDS=30]
demo: deps-demo
	@$(MAKE) --no-print-directory -s -j2 BUILD=$(BUILD) all
	@$(PYTHON) tests/demo/demo.py --build $(BUILD) $(if $(PORT),--port $(PORT)) $(if $(VALUES),--values $(VALUES)) \
	        $(if $(filter command line,$(origin SECONDS)),--seconds $(SECONDS))

# The flow of docs/node-red.md in a real Node-RED, which npm installs into build/node-red; writes the page's transcript.
.PHONY: node-red
node-red: deps-check
	@$(MAKE) --no-print-directory -s -j2 BUILD=$(BUILD) $(BUILD)/san/cuff2mqtt $(BUILD)/san/virtual-cuff
	@CUFF2MQTT=$(abspath $(BUILD))/san/cuff2mqtt VIRTUAL_CUFF=$(abspath $(BUILD))/san/virtual-cuff tests/docs/node_red

# make bench: a quarter of an hour, on a machine with nothing else to do. ONLY=idle, work, sync, many, explain: that part
# alone.
bench: deps-bench
	@$(MAKE) --no-print-directory -s -j2 BUILD=$(BUILD) $(BUILD)/cuff2mqtt $(BUILD)/virtual-cuff $(BUILD)/bench-burden.so
	@$(PYTHON) tests/bench/bench.py --build $(BUILD) $(if $(ONLY),--only $(ONLY))

# Everything, long: sanitized tests twice at once, every scenario of the lab, 10000 faults, 1000 kills, an hour's soak,
# each fuzzer for ten minutes.
ci-full:
	@.ci/run
	@$(MAKE) --no-print-directory lab
	@$(MAKE) --no-print-directory check & one=$$!; $(MAKE) --no-print-directory check && wait $$one
	@$(MAKE) --no-print-directory faults N=10000 SEED=2 LONG=1
	@$(MAKE) --no-print-directory kills N=1000 SEED=1
	@$(MAKE) --no-print-directory soak
	@$(MAKE) --no-print-directory fuzz SECONDS=600
	@$(MAKE) --no-print-directory variants
	@$(MAKE) --no-print-directory bench
	@$(MAKE) --no-print-directory deb-all
	@$(MAKE) --no-print-directory package-test-full
	@$(MAKE) --no-print-directory check-image ARCH="amd64 arm64"

deps-%:
	@packaging/install-dependencies $*

deps: deps-build

install: service systemd-unit
	install -dm755 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m644 $(BUILD)/share/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -Dm644 $(BUILD)/share/cuff2mqtt.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/cuff2mqtt
	install -Dm644 $(BUILD)/share/_cuff2mqtt $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_cuff2mqtt
	install -Dm755 $(BUILD)/cuff2mqtt $(DESTDIR)$(PREFIX)/bin/cuff2mqtt
	install -dm755 $(DESTDIR)/etc/cuff2mqtt
	test -e $(DESTDIR)/etc/cuff2mqtt/cuff2mqtt.conf || \
	        install -m640 config/cuff2mqtt.conf $(DESTDIR)/etc/cuff2mqtt/cuff2mqtt.conf
	install -Dm644 $(BUILD)/cuff2mqtt.service $(DESTDIR)$(UNITDIR)/cuff2mqtt.service
	install -Dm644 packaging/systemd/cuff2mqtt.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/cuff2mqtt.conf
	@test -n "$(DESTDIR)" || packaging/systemd/make-user $(PREFIX)/lib/sysusers.d/cuff2mqtt.conf

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/cuff2mqtt $(DESTDIR)$(UNITDIR)/cuff2mqtt.service
	rm -f $(DESTDIR)$(PREFIX)/lib/sysusers.d/cuff2mqtt.conf
	rm -f $(DESTDIR)$(PREFIX)/share/man/man1/cuff2mqtt.1 $(DESTDIR)$(PREFIX)/share/man/man1/cuff2mqtt-*.1
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/cuff2mqtt
	rm -f $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_cuff2mqtt

# --- Debian packages: docs/packaging.md ---------------------------------------------------------------
# make deb: for this machine. make deb RELEASE=trixie ARCH=arm64: for another, in a clean root; as root.
.PHONY: deb deb-all package-test package-test-full
deb: deps-deb
	@$(if $(RELEASE)$(ARCH),packaging/install-dependencies package &&) packaging/build-deb $(BUILD) \
	        $(if $(RELEASE)$(ARCH),$(or $(RELEASE),$(shell . /etc/os-release && echo $$VERSION_CODENAME)) \
	        $(or $(ARCH),$(shell dpkg --print-architecture)))

# All we publish, each with its unit tests; arm's run in emulation.
deb-all:
	@for release in bookworm trixie; do for arch in amd64 arm64 armhf; do \
	        $(MAKE) --no-print-directory deb RELEASE=$$release ARCH=$$arch || exit 1; done; done

# What the packages are worth, in clean roots; as root. The short one: this machine's, built without its unit tests.
package-test package-test-full: deps-package
	@$(MAKE) --no-print-directory -s -j2 BUILD=$(BUILD) $(BUILD)/virtual-cuff
	@tests/package/run $(BUILD) $(if $(filter %-full,$@),full)

# --- the container: docker/README.md ------------------------------------------------------------------
# make image [ARCH=arm64]: with docker or podman, else with buildah into $(BUILD)/image, as root.
# make check-image [ARCH="amd64 arm64"]: builds it without an engine and takes it through the main path.
.PHONY: image check-image
image:
	@packaging/build-image $(BUILD) $(ARCH)

check-image: deps-check deps-container
	@$(MAKE) --no-print-directory -s -j2 BUILD=$(BUILD) $(BUILD)/virtual-cuff
	@tests/image/run $(BUILD) $(ARCH)

# --- a release: packaging/release calls these -------------------------------------------------------
# The tree of the last commit, with its time: the same bytes from every clone.
DIST := cuff2mqtt-$(VERSION)
.PHONY: dist sbom
dist:
	@mkdir -p $(BUILD)/dist
	git -c tar.umask=0022 archive --format=tar --prefix=$(DIST)/ HEAD > $(BUILD)/dist/$(DIST).tar
	xz -9 --threads=1 --force $(BUILD)/dist/$(DIST).tar
	@echo $(BUILD)/dist/$(DIST).tar.xz

# What the program was linked with, by Debian's names and versions (SPDX 2.3).
sbom: $(BUILD)/cuff2mqtt
	@mkdir -p $(BUILD)/dist
	packaging/sbom $(BUILD)/cuff2mqtt $(VERSION) > $(BUILD)/dist/$(DIST).$(shell dpkg --print-architecture).spdx.json

format:
	clang-format -i $(shell find gateway tests tools -name '*.[ch]')

version:
	@echo $(VERSION)

clean:
	rm -rf $(BUILD) tests/component/__pycache__ tests/image/__pycache__
