#include "db/lease.h"
#include "base/clock.h"
#include "base/diag.h"
#include "db/engine.h"

#include <stdlib.h>

#define SECOND INT64_C(1000000000)
#define AGAIN (SECOND / 5) /* between questions */

struct lease {
	const char *dir, *name;
	struct db *db;
	int64_t again; /* when to ask next, clock_monotonic */
	bool held, waits;
};

struct lease *
lease_open(const char *dir, const char *name)
{
	struct lease *l = xcalloc(1, sizeof(*l));

	l->dir = dir;
	l->name = name;
	return l;
}

static void
open_site(struct lease *l)
{
	char *path = db_site_path(l->dir);

	l->db = db_open(path, DB_SITE, DB_WRITE);
	free(path);
}

bool
lease_take(struct lease *l)
{
	int64_t now = clock_monotonic();

	if (l->held || now < l->again)
		return l->held;
	if (l->db == NULL)
		open_site(l);
	l->held = db_lease(l->db, l->name);
	l->again = now + AGAIN;
	if (!l->held && !l->waits)
		diag_note("%s is another's: standing by", l->name);
	else if (l->held)
		diag_note("%s is ours", l->name);
	l->waits = !l->held;
	return l->held;
}

void
lease_leave(struct lease *l)
{
	db_close(l->db);
	l->db = NULL;
	l->held = false;
	l->again = clock_monotonic() + SECOND;
	diag_note("%s is left to others", l->name);
}

void
lease_check(const struct lease *l)
{
	if (l != NULL && l->held && !db_leased(l->db))
		die(EX_TEMPFAIL, "%s was taken over by another", l->name);
}

void
lease_close(struct lease *l)
{
	if (l == NULL)
		return;
	db_close(l->db);
	free(l);
}
