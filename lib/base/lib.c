#include "base/lib.h"
#include "base/diag.h"

#include <dlfcn.h>
#include <string.h>

void
lib_load(const char *file, const char *purpose, const char *const names[], void *to)
{
	char *each = to;
	void *lib, *at;
	size_t i;

	memcpy(&at, each, sizeof(at));
	if (at != NULL)
		return;
	lib = dlopen(file, RTLD_NOW);
	if (lib == NULL)
		die(EX_UNAVAILABLE, "%s: %s", purpose, dlerror());
	for (i = 0; names[i] != NULL; i++) {
		at = dlsym(lib, names[i]);
		if (at == NULL)
			die(EX_UNAVAILABLE, "%s: %s is too old: no %s", purpose, file,
			    names[i]);
		/* ISO C has no conversion of an object's pointer to a function's, POSIX does */
		memcpy(each + i * sizeof(at), &at, sizeof(at));
	}
}
