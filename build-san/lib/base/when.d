build-san/lib/base/when.o: lib/base/when.c lib/base/when.h \
 lib/base/span.h lib/base/diag.h lib/base/zone.h
lib/base/when.h:
lib/base/span.h:
lib/base/diag.h:
lib/base/zone.h:
