#include "db/buildings.h"
#include "base/diag.h"

#include <stdlib.h>

#define TEXT_MAX 65536

struct name {
	char *customer, *building;
};

/* The names first: a statement cannot be used again while it is being stepped through. */
static size_t
names(struct db *site, const char *customer, const char *building, struct name **to)
{
	struct rows *r = db_rows(site, SQL_BUILDING_LIST, "");
	struct span c, b, skip;
	size_t n = 0, room = 0;
	double d;

	while (
	    rows_next(r, "tttttddtdt", &c, &b, &skip, &skip, &skip, &d, &d, &skip, &d, &skip)) {
		if ((customer != NULL && !span_is(c, customer)) ||
		    (building != NULL && !span_is(b, building)))
			continue;
		if (n == room) {
			room = room > 0 ? room * 2 : 16;
			*to = xrealloc(*to, room * sizeof(**to));
		}
		(*to)[n++] = (struct name){ xstrndup(c.p, c.n), xstrndup(b.p, b.n) };
	}
	rows_end(r);
	return n;
}

static void
load(struct buildings *bs, struct db *site, struct span customer, struct span building)
{
	struct place *p = &bs->all[bs->n];
	char *key;

	p->text = BUF(TEXT_MAX);
	if (!building_get(site, customer, building, &p->text, &p->building))
		return;
	key = xasprintf("%.*s_%.*s", SPAN_ARG(customer), SPAN_ARG(building));
	p->zone = zone_find(p->building.timezone);
	if (p->zone == NULL) {
		diag(
		    "building %s: unknown time zone %.*s", key, SPAN_ARG(p->building.timezone));
		free(key);
		buf_free(&p->text);
		return;
	}
	p->key = span_of(key);
	bs->n++;
}

bool
buildings_load(
    struct buildings *bs, struct db *site, const char *customer, const char *building)
{
	struct name *list = NULL;
	size_t n = names(site, customer, building, &list), i;

	*bs = (struct buildings){ .all = xcalloc(n + 1, sizeof(*bs->all)) };
	for (i = 0; i < n; i++) {
		load(bs, site, span_of(list[i].customer), span_of(list[i].building));
		free(list[i].customer);
		free(list[i].building);
	}
	free(list);
	if (n == 0) {
		buildings_free(bs);
		diag("no such building is registered: customer %s, building %s",
		    customer != NULL ? customer : "any", building != NULL ? building : "any");
	}
	return n > 0;
}

void
buildings_free(struct buildings *bs)
{
	size_t i;

	for (i = 0; i < bs->n; i++) {
		free((void *)(uintptr_t)bs->all[i].key.p);
		buf_free(&bs->all[i].text);
	}
	free(bs->all);
	*bs = (struct buildings){ 0 };
}
