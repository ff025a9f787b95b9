build-san/lib/base/records.o: lib/base/records.c lib/base/records.h \
 lib/base/json.h lib/base/buf.h lib/base/span.h lib/base/lines.h \
 lib/base/diag.h lib/base/opt.h lib/base/reject.h lib/base/prog.h
lib/base/records.h:
lib/base/json.h:
lib/base/buf.h:
lib/base/span.h:
lib/base/lines.h:
lib/base/diag.h:
lib/base/opt.h:
lib/base/reject.h:
lib/base/prog.h:
