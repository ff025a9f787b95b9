#define ENGINE_POSTGRES_LIB_OWN
#include "db/engine_postgres_lib.h"
#include "base/lib.h"

struct engine_postgres_lib engine_postgres_lib;

void
engine_postgres_lib_load(void)
{
#define X(name) #name,
	static const char *const names[] = { ENGINE_POSTGRES_LIB(X) NULL };
#undef X
	lib_load("libpq.so.5", "PostgreSQL", names, &engine_postgres_lib);
}
