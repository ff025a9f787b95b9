build-san/lib/base/out.o: lib/base/out.c lib/base/out.h lib/base/span.h \
 lib/base/diag.h
lib/base/out.h:
lib/base/span.h:
lib/base/diag.h:
