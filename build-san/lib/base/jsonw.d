build-san/lib/base/jsonw.o: lib/base/jsonw.c lib/base/jsonw.h \
 lib/base/buf.h lib/base/span.h lib/base/diag.h lib/base/json.h
lib/base/jsonw.h:
lib/base/buf.h:
lib/base/span.h:
lib/base/diag.h:
lib/base/json.h:
