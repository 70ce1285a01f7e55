# mim: builds into build/; see README.md for the two commands.

PREFIX ?=	/usr/local
DESTDIR ?=
BUILD ?=	build

CC ?=		cc
CLANG ?=	clang
OPT ?=		-O2 -g
WARN =		-Wall -Wextra -Wshadow -Wstrict-prototypes \
		-Wmissing-prototypes -Wvla
HARDEN =	-fstack-protector-strong -fstack-clash-protection \
		-fcf-protection -fPIE -D_FORTIFY_SOURCE=2
HARDENLD =	-pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
SAN ?=
STRICT ?=			# -Werror, not for tests
VERSION =	0.1

PKGS =		libbsd-overlay libssl libcrypto msgpack libevent_core \
		libseccomp libcares jansson
# Not libcurl, libminiupnpc and libnatpmp, which the tracker and portmap
# children load: mimd/tracker/curl_late.h, mimd/portmap/late.h.  OpenSSL is
# for tests; the programs load it: include/library.h.
PKG_CFLAGS :=	$(shell pkg-config --cflags $(PKGS) libcurl 2>/dev/null)
PKG_LIBS :=	$(shell pkg-config --libs $(PKGS) 2>/dev/null)

# SECCOMP_TRAP=1: a call outside a child's sandbox is named on stderr.
SECCOMP_TRAP ?=

CPPFLAGS =	-D_GNU_SOURCE -DMIM_VERSION='"$(VERSION)"' \
		-DMIM_PREFIX='"$(PREFIX)"' \
		-Iinclude -I$(BUILD) $(PKG_CFLAGS) \
		$(if $(SECCOMP_TRAP),-DMIM_SECCOMP_TRAP)
CFLAGS ?=	$(OPT)
ALL_CFLAGS =	-std=gnu17 $(WARN) $(STRICT) $(HARDEN) $(CFLAGS) $(SAN)
ALL_LDFLAGS =	$(HARDENLD) $(LDFLAGS) $(SAN)
LIBS =		$(PKG_LIBS) -lpthread

COMMON_SRC :=	$(wildcard common/*.c)
MIMD_SRC :=	$(wildcard mimd/*.c mimd/*/*.c)
MIMCTL_SRC :=	$(wildcard mimctl/*.c)
UNIT_SRC :=	$(wildcard tests/unit/test_*.c)
FUZZ_SRC :=	$(wildcard tests/fuzz/fuzz_*.c)
BENCH_SRC :=	$(wildcard tests/bench/*.c)

obj =		$(patsubst %.c,$(BUILD)/obj/%.o,$(1))
COMMON_OBJ :=	$(call obj,$(COMMON_SRC))
PARSE_OBJ :=	$(patsubst %.y,$(BUILD)/obj/%.o,$(wildcard mimd/*.y))
MIMD_OBJ :=	$(call obj,$(filter-out mimd/main.c,$(MIMD_SRC))) $(PARSE_OBJ)
MIMCTL_OBJ :=	$(call obj,$(filter-out mimctl/main.c,$(MIMCTL_SRC)))
UNIT_BIN :=	$(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_SRC))
SAN_UNIT_BIN :=	$(patsubst $(BUILD)/%,$(BUILD)/fuzz/%,$(UNIT_BIN))
BENCH_BIN :=	$(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(BENCH_SRC))

.PHONY: all unit fuzz san bench-bin clean install check run bench
.SECONDARY:

all: $(BUILD)/bin/mimd $(BUILD)/bin/mimctl

# Each source of the programs by itself: what a compiler says of them.
.PHONY: objects
objects: $(COMMON_OBJ) $(MIMD_OBJ) $(MIMCTL_OBJ) \
    $(call obj,mimd/main.c mimctl/main.c)

$(BUILD)/bin/mimd: $(call obj,mimd/main.c) $(BUILD)/libmimd.a \
    $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/bin/mimctl: $(call obj,mimctl/main.c) $(BUILD)/libmimctl.a \
    $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/libcommon.a: $(COMMON_OBJ)
$(BUILD)/libmimd.a: $(MIMD_OBJ)
$(BUILD)/libmimctl.a: $(MIMCTL_OBJ)
$(BUILD)/%.a:
	@mkdir -p $(@D)
	rm -f $@
	ar rcs $@ $^

# A child sees its own folder, the daemon's and include/; nothing else.
$(BUILD)/obj/mimd/%.o: CPPFLAGS += -Imimd
$(BUILD)/obj/mimctl/%.o: CPPFLAGS += -Imimctl
$(BUILD)/obj/tests/%.o: CPPFLAGS += -Imimd -Imimctl -I.
$(BUILD)/obj/tests/%.o: override STRICT =

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/gen/%.c: %.y
	@mkdir -p $(@D)
	bison -y -d -Wno-yacc -o $@ $<

# The tokens' numbers are in the header beside the grammar.
$(BUILD)/obj/mimd/lex.o: $(BUILD)/gen/mimd/parse.c
$(BUILD)/obj/mimd/lex.o: CPPFLAGS += -I$(BUILD)/gen/mimd

$(BUILD)/obj/mimd/%.o: $(BUILD)/gen/mimd/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The children's titles need libbsd's constructor where no main() of ours runs.
$(BUILD)/unit/%: LIBS += -Wl,-u,libbsd_init_func -lbsd-ctor -lbsd
$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libmimd.a \
    $(BUILD)/libmimctl.a $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(LIBS)

unit: $(UNIT_BIN)

$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(BUILD)/libmimd.a \
    $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

bench-bin: $(BENCH_BIN)

# Programs that try to leave the sandbox, and a mimd whose child lies.
ATTEMPT_OBJ =	$(call obj,$(wildcard tests/system/attempt/attempt_*.c) \
		tests/system/attempt/matrix.c)

$(BUILD)/attempt/bin/matrix: $(ATTEMPT_OBJ) $(BUILD)/libmimd.a \
    $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/attempt/bin/mimd: $(call obj,mimd/main.c \
    tests/system/attempt/lie.c) $(BUILD)/libmimd.a $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -Wl,--wrap=sandbox_seal -o $@ $^ \
	    $(LIBS)

EVIL_WRAP =	$(addprefix -Wl$(COMMA)--wrap=,sandbox_seal arena_map \
		chan_new chan_send)
COMMA :=	,

$(BUILD)/attempt/bin/evil: $(call obj,mimd/main.c \
    tests/system/attempt/evil.c) $(BUILD)/libmimd.a $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(EVIL_WRAP) -o $@ $^ $(LIBS)

# Another I/O layer for the disk child: what it wraps stands in its source.
IO_WRAP =	$(shell sed -n \
		's/^WRAP.[a-z_0-9]*, \([a-z_]*\),.*/-Wl,--wrap=io_\1/p' $(1))

$(BUILD)/attempt/bin/faulty: $(call obj,mimd/main.c \
    tests/system/attempt/faulty.c) $(BUILD)/libmimd.a $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) \
	    $(call IO_WRAP,tests/system/attempt/faulty.c) -o $@ $^ $(LIBS)

# A peer that means no good.
HOSTILE_OBJ =	$(call obj,$(wildcard tests/system/hostile/*.c))

$(BUILD)/bin/hostile: $(HOSTILE_OBJ) $(BUILD)/libmimd.a $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# The disk child, unsealed, on a file system of its own and with a fast clock.
POWERCUT_SRC =	$(addprefix tests/system/attempt/,powercut.c \
		cut_world.c cut_run.c simfs.c simfs_io.c bare.c)
POWERCUT_WRAP =	$(call IO_WRAP,tests/system/attempt/simfs_io.c) \
		$(addprefix -Wl$(COMMA)--wrap=,sandbox_seal loop_timer_set \
		loop_now sync_fs_worth)

$(BUILD)/attempt/bin/powercut: $(call obj,$(POWERCUT_SRC)) \
    $(BUILD)/libmimd.a $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(POWERCUT_WRAP) -o $@ $^ $(LIBS)

# For another's program, so without our sanitizers.
$(BUILD)/bin/hasty.so: tests/system/hasty.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 $(WARN) -O2 -fPIC -shared -o $@ $<

.PHONY: attempt-bin
attempt-bin: $(addprefix $(BUILD)/attempt/bin/,matrix mimd evil faulty \
    powercut) $(BUILD)/bin/hostile $(BUILD)/bin/hasty.so

# The whole tree again, with clang's sanitizers and libFuzzer's counters: the
# fuzz targets, and programs and unit tests in which no slip goes unnoticed.
# _FORTIFY_SOURCE would hide copies from the address sanitizer.
FUZZ_BUILD =	$(BUILD)/fuzz
FUZZ_SAN =	-fsanitize=fuzzer-no-link,address,undefined \
		-fno-sanitize-recover=undefined
FUZZ_ARGS =	BUILD=$(FUZZ_BUILD) CC=$(CLANG) SAN="$(FUZZ_SAN)" \
		CFLAGS="-O1 -gline-tables-only" HARDEN=-fPIE STRICT=-Werror

fuzz:
	$(MAKE) $(FUZZ_ARGS) fuzz-bin

san: fuzz
	$(MAKE) $(FUZZ_ARGS) all unit attempt-bin bare-bin

.PHONY: san-objects
san-objects:
	$(MAKE) $(FUZZ_ARGS) objects

# The leak sanitizer cannot look at a process in a sandbox: a mimd without.
$(BUILD)/bare/bin/mimd: $(call obj,mimd/main.c \
    tests/system/attempt/bare.c) $(BUILD)/libmimd.a $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -Wl,--wrap=sandbox_seal -o $@ $^ \
	    $(LIBS)

$(addprefix $(BUILD)/bare/bin/,mimctl hostile): $(BUILD)/bare/bin/%: \
    $(BUILD)/bin/%
	@mkdir -p $(@D)
	cp $< $@

.PHONY: bare-bin
bare-bin: $(addprefix $(BUILD)/bare/bin/,mimd mimctl hostile)

.PHONY: fuzz-bin
fuzz-bin: $(patsubst tests/fuzz/%.c,$(BUILD)/bin/%,$(FUZZ_SRC))

$(BUILD)/bin/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(BUILD)/libmimd.a \
    $(BUILD)/libmimctl.a $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# Download TORRENT here and now, or show the main job on loopback.
run:
	sh .ci/setup build
	$(MAKE) -j $(JOBS) all
	@if [ -n "$$TORRENT" ]; then \
		$(BUILD)/bin/mimctl get -d downloads "$$TORRENT"; \
	else \
		tests/demo/demo.sh $(BUILD)/bin; \
	fi

# Every test, from a machine that has nothing: unit, fuzz, lint, system.
# Network namespaces and the root half of the tests take root.  Those that
# compute for long begin before their like, so that none of them is the last;
# the others mostly wait, for a clock or a peer: four of them keep two cores
# busy.
UNIT_LONG =	$(addsuffix /unit/test_dht_sim,$(BUILD) $(FUZZ_BUILD))
LONG =		$(addprefix tests/,system/sanitized.py fuzz/smoke.sh \
		system/power-cut.sh)
TESTS ?=	$(wildcard tests/lint/*.sh) $(UNIT_LONG) \
		$(filter-out $(UNIT_LONG),$(UNIT_BIN) $(SAN_UNIT_BIN)) \
		$(LONG) $(filter-out $(LONG),$(wildcard tests/fuzz/*.sh \
		tests/system/*.sh tests/system/*.py))
JOBS ?=		2
TEST_JOBS ?=	4
SUDO :=		$(shell [ "$$(id -u)" -eq 0 ] || echo sudo -E)

check:
	sh .ci/setup test
	$(MAKE) --no-print-directory -j $(JOBS) check-bin
	$(SUDO) env CMOCKA_MESSAGE_OUTPUT=TAP BUILD=$(BUILD) \
	    prove --timer -j $(TEST_JOBS) -e "" $(TESTS)

.PHONY: check-bin
check-bin: all unit san attempt-bin bench-bin

# How fast mim is, beside other clients; ROWS="leech-1 recheck" are some rows,
# BENCHFLAGS=-h tells which there are, and what else can be said.
ROWS ?=
BENCHFLAGS ?=

bench:
	sh .ci/setup test
	$(MAKE) --no-print-directory all bench-bin
	$(SUDO) tests/bench/bench.py $(BENCHFLAGS) $(ROWS)

# Install.  The user is made only on this very system, by root.
BINDIR =	$(PREFIX)/bin
SBINDIR =	$(PREFIX)/sbin
MANDIR =	$(PREFIX)/share/man
COMPLETIONDIR =	$(PREFIX)/share/bash-completion/completions
SYSTEMDDIR =	$(PREFIX)/lib/systemd/system
SYSUSERSDIR =	$(PREFIX)/lib/sysusers.d
TMPFILESDIR =	$(PREFIX)/lib/tmpfiles.d
SYSCONFDIR ?=	/etc
INSTALL ?=	install
SUBST =		sed -e 's|@SBINDIR@|$(SBINDIR)|g' \
		    -e 's|@SYSCONFDIR@|$(SYSCONFDIR)|g'

install: all
	$(INSTALL) -d $(addprefix $(DESTDIR),$(BINDIR) $(SBINDIR) \
	    $(MANDIR)/man5 $(MANDIR)/man8 $(COMPLETIONDIR) $(SYSTEMDDIR) \
	    $(SYSUSERSDIR) $(TMPFILESDIR) $(SYSCONFDIR))
	$(INSTALL) -m 755 $(BUILD)/bin/mimctl $(DESTDIR)$(BINDIR)/mimctl
	$(INSTALL) -m 755 $(BUILD)/bin/mimd $(DESTDIR)$(SBINDIR)/mimd
	for s in 5 8; do \
		$(INSTALL) -m 644 man/*.$$s $(DESTDIR)$(MANDIR)/man$$s || \
		    exit 1; \
	done
	$(INSTALL) -m 644 mimctl/mimctl.bash \
	    $(DESTDIR)$(COMPLETIONDIR)/mimctl
	$(SUBST) mimd/mimd.service.in >$(DESTDIR)$(SYSTEMDDIR)/mimd.service
	$(SUBST) mimd/mimd.sysusers.in >$(DESTDIR)$(SYSUSERSDIR)/mimd.conf
	$(SUBST) mimd/mimd.tmpfiles.in >$(DESTDIR)$(TMPFILESDIR)/mimd.conf
	chmod 644 $(DESTDIR)$(SYSTEMDDIR)/mimd.service \
	    $(DESTDIR)$(SYSUSERSDIR)/mimd.conf \
	    $(DESTDIR)$(TMPFILESDIR)/mimd.conf
	[ -e $(DESTDIR)$(SYSCONFDIR)/mimd.conf ] || \
	    $(INSTALL) -m 644 mimd/mimd.conf $(DESTDIR)$(SYSCONFDIR)/mimd.conf
	[ -n "$(DESTDIR)" ] || [ "$$(id -u)" -ne 0 ] || $(MAKE) user

# The user _mimd and the empty directory its children are locked in.
.PHONY: user
user:
	@if getent passwd _mimd >/dev/null; then :; \
	elif command -v systemd-sysusers >/dev/null; then \
		systemd-sysusers - <mimd/mimd.sysusers.in; \
	else \
		groupadd -r _mimd && useradd -r -g _mimd -M \
		    -d /var/lib/mimd -s /usr/sbin/nologin _mimd; \
	fi
	@$(INSTALL) -d -m 755 /var/empty
	@$(INSTALL) -d -m 555 /var/empty/mimd

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
