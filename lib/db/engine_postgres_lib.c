#define ENGINE_POSTGRES_LIB_OWN
#include "db/engine_postgres_lib.h"
#include "base/diag.h"

#include <dlfcn.h>

struct engine_postgres_lib engine_postgres_lib;

static void *
find(void *lib, const char *name)
{
	void *at = dlsym(lib, name);

	if (at == NULL)
		die(EX_UNAVAILABLE, "PostgreSQL: its client library is too old: no %s", name);
	return at;
}

void
engine_postgres_lib_load(void)
{
	static void *lib; /* for good */

	if (lib != NULL)
		return;
	lib = dlopen("libpq.so.5", RTLD_NOW);
	if (lib == NULL)
		die(EX_UNAVAILABLE, "PostgreSQL: %s", dlerror());
		/* ISO C has no conversion of an object's pointer to a function's, POSIX does */
#define X(name) *(void **)&engine_postgres_lib.name##_ = find(lib, #name);
	ENGINE_POSTGRES_LIB(X)
#undef X
}
