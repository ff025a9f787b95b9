build-san/lib/base/opt.o: lib/base/opt.c lib/base/opt.h lib/base/span.h \
 lib/base/diag.h lib/base/out.h lib/base/when.h
lib/base/opt.h:
lib/base/span.h:
lib/base/diag.h:
lib/base/out.h:
lib/base/when.h:
