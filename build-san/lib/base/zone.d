build-san/lib/base/zone.o: lib/base/zone.cc lib/base/zone.h \
 lib/base/when.h lib/base/span.h
lib/base/zone.h:
lib/base/when.h:
lib/base/span.h:
