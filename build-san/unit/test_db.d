build-san/unit/test_db: tests/unit/test_db.c lib/db/consumer.h \
 lib/base/records.h lib/base/json.h lib/base/buf.h lib/base/span.h \
 lib/base/lines.h lib/base/diag.h lib/base/opt.h lib/base/reject.h \
 lib/bms/message.h lib/base/when.h lib/bms/thing.h lib/db/engine.h \
 build-san/gen/db/sql_names.h lib/db/registry.h
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
lib/db/registry.h:
