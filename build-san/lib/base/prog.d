build-san/lib/base/prog.o: lib/base/prog.c lib/base/prog.h \
 lib/base/diag.h lib/base/out.h lib/base/span.h
lib/base/prog.h:
lib/base/diag.h:
lib/base/out.h:
lib/base/span.h:
