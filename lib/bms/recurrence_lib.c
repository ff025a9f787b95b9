#define RECURRENCE_LIB_OWN
#include "bms/recurrence_lib.h"
#include "base/lib.h"

struct recurrence_lib recurrence_lib;

void
recurrence_lib_load(void)
{
#define X(name) #name,
	static const char *const names[] = { RECURRENCE_LIB(X) NULL };
#undef X
	lib_load("libical.so.3", "recurrence rules", names, &recurrence_lib);
}
