# nbms: one non-recursive makefile. `make` builds everything under build/; `make help` lists what else there is.

VERSION := 0.1.0

PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
LIBDIR  ?= $(PREFIX)/lib/nbms
MANDIR  ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share/nbms
UNITDIR ?= $(PREFIX)/lib/systemd/system
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
DESTDIR ?=

CC  ?= gcc
CXX ?= g++
B   := build$(if $(SAN),-san)$(if $(filter clang%,$(CC)),-clang)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla -Wformat=2 $(WERROR)
WARN_C := $(WARN) -Wmissing-prototypes -Wstrict-prototypes
OPT ?= $(if $(SAN),-O1 -g1,-O2 -g)
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
CPPFLAGS += -D_GNU_SOURCE -Ilib -Icmd -I$B/gen -DNBMS_VERSION='"$(VERSION)"'
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)

# Libraries, by the part of the tree that uses them.
PKG := libmosquitto sqlite3 libpq libcurl libcrypto libssl nettle libical zlib
pkg_cflags := $(shell pkg-config --cflags $(PKG) 2>/dev/null)
pkg_libs   := $(shell pkg-config --libs $(PKG) 2>/dev/null)
LDLIBS += $(pkg_libs) -lseccomp -lsimdjson -lcctz -ljq -llapacke -lopenblas -lClp -lCoinUtils -lstdc++ -lm

cflags   = -std=c11 $(WARN_C) $(OPT) $(HARDEN) $(SANFLAGS) $(pkg_cflags) $(CFLAGS)
cxxflags = -std=c++17 $(WARN) $(OPT) $(HARDEN) $(SANFLAGS) -fno-exceptions -fno-rtti $(CXXFLAGS)
ldflags  = -pie -Wl,--as-needed -Wl,-z,relro,-z,now $(SANFLAGS) $(LDFLAGS)

lib_c   := $(wildcard lib/*/*.c)
lib_cc  := $(wildcard lib/*/*.cc)
# shared ones first: what one engine adds to a migration comes after
sql     := $(sort $(wildcard lib/db/sql/*/*/*.sql)) $(sort $(wildcard lib/db/sql/*/*/*/*.sql))
programs := $(patsubst cmd/%.c,%,$(wildcard cmd/nbms-*.c))
units   := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
benches := $(patsubst tests/bench/%.c,%,$(wildcard tests/bench/*.c))
lib_o   := $(lib_c:%.c=$B/%.o) $(lib_cc:%.cc=$B/%.o) $(if $(sql),$B/gen/sql.o)
commands := nbms-cron nbms-up nbms-web plot

.PHONY: all check check-postgres demo bench lint fuzz install install-files uninstall dist distcheck deb check-deb clean help quick unit cli broker fault check-long fuzz-long soak libs analyze format \
	sanitize setup compile_commands
.SECONDARY:
.DELETE_ON_ERROR:

all: $(programs:%=$B/bin/%) $B/bin/mosquitto-nbms.so

$B/lib/%.o: lib/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(cflags) -MMD -MP -c -o $@ $<

$B/lib/%.o: lib/%.cc
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(cxxflags) -MMD -MP -c -o $@ $<

# Named statements and migrations, as C: see lib/db/sql/README.
ifneq ($(sql),)
$B/gen/sql.c $B/gen/db/sql_names.h &: lib/db/sql/embed.awk $(sql)
	@mkdir -p $B/gen/db
	awk -v names=$B/gen/db/sql_names.h -f lib/db/sql/embed.awk $(sql) > $B/gen/sql.c

$B/gen/sql.o: $B/gen/sql.c
	$(CC) $(CPPFLAGS) $(cflags) -Wno-overlength-strings -MMD -MP -c -o $@ $<

$(patsubst %.c,$B/%.o,$(wildcard lib/db/*.c cmd/*.c cmd/*/*.c)): | $B/gen/db/sql_names.h
endif

$B/libnbms.a: $(lib_o)
	@rm -f $@
	ar rcs $@ $^

$B/cmd/%.o: cmd/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(cflags) -MMD -MP -c -o $@ $<

# A program that outgrows its page has a directory of its name beside it: cmd/nbms-device.c, cmd/device/.
$B/bin/%: $B/cmd/%.o $B/libnbms.a
	@mkdir -p $(@D)
	$(CC) $(ldflags) -o $@ $(filter %.o,$^) $B/libnbms.a $(LDLIBS)

$B/bin/nbms-device: $(patsubst %.c,$B/%.o,$(wildcard cmd/device/*.c))
$B/bin/nbms-query: $(patsubst %.c,$B/%.o,$(wildcard cmd/query/*.c))
$B/bin/nbms-recv: $(patsubst %.c,$B/%.o,$(wildcard cmd/recv/*.c))
$B/bin/nbms-push: $(patsubst %.c,$B/%.o,$(wildcard cmd/push/*.c))
$B/bin/nbms-live: $(patsubst %.c,$B/%.o,$(wildcard cmd/live/*.c))
$B/bin/nbms-learn: $(patsubst %.c,$B/%.o,$(wildcard cmd/learn/*.c))
$B/bin/nbms-sched: $(patsubst %.c,$B/%.o,$(wildcard cmd/sched/*.c))
$B/bin/nbms-send: $(patsubst %.c,$B/%.o,$(wildcard cmd/send/*.c))
$B/bin/nbms-store: $(patsubst %.c,$B/%.o,$(wildcard cmd/store/*.c))
$B/bin/nbms-weather: $(patsubst %.c,$B/%.o,$(wildcard cmd/weather/*.c))

# The broker loads this one: it stands alone, without the library and the sanitizers.
$B/bin/mosquitto-nbms.so: lib/io/plugin/mosquitto-nbms.c lib/io/plugin/journal.c lib/io/plugin/journal.h
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE -std=c11 $(WARN_C) $(OPT) -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIC $(CFLAGS) \
		-shared -Wl,-z,relro,-z,now -o $@ $(filter %.c,$^) -lcrypto

$B/unit/%: tests/unit/%.c $B/libnbms.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(cflags) -MMD -MP -o $@ $< $B/libnbms.a $(ldflags) -lcmocka $(LDLIBS)

$B/bench/%: tests/bench/%.c $B/libnbms.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(cflags) -MMD -MP -o $@ $< $B/libnbms.a $(ldflags) $(LDLIBS)

-include $(shell find $B -name '*.d' -type f 2>/dev/null)

setup:
	@scripts/setup check

# Everything a change has to pass. Installs what is missing first; ends with "N passed, N failed".
check:
	@scripts/setup --quiet check
	@$(MAKE) --no-print-directory -j2 WERROR=-Werror all lint
	@tests/run

quick: all
	@tests/run --quick

check-postgres: all
	@NBMS_LONG=1 BATS_TEST_TIMEOUT=1800 NBMS_FILE_TIMEOUT=7200 tests/run postgres

unit cli broker fault:
	@$(MAKE) --no-print-directory all
	@tests/run $@

.PHONY: check-cluster bench-cluster
# The whole of it: each part of a cluster away for a minute, under load.
check-cluster:
	@scripts/setup --quiet cluster
	@$(MAKE) --no-print-directory -j2 all
	@scripts/nbms-cluster --fault 60 --gateways 8

demo:
	@scripts/setup --quiet demo
	@$(MAKE) --no-print-directory -j2 all
	@scripts/demo

bench:
	@scripts/setup --quiet check
	@$(MAKE) --no-print-directory -j2 all $(benches:%=$B/bench/%)
	@scripts/bench

bench-cluster:
	@scripts/setup --quiet
	@$(MAKE) --no-print-directory -j2 all $(benches:%=$B/bench/%)
	@scripts/bench $(patsubst tests/bench/%.sh,%,$(sort $(wildcard tests/bench/cluster_*.sh)))

benches: $(benches:%=$B/bench/%)
units: $(units:%=$B/unit/%)

lint:
	@tests/lint

fuzz:
	@tests/fuzz/run

# The long forms. Hours in all; each says what it found.
check-long: all
	@$(MAKE) --no-print-directory -j2 SAN=address,undefined all
	@NBMS_LONG=1 NBMS_ROUNDS=1000 BATS_TEST_TIMEOUT=7200 NBMS_FILE_TIMEOUT=14400 tests/run fault
	@tests/run --san broker
	@PATH="$(CURDIR)/build/bin:$$PATH" tests/fault/inject --valgrind
	@tests/fault/soak
	@$(MAKE) --no-print-directory fuzz-long

fuzz-long:
	@FUZZ_SECONDS=$$((300 * $$(ls tests/fuzz/fuzz_*.c* | wc -l))) tests/fuzz/run

# A day at ten buildings' load, a quarter of an hour in a second.
soak: all
	@tests/fault/soak

# What tests/fuzz/run links with.
libs:
	@echo '$(LDLIBS)'

# gcc's own analyser over everything that is C. Leaks are left to LeakSanitizer and memcheck: gcc 12 takes a pointer for lost
# that is kept in a hash table, or by the address of a first member.
analyze:
	@$(MAKE) --no-print-directory -s -j2 B=build-analyze OPT=-O2 CFLAGS='-fanalyzer -Wno-analyzer-too-complex -Wno-analyzer-malloc-leak' WERROR=-Werror all

format:
	clang-format -i $(wildcard lib/*/*.[ch] lib/*/*.cc cmd/*.c tests/*/*.[ch])

compile_commands:
	bear -- $(MAKE) -B all

# Everything under DESTDIR: programs, pages, units, completion, reference data. `all` is built by whoever calls install;
# install-files alone is for a packager who has done so.
install: all
	@$(MAKE) --no-print-directory install-files

dirs := $(BINDIR) $(LIBDIR) $(MANDIR)/man1 $(MANDIR)/man5 $(MANDIR)/man7 $(DATADIR)/tariffs $(DATADIR)/holidays \
	$(DATADIR)/simulate.d $(DATADIR)/plot.d $(DATADIR)/web $(UNITDIR) $(COMPLETIONDIR) $(ZSHDIR)

install-files:
	install -d $(dirs:%=$(DESTDIR)%)
	install -m 755 $(programs:%=$B/bin/%) $(DESTDIR)$(BINDIR)
	install -m 755 $(commands:%=scripts/%) $(DESTDIR)$(DATADIR)
	for command in $(commands); do ln -srf $(DESTDIR)$(DATADIR)/$$command $(DESTDIR)$(BINDIR)/nbms-$${command#nbms-} || exit 1; done
	install -m 644 $B/bin/mosquitto-nbms.so $(DESTDIR)$(LIBDIR)
	for page in man/*.[157]; do install -m 644 "$$page" $(DESTDIR)$(MANDIR)/man"$${page##*.}"/ || exit 1; done
	install -m 644 testdata/tariffs/*.ndjson $(DESTDIR)$(DATADIR)/tariffs
	install -m 644 testdata/holidays/*.ndjson $(DESTDIR)$(DATADIR)/holidays
	install -m 755 scripts/simulate $(DESTDIR)$(DATADIR)
	install -m 644 scripts/simulate.d/* $(DESTDIR)$(DATADIR)/simulate.d
	install -m 644 scripts/plot.d/* $(DESTDIR)$(DATADIR)/plot.d
	install -m 644 scripts/web/* $(DESTDIR)$(DATADIR)/web
	install -m 644 scripts/alerts.yml scripts/crontab $(DESTDIR)$(DATADIR)
	cd scripts/systemd && find . -type f | while read -r unit; do mkdir -p "$(DESTDIR)$(UNITDIR)/$${unit%/*}" && \
		sed 's|@BINDIR@|$(BINDIR)|g; s|@DATADIR@|$(DATADIR)|g' "$$unit" >"$(DESTDIR)$(UNITDIR)/$$unit" || exit 1; done
	for program in $(programs); do $B/bin/$$program --completion >$(DESTDIR)$(COMPLETIONDIR)/$$program && \
		$B/bin/$$program --completion=zsh >$(DESTDIR)$(ZSHDIR)/_$$program || exit 1; done

uninstall:
	rm -f $(addprefix $(DESTDIR)$(BINDIR)/,$(programs) $(patsubst plot,nbms-plot,$(commands))) $(programs:%=$(DESTDIR)$(COMPLETIONDIR)/%) \
		$(programs:%=$(DESTDIR)$(ZSHDIR)/_%)
	for page in man/*.[157]; do rm -f $(DESTDIR)$(MANDIR)/man"$${page##*.}"/"$${page##*/}"; done
	cd scripts/systemd && find . -type f | while read -r unit; do rm -f "$(DESTDIR)$(UNITDIR)/$$unit"; done
	rm -rf $(DESTDIR)$(DATADIR) $(DESTDIR)$(LIBDIR) $(DESTDIR)$(UNITDIR)/nbms-*.service.d

# The tree as it is committed (or as it was unpacked): build/nbms-VERSION.tar.gz.
name := nbms-$(VERSION)
dist:
	@mkdir -p build
	@if git rev-parse --show-toplevel 2>/dev/null | grep -qx '$(CURDIR)'; then \
		git archive --format=tar.gz --prefix=$(name)/ -o build/$(name).tar.gz HEAD; \
	else \
		tar -czf build/$(name).tar.gz --transform='s|^\.|$(name)|' --exclude='./build*' .; \
	fi
	@echo build/$(name).tar.gz

# Does what dist makes build, test, install and uninstall by itself, without git, leaving nothing behind?
distcheck: dist
	rm -rf build/distcheck
	mkdir -p build/distcheck
	tar -xzf build/$(name).tar.gz -C build/distcheck
	cd build/distcheck/$(name) && $(MAKE) --no-print-directory -j2 WERROR=-Werror all && $(MAKE) --no-print-directory quick && \
		$(MAKE) --no-print-directory install DESTDIR=../root PREFIX=/usr && \
		$(MAKE) --no-print-directory uninstall DESTDIR=../root PREFIX=/usr && $(MAKE) --no-print-directory dist
	[ -z "$$(find build/distcheck/root ! -type d)" ]
	@echo 'distcheck: $(name) is whole'

# A Debian package from the programs as they are built here: build/deb/*.deb. check-deb installs it on a clean Debian.
deb: all
	@scripts/debian/make $(VERSION) $(abspath $B)

check-deb: deb
	@tests/deb/run

clean:
	rm -rf build build-san build-clang build-san-clang build-fuzz build-analyze compile_commands.json

help:
	@echo 'make              build the programs under build/bin'
	@echo 'make demo         install what is missing, build, run the pipeline on real traffic'
	@echo 'make check        install what is missing, build, lint, run all tests'
	@echo 'make quick        the unit and command-line tests only; also: make unit, cli, broker, fault'
	@echo 'make check-long   1,000 kills, every fault, a soak, the broker under sanitizers, ten minutes of fuzzing each'
	@echo 'make soak fuzz-long analyze   those alone; gcc -fanalyzer'
	@echo 'make check-cluster bench-cluster   beyond one machine: what was acknowledged is kept; how fast'
	@echo 'make bench        speed and memory, as ratios against the alternatives in the same run'
	@echo 'make deb          a Debian package under build/deb; make check-deb installs it on a clean Debian, and boots that'
	@echo 'make distcheck    the tarball that make dist makes, built and tested by itself'
	@echo 'make lint fuzz format install uninstall dist clean'
	@echo 'Variables: CC=clang CXX=clang++  SAN=address,undefined  OPT=-O0  WERROR=-Werror  DESTDIR  PREFIX'
