build-san/lib/bms/thing.o: lib/bms/thing.c lib/bms/thing.h \
 lib/base/span.h
lib/bms/thing.h:
lib/base/span.h:
