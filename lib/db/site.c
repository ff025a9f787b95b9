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

bool
site_in_server(const char *dir)
{
	char *path = db_site_path(dir);
	bool server = strstr(path, "://") != NULL;

	free(path);
	return server;
}

size_t
site_building_keys(struct db *site, char ***keys)
{
	struct rows *r = db_rows(site, SQL_BUILDING_ALL_KEYS, "");
	struct span customer, building;
	size_t n = 0;

	*keys = NULL;
	while (rows_next(r, "tt", &customer, &building)) {
		*keys = xrealloc(*keys, (n + 1) * sizeof(**keys));
		(*keys)[n++] = xasprintf("%.*s_%.*s", SPAN_ARG(customer), SPAN_ARG(building));
	}
	rows_end(r);
	return n;
}
