build-san/gen/sql.o: build-san/gen/sql.c lib/db/sql.h lib/db/engine.h \
 lib/base/span.h build-san/gen/db/sql_names.h
lib/db/sql.h:
lib/db/engine.h:
lib/base/span.h:
build-san/gen/db/sql_names.h:
