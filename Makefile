# cuff2mqtt. Two commands do everything on a fresh machine: `make demo` and `make check`.
# Non-recursive; every object tracks its headers (-MMD). BUILD=dir builds elsewhere.

BUILD   ?= build
CC      ?= cc
CLANG   ?= clang
PREFIX  ?= /usr/local
VERSION := $(shell sed -n 's/.*CUFF2MQTT_VERSION "\(.*\)"/\1/p' gateway/version.h)
PYTHON  ?= /usr/bin/python3

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wundef \
        -Wformat=2 -Wvla -Wcast-qual -Wwrite-strings -Wno-unused-parameter
PKGS := libsystemd libcjson libconfig sqlite3
# A target that only cleans, installs packages or prints needs none of the libraries yet.
PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS))
PKG_LIBS   = $(shell pkg-config --libs $(PKGS)) -lpaho-mqtt3as -lpthread

CFLAGS   ?= -O2 -g
HARDEN   := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
BASE     := -std=gnu17 -Igateway -D_GNU_SOURCE $(WARN) $(WERROR)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

SOURCES  := $(sort $(wildcard gateway/*/*.c))
TESTS    := $(basename $(notdir $(sort $(wildcard tests/unit/*.c))))
FUZZERS  := $(basename $(notdir $(sort $(wildcard tests/fuzz/*.c))))
CUFF_SRC := $(sort $(wildcard tests/virtual_cuff/*.c))

.PHONY: all demo check unit component lint fuzz coverage bench install uninstall clean deps version \
        ci-full format
all: $(BUILD)/cuff2mqtt $(BUILD)/virtual-cuff

# --- the service ---------------------------------------------------------------------------------
OBJECTS := $(SOURCES:%.c=$(BUILD)/obj/%.o)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(BASE) $(HARDEN) $(CFLAGS) $(CPPFLAGS) $(PKG_CFLAGS) -MMD -c $< -o $@

$(BUILD)/cuff2mqtt: $(BUILD)/obj/gateway/main.o $(OBJECTS)
	$(CC) $(CFLAGS) -pie -Wl,-z,relro,-z,now $(LDFLAGS) $^ $(PKG_LIBS) -o $@

# --- the virtual cuff: includes nothing of gateway/ ----------------------------------------------
$(BUILD)/obj/tests/virtual_cuff/%.o: tests/virtual_cuff/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -Itests/virtual_cuff -D_GNU_SOURCE $(WARN) $(WERROR) $(CFLAGS) \
	        $(shell pkg-config --cflags libsystemd) -MMD -c $< -o $@

$(BUILD)/virtual-cuff: $(CUFF_SRC:%.c=$(BUILD)/obj/%.o)
	$(CC) $(CFLAGS) $^ $(shell pkg-config --libs libsystemd) -o $@

# --- the same under sanitizers, for the tests ----------------------------------------------------
SAN_OBJECTS := $(SOURCES:%.c=$(BUILD)/san/%.o)

$(BUILD)/san/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(BASE) $(SANITIZE) -O1 -g $(PKG_CFLAGS) -Itests -MMD -c $< -o $@

$(BUILD)/san/tests/virtual_cuff/%.o: tests/virtual_cuff/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -Itests/virtual_cuff -D_GNU_SOURCE $(WARN) $(WERROR) $(SANITIZE) -O1 -g \
	        $(shell pkg-config --cflags libsystemd) -MMD -c $< -o $@

$(BUILD)/san/libcuff2mqtt.a: $(SAN_OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/san/cuff2mqtt: $(BUILD)/san/gateway/main.o $(SAN_OBJECTS)
	$(CC) $(SANITIZE) $^ $(PKG_LIBS) -o $@

$(BUILD)/san/virtual-cuff: $(CUFF_SRC:%.c=$(BUILD)/san/%.o)
	$(CC) $(SANITIZE) $^ $(shell pkg-config --libs libsystemd) -o $@

$(BUILD)/san/unit/%: $(BUILD)/san/tests/unit/%.o $(BUILD)/san/libcuff2mqtt.a
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) $^ $(PKG_LIBS) -o $@

.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

unit: $(TESTS:%=$(BUILD)/san/unit/%)
	@for t in $^; do $$t || exit 1; done
