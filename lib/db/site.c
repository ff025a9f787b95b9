#include "db/site.h"
#include "base/diag.h"

#include <stdlib.h>

struct db *
site_open(const char *dir, enum db_mode mode)
{
	char *path = db_site_path(dir);
	struct db *site = db_open(path, DB_SITE, mode);

	if (site == NULL)
		die(EX_NOINPUT, "%s: no registry there", path);
	free(path);
	return site;
}
