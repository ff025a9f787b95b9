build-san/lib/base/buf.o: lib/base/buf.c lib/base/buf.h lib/base/span.h \
 lib/base/diag.h
lib/base/buf.h:
lib/base/span.h:
lib/base/diag.h:
