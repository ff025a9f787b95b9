# nbms: one non-recursive makefile. `make` builds everything under build/; `make help` lists what else there is.

VERSION := 0.1.0

PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
LIBDIR  ?= $(PREFIX)/lib/nbms
MANDIR  ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share/nbms
DESTDIR ?=

CC  ?= gcc
CXX ?= g++
B   := build$(if $(SAN),-san)$(if $(filter clang%,$(CC)),-clang)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla -Wformat=2 $(WERROR)
WARN_C := $(WARN) -Wmissing-prototypes -Wstrict-prototypes
OPT ?= -O2 -g
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
CPPFLAGS += -D_GNU_SOURCE -Ilib -Icmd -I$B/gen -DNBMS_VERSION='"$(VERSION)"' -DNBMS_DATADIR='"$(DATADIR)"'
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)

# Libraries, by the part of the tree that uses them.
PKG := libmosquitto sqlite3 libpq libcurl libcrypto libssl libical zlib
pkg_cflags := $(shell pkg-config --cflags $(PKG) 2>/dev/null)
pkg_libs   := $(shell pkg-config --libs $(PKG) 2>/dev/null)
LDLIBS += $(pkg_libs) -lsimdjson -lcctz -ljq -llapacke -lopenblas -lClp -lCoinUtils -lstdc++ -lm

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
scripts := $(shell git ls-files scripts tests .ci 2>/dev/null | xargs -r grep -lE '^\#!.*\b(sh|bash)\b' 2>/dev/null)

.PHONY: all check demo bench lint fuzz install uninstall dist clean help quick unit cli broker fault format \
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
$B/bin/nbms-push: $(patsubst %.c,$B/%.o,$(wildcard cmd/push/*.c))
$B/bin/nbms-live: $(patsubst %.c,$B/%.o,$(wildcard cmd/live/*.c))
$B/bin/nbms-learn: $(patsubst %.c,$B/%.o,$(wildcard cmd/learn/*.c))
$B/bin/nbms-sched: $(patsubst %.c,$B/%.o,$(wildcard cmd/sched/*.c))
$B/bin/nbms-store: $(patsubst %.c,$B/%.o,$(wildcard cmd/store/*.c))
$B/bin/nbms-weather: $(patsubst %.c,$B/%.o,$(wildcard cmd/weather/*.c))

# The broker loads this one: it stands alone, without the library and the sanitizers.
$B/bin/mosquitto-nbms.so: lib/io/plugin/mosquitto-nbms.c
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE -std=c11 $(WARN_C) $(OPT) -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIC $(CFLAGS) \
		-shared -Wl,-z,relro,-z,now -o $@ $< -lcrypto

$B/unit/%: tests/unit/%.c $B/libnbms.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(cflags) -MMD -MP -o $@ $< $B/libnbms.a $(ldflags) -lcmocka $(LDLIBS)

$B/bench/%: tests/bench/%.c $B/libnbms.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(cflags) -MMD -MP -o $@ $< $B/libnbms.a $(ldflags) $(LDLIBS)

-include $(shell find $B -name '*.d' 2>/dev/null)

setup:
	@scripts/setup

# Everything a change has to pass. Installs what is missing first; ends with "N passed, N failed".
check:
	@scripts/setup --quiet
	@$(MAKE) --no-print-directory -j2 WERROR=-Werror all lint
	@$(MAKE) --no-print-directory -j2 WERROR=-Werror SAN=address,undefined all
	@tests/run

quick: all
	@tests/run --quick

unit cli broker fault:
	@$(MAKE) --no-print-directory all
	@tests/run $@

demo:
	@scripts/setup --quiet
	@$(MAKE) --no-print-directory -j2 all
	@scripts/demo

bench:
	@scripts/setup --quiet
	@$(MAKE) --no-print-directory -j2 all $(benches:%=$B/bench/%)
	@scripts/bench

benches: $(benches:%=$B/bench/%)
units: $(units:%=$B/unit/%)

lint:
	@tests/lint

fuzz:
	@tests/fuzz/run

format:
	clang-format -i $(wildcard lib/*/*.[ch] lib/*/*.cc cmd/*.c tests/*/*.[ch])

compile_commands:
	bear -- $(MAKE) -B all

install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR) $(DESTDIR)$(DATADIR) $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 \
		$(DESTDIR)$(MANDIR)/man7
	install -m 755 $(programs:%=$B/bin/%) $(DESTDIR)$(BINDIR)
	install -m 644 $B/bin/mosquitto-nbms.so $(DESTDIR)$(LIBDIR)
	for page in man/*.[157]; do install -m 644 "$$page" $(DESTDIR)$(MANDIR)/man"$${page##*.}"/ || exit 1; done
	cp -R scripts testdata $(DESTDIR)$(DATADIR)
	ln -sf $(DATADIR)/scripts/plot $(DESTDIR)$(BINDIR)/nbms-plot

uninstall:
	rm -f $(programs:%=$(DESTDIR)$(BINDIR)/%) $(DESTDIR)$(BINDIR)/nbms-plot $(DESTDIR)$(LIBDIR)/mosquitto-nbms.so
	for page in man/*.[157]; do rm -f $(DESTDIR)$(MANDIR)/man"$${page##*.}"/"$${page##*/}"; done
	rm -rf $(DESTDIR)$(DATADIR)

dist:
	@mkdir -p build
	git archive --format=tar.gz --prefix=nbms-$(VERSION)/ -o build/nbms-$(VERSION).tar.gz HEAD
	@echo build/nbms-$(VERSION).tar.gz

clean:
	rm -rf build build-san build-clang build-san-clang compile_commands.json

help:
	@echo 'make              build the programs under build/bin'
	@echo 'make demo         install what is missing, build, run the pipeline on real traffic'
	@echo 'make check        install what is missing, build, lint, run all tests'
	@echo 'make quick        the unit and command-line tests only; also: make unit, cli, broker, fault'
	@echo 'make bench        speed and memory, as ratios against the alternatives in the same run'
	@echo 'make lint fuzz format install uninstall dist clean'
	@echo 'Variables: CC=clang CXX=clang++  SAN=address,undefined  OPT=-O0  WERROR=-Werror  DESTDIR  PREFIX'
