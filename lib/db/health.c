#include "db/health.h"

void
health_consumers(
    struct db *site, void (*each)(void *ctx, const struct health_consumer *c), void *ctx)
{
	struct rows *r = db_rows(site, SQL_CHECKPOINT_LIST, "");
	struct health_consumer c;
	int64_t at;

	while (rows_next(r, "tiiii", &c.name, &c.part, &c.parts, &c.seq, &at))
		each(ctx, &c);
	rows_end(r);
}

void
health_gateways(
    struct db *site, void (*each)(void *ctx, const struct health_gateway *g), void *ctx)
{
	struct rows *r = db_rows(site, SQL_HEALTH_GATEWAYS, "");
	struct health_gateway g;
	int64_t silent;

	while (rows_next(r, "twwii", &g.thing, &g.created, &g.seen, &g.period, &silent)) {
		g.silent = silent != 0;
		each(ctx, &g);
	}
	rows_end(r);
}

bool
health_certificate(struct db *site, struct span *thing, when_t *ends)
{
	return db_one(site, SQL_HEALTH_CERTIFICATE_NEXT, "", "tw", thing, ends);
}

int64_t
health_controls_late(struct db *site, when_t before, when_t *oldest)
{
	int64_t n = 0;

	*oldest = WHEN_NONE;
	(void)db_one(site, SQL_HEALTH_CONTROLS_LATE, "i", "iw", (int64_t)before, &n, oldest);
	return n;
}
