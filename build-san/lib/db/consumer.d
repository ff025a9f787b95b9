build-san/lib/db/consumer.o: lib/db/consumer.c lib/db/consumer.h \
 lib/base/records.h lib/base/json.h lib/base/buf.h lib/base/span.h \
 lib/base/lines.h lib/base/diag.h lib/base/opt.h lib/base/reject.h \
 lib/bms/message.h lib/base/when.h lib/bms/thing.h lib/db/engine.h \
 build-san/gen/db/sql_names.h lib/base/clock.h lib/base/prog.h
lib/db/consumer.h:
lib/base/records.h:
lib/base/json.h:
lib/base/buf.h:
lib/base/span.h:
lib/base/lines.h:
lib/base/diag.h:
lib/base/opt.h:
lib/base/reject.h:
lib/bms/message.h:
lib/base/when.h:
lib/bms/thing.h:
lib/db/engine.h:
build-san/gen/db/sql_names.h:
lib/base/clock.h:
lib/base/prog.h:
