build-san/lib/db/engine.o: lib/db/engine.c lib/db/engine.h \
 lib/base/span.h build-san/gen/db/sql_names.h lib/base/buf.h \
 lib/base/diag.h lib/db/sql.h
lib/db/engine.h:
lib/base/span.h:
build-san/gen/db/sql_names.h:
lib/base/buf.h:
lib/base/diag.h:
lib/db/sql.h:
