build-san/lib/bms/message.o: lib/bms/message.c lib/bms/message.h \
 lib/base/json.h lib/base/buf.h lib/base/span.h lib/base/when.h \
 lib/bms/thing.h lib/base/diag.h
lib/bms/message.h:
lib/base/json.h:
lib/base/buf.h:
lib/base/span.h:
lib/base/when.h:
lib/bms/thing.h:
lib/base/diag.h:
