#include "db/outbox.h"

bool
outbox_wanted(struct db *site)
{
	int64_t one;

	return db_one(site, SQL_ENDPOINT_FOR_ALARMS, "", "i", &one);
}

void
outbox_put(struct db *site, struct span record)
{
	(void)db_run(site, SQL_OUTBOX_ADD, "t", record);
}

bool
outbox_next(struct db *site, int64_t *id, struct span *record)
{
	return db_one(site, SQL_OUTBOX_NEXT, "", "it", id, record);
}

void
outbox_drop(struct db *site, int64_t id)
{
	(void)db_run(site, SQL_OUTBOX_DROP, "i", id);
}
