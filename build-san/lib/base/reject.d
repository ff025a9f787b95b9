build-san/lib/base/reject.o: lib/base/reject.c lib/base/reject.h \
 lib/base/diag.h lib/base/span.h lib/base/jsonw.h lib/base/buf.h \
 lib/base/json.h lib/base/out.h lib/base/prog.h
lib/base/reject.h:
lib/base/diag.h:
lib/base/span.h:
lib/base/jsonw.h:
lib/base/buf.h:
lib/base/json.h:
lib/base/out.h:
lib/base/prog.h:
