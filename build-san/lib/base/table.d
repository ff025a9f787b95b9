build-san/lib/base/table.o: lib/base/table.c lib/base/table.h \
 lib/base/opt.h lib/base/span.h lib/base/diag.h lib/base/json.h \
 lib/base/buf.h lib/base/jsonw.h lib/base/out.h
lib/base/table.h:
lib/base/opt.h:
lib/base/span.h:
lib/base/diag.h:
lib/base/json.h:
lib/base/buf.h:
lib/base/jsonw.h:
lib/base/out.h:
