#include "db/point.h"
#include "base/buf.h"
#include "base/diag.h"
#include "bms/composite.h"

#include <stdlib.h>

#define uthash_fatal(msg) die(EX_OSERR, "out of memory")
#include <uthash.h>

/* Class, role and unit number: from the id where it parses, otherwise as point_info says. */
static struct point_parts
parts_of(const struct point *p)
{
	struct point_parts parts = point_parts(p->id);
	struct span s;

	if (json_text(json_get(p->info, "class"), &s))
		parts.class = s;
	if (json_text(json_get(p->info, "role"), &s))
		parts.role = s;
	if (json_text(json_get(p->info, "unit_number"), &s))
		parts.unit = s;
	return parts;
}

static struct span
text_or_null(json_value v)
{
	struct span s = { 0 };

	(void)json_text(v, &s);
	return s;
}

/* Raw JSON of an object, {} where it is none. */
static struct span
object_or_empty(json_value v)
{
	return json_kind_of(v) == JSON_OBJECT ? json_raw(v) : SPAN("{}");
}

/* Its place in a composite, where its parts give it one. */
static void
join_composite(struct db *site, const struct thing *t, struct span point_id,
    const struct point_parts *parts, when_t at)
{
	struct buf id = BUF(COMPOSITE_ID_MAX);

	if (!composite_class(parts->class) || parts->role.n == 0 || parts->unit.n == 0)
		return;
	composite_id(&id, parts->class, parts->unit);
	if (!id.full) {
		db_do(site, SQL_COMPOSITE_PUT, "tttttti", t->customer, t->building,
		    buf_span(&id), parts->class, parts->unit, t->name, (int64_t)at);
		db_do(site, SQL_COMPOSITE_MEMBER_PUT, "ttttt", t->customer, t->building,
		    buf_span(&id), parts->role, point_id);
	}
	buf_free(&id);
}

void
point_put(struct db *site, const struct thing *t, const struct point *p, when_t at)
{
	struct point_parts parts = parts_of(p);
	struct span name = text_or_null(json_get(p->info, "name"));

	if (db_run(site, SQL_POINT_PUT, "ttttttttttttii", t->customer, t->building, p->id,
		t->name, name.p != NULL ? name : parts.name, parts.class,
		text_or_null(json_get(p->info, "type")),
		text_or_null(json_get(p->info, "unit")),
		text_or_null(json_get(p->location, "floor")),
		text_or_null(json_get(p->location, "zone")), object_or_empty(p->info),
		object_or_empty(p->location), (int64_t)at, (int64_t)at) <= 0)
		return;
	db_do(site, SQL_COMPOSITE_MEMBER_DROP, "ttt", t->customer, t->building, p->id);
	join_composite(site, t, p->id, &parts, at);
}

bool
point_found(struct db *site, const struct thing *t, struct span id, when_t at)
{
	struct point_parts parts = point_parts(id);

	if (db_run(site, SQL_POINT_FOUND, "ttttttii", t->customer, t->building, id, t->name,
		parts.name, parts.class, (int64_t)at, (int64_t)0) <= 0)
		return false;
	join_composite(site, t, id, &parts, 0);
	return true;
}

struct known {
	char *id;
	UT_hash_handle hh;
};

struct point_set {
	struct known *all;
};

struct point_set *
point_set_load(struct db *site, const struct thing *t)
{
	struct point_set *set = xcalloc(1, sizeof(*set));
	struct rows *r = db_rows(site, SQL_POINT_KNOWN, "tt", t->customer, t->building);
	struct span id;

	while (rows_next(r, "t", &id)) {
		struct known *k = xcalloc(1, sizeof(*k));

		k->id = xstrndup(id.p, id.n);
		HASH_ADD_KEYPTR(hh, set->all, k->id, id.n, k);
	}
	rows_end(r);
	return set;
}

bool
point_set_has(const struct point_set *set, struct span id)
{
	struct known *k = NULL;

	if (set != NULL)
		HASH_FIND(hh, set->all, id.p, id.n, k);
	return k != NULL;
}

void
point_set_free(struct point_set *set)
{
	struct known *k, *next;

	if (set == NULL)
		return;
	k = set->all;
	HASH_CLEAR(hh, set->all);
	for (; k != NULL; k = next) {
		next = k->hh.next;
		free(k->id);
		free(k);
	}
	free(set);
}

bool
point_delete(struct db *site, const struct thing *t, struct span id, when_t at)
{
	if (db_run(site, SQL_POINT_DELETE, "tttit", t->customer, t->building, id, (int64_t)at,
		t->name) <= 0)
		return false;
	db_do(site, SQL_COMPOSITE_MEMBER_DROP, "ttt", t->customer, t->building, id);
	return true;
}

void
composites_tidy(struct db *site, const struct thing *t)
{
	db_do(site, SQL_COMPOSITE_DROP_EMPTY, "tt", t->customer, t->building);
}
