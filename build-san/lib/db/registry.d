build-san/lib/db/registry.o: lib/db/registry.c lib/db/registry.h \
 lib/base/buf.h lib/base/span.h lib/base/when.h lib/bms/thing.h \
 lib/db/engine.h build-san/gen/db/sql_names.h lib/base/diag.h
lib/db/registry.h:
lib/base/buf.h:
lib/base/span.h:
lib/base/when.h:
lib/bms/thing.h:
lib/db/engine.h:
build-san/gen/db/sql_names.h:
lib/base/diag.h:
