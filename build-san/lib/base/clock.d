build-san/lib/base/clock.o: lib/base/clock.c lib/base/clock.h \
 lib/base/when.h lib/base/span.h lib/base/diag.h
lib/base/clock.h:
lib/base/when.h:
lib/base/span.h:
lib/base/diag.h:
