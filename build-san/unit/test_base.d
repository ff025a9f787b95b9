build-san/unit/test_base: tests/unit/test_base.c lib/base/buf.h \
 lib/base/span.h lib/base/json.h lib/base/jsonw.h lib/base/lines.h \
 lib/base/diag.h lib/base/when.h
lib/base/buf.h:
lib/base/span.h:
lib/base/json.h:
lib/base/jsonw.h:
lib/base/lines.h:
lib/base/diag.h:
lib/base/when.h:
