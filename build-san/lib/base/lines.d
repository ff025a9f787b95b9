build-san/lib/base/lines.o: lib/base/lines.c lib/base/lines.h \
 lib/base/diag.h lib/base/span.h lib/base/buf.h lib/base/prog.h
lib/base/lines.h:
lib/base/diag.h:
lib/base/span.h:
lib/base/buf.h:
lib/base/prog.h:
