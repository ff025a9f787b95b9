build-san/lib/base/json.o: lib/base/json.cc lib/base/json.h \
 lib/base/buf.h lib/base/span.h lib/base/diag.h
lib/base/json.h:
lib/base/buf.h:
lib/base/span.h:
lib/base/diag.h:
