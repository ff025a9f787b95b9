#include "db/engine_postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NUMBER_TEXT 24
#define VERSION_TABLE "CREATE TABLE schema_version AS SELECT 0 AS version"

/* The tables of a month, each with a parent of its name in the site's schema. */
static const char *const month_tables[] = { "meta", "series", "frame", "sample",
	"sample_text" };

#define MONTH_TABLES (sizeof(month_tables) / sizeof(month_tables[0]))

static const char *
number(char to[NUMBER_TEXT], int64_t v)
{
	(void)snprintf(to, NUMBER_TEXT, "%lld", (long long)v);
	return to;
}

static int
newest(enum db_family family)
{
	const struct sql_migration *m;
	int version = 0;

	for (m = sql_migrations; m->version != 0; m++)
		if (m->family == family && m->text[SQL_POSTGRESQL] != NULL)
			version = m->version;
	return version;
}

/* Those after `has`, into the schema that comes first in the search path. */
static void
apply(struct link *l, enum db_family family, int64_t has)
{
	const struct sql_migration *m;

	for (m = sql_migrations; m->version != 0; m++)
		if (m->family == family && m->version > has && m->text[SQL_POSTGRESQL] != NULL)
			link_do(l, "%s", m->text[SQL_POSTGRESQL]);
}

/* Only one program at a time changes what there is of schemas; until the transaction ends. One
 * that does not run any more keeps the others waiting for five seconds. */
static void
lock_schemas(struct link *l)
{
	char key[NUMBER_TEXT];
	const char *const args[] = { number(key, link_lock_number(l, "schemas", "")) };
	int64_t none;

	link_do(l, "SET LOCAL idle_in_transaction_session_timeout = '5s'");
	(void)link_ask_int(l, SQL_AREA_LOCK, args, 1, &none);
}

static int64_t
site_version(struct link *l)
{
	const char *const args[] = { l->site };
	int64_t version, usable;

	if (!link_ask_int(l, SQL_SCHEMA_KNOWN, args, 1, &usable))
		return 0;
	if (usable == 0)
		die(EX_NOPERM, "%s: permission denied for schema %s", l->url, l->site);
	return link_ask_int(l, SQL_SCHEMA_VERSION, NULL, 0, &version) ? version : 0;
}

static void
check_version(const char *path, int64_t has, int64_t wants, enum db_mode mode)
{
	if (has > wants)
		die(EX_CONFIG, "%s: made by a newer nbms (schema %lld, this one knows %lld)",
		    path, (long long)has, (long long)wants);
	if (has < wants && mode == DB_READ)
		die(EX_CONFIG,
		    "%s: schema %lld is older than %lld: run a program that writes there first",
		    path, (long long)has, (long long)wants);
}

static void
migrate_site(struct link *l, const char *path)
{
	char version[NUMBER_TEXT];
	const char *const args[] = { number(version, newest(DB_SITE)) };
	int64_t has;

	link_do(l, "BEGIN");
	lock_schemas(l);
	has = site_version(l); /* another program may have been faster */
	check_version(path, has, newest(DB_SITE), DB_WRITE);
	if (has == 0)
		link_do(l, "CREATE SCHEMA IF NOT EXISTS \"%s\"; " VERSION_TABLE, l->site);
	apply(l, DB_SITE, has);
	PQclear(link_ask(l, SQL_SCHEMA_VERSION_SET, args, 1));
	link_do(l, "COMMIT");
}

bool
schema_ready(struct link *l, const char *path, enum db_mode mode)
{
	int64_t has = site_version(l);

	if (has == 0 && mode == DB_READ)
		return false;
	check_version(path, has, newest(DB_SITE), mode);
	if (has < newest(DB_SITE)) {
		must(!l->open);
		migrate_site(l, path);
	}
	return true;
}

struct month_row {
	int64_t id, version;
	char *schema; /* NULL: there is none */
};

static struct month_row
find_month(struct link *l, const char *key, const char *month)
{
	const char *const args[] = { key, month };
	PGresult *res = link_ask(l, SQL_MONTH_FIND, args, 2);
	struct month_row row = { 0 };

	if (PQntuples(res) > 0) {
		row.id = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
		row.schema = xstrdup(PQgetvalue(res, 0, 1));
		row.version = strtoll(PQgetvalue(res, 0, 2), NULL, 10);
	}
	PQclear(res);
	return row;
}

/* Site/building/month where PostgreSQL takes that much for a name, site/number otherwise. */
static char *
month_schema(const struct link *l, const struct url *u, int64_t id)
{
	char *name = xasprintf("%s/%s/%s", l->site, u->key, u->month);

	if (strlen(name) > SCHEMA_NAME_MAX) {
		free(name);
		name = xasprintf("%s/%lld", l->site, (long long)id);
	}
	return name;
}

/* Its tables stand alone, as a month file's do, and are then made partitions of the site's. */
static void
make_month(struct link *l, const struct url *u)
{
	const char *const args[] = { u->key, u->month };
	char id[NUMBER_TEXT], version[NUMBER_TEXT];
	const char *settled[] = { id, NULL, number(version, newest(DB_MONTH)) };
	struct month_row row;
	size_t i;

	link_do(l, "BEGIN");
	lock_schemas(l);
	row = find_month(l, u->key, u->month);
	if (row.schema == NULL) {
		PQclear(link_ask(l, SQL_MONTH_ADD, args, 2));
		row = find_month(l, u->key, u->month);
		free(row.schema);
		row.schema = month_schema(l, u, row.id);
		link_do(l, "CREATE SCHEMA \"%s\"; SET LOCAL search_path = \"%s\", \"%s\"",
		    row.schema, row.schema, l->site);
		apply(l, DB_MONTH, 0);
		for (i = 0; i < MONTH_TABLES; i++)
			link_do(l,
			    "ALTER TABLE \"%s\".%s ADD COLUMN month_id INTEGER NOT NULL "
			    "DEFAULT %lld; "
			    "ALTER TABLE \"%s\".%s ATTACH PARTITION \"%s\".%s FOR VALUES IN "
			    "(%lld)",
			    row.schema, month_tables[i], (long long)row.id, l->site,
			    month_tables[i], row.schema, month_tables[i], (long long)row.id);
		number(id, row.id);
		settled[1] = row.schema;
		PQclear(link_ask(l, SQL_MONTH_SETTLE, settled, 3));
	}
	free(row.schema);
	link_do(l, "COMMIT");
}

char *
schema_month(struct link *l, const struct url *u, enum db_mode mode)
{
	struct month_row row = find_month(l, u->key, u->month);

	if (row.schema == NULL && mode == DB_READ)
		return NULL;
	if (row.schema == NULL) {
		/* in a transaction of its own, whatever stands open here */
		struct link *own = link_get(l->url, l->site, true);

		make_month(own, u);
		link_put(own);
		row = find_month(l, u->key, u->month);
		must(row.schema != NULL);
	}
	check_version(row.schema, row.version, newest(DB_MONTH), DB_READ);
	return row.schema;
}

char *
schema_memory(struct link *l, enum db_family family)
{
	static int serial;
	char *name = xasprintf("memory_%ld_%d", (long)getpid(), serial++);

	link_do(
	    l, "CREATE SCHEMA \"%s\"; SET search_path = \"%s\"; " VERSION_TABLE, name, name);
	link_do(l, "BEGIN");
	apply(l, family, 0);
	link_do(l, "COMMIT");
	return name;
}

/* For a question or two, on the connection that is there or one of its own. */
static struct link *
visit(const struct url *u)
{
	struct link *l = link_get(u->url, u->site, false);

	if (l->dbs != NULL || site_version(l) != 0)
		return l;
	link_put(l);
	return NULL;
}

static bool
is_there(const char *path, enum db_family family)
{
	struct url u = url_parse(path);
	struct link *l = visit(&u);
	bool exists = l != NULL;

	if (exists && family == DB_MONTH) {
		struct month_row row = find_month(l, u.key, u.month);

		exists = row.schema != NULL;
		free(row.schema);
	}
	link_put(l);
	url_free(&u);
	return exists;
}

static int64_t
bytes(const char *path)
{
	struct url u = url_parse(path);
	struct link *l = visit(&u);
	struct month_row row = { .schema = NULL };
	const char *args[1] = { u.site };
	int64_t n = 0;

	if (l != NULL && u.key != NULL) {
		row = find_month(l, u.key, u.month);
		args[0] = row.schema;
	}
	if (l != NULL && args[0] != NULL)
		(void)link_ask_int(l, SQL_SCHEMA_BYTES, args, 1, &n);
	free(row.schema);
	link_put(l);
	url_free(&u);
	return n;
}

static size_t
months(const char *place, struct span building_key, char ***months)
{
	struct url u = url_parse(place);
	struct link *l = visit(&u);
	char *key = xstrndup(building_key.p, building_key.n);
	const char *const args[] = { key };
	PGresult *res;
	int i, n = 0;

	*months = NULL;
	if (l != NULL) {
		res = link_ask(l, SQL_MONTH_LIST, args, 1);
		n = PQntuples(res);
		if (n > 0)
			*months = xcalloc((size_t)n, sizeof(**months));
		for (i = 0; i < n; i++)
			(*months)[i] = xstrdup(PQgetvalue(res, i, 0));
		PQclear(res);
	}
	free(key);
	link_put(l);
	url_free(&u);
	return (size_t)n;
}

static bool
remove_month(const char *path)
{
	struct url u = url_parse(path);
	struct link *l = link_get(u.url, u.site, true);
	char id[NUMBER_TEXT];
	const char *const args[] = { id };
	struct month_row row;
	size_t i;

	link_do(l, "BEGIN");
	lock_schemas(l);
	row = find_month(l, u.key, u.month);
	if (row.schema != NULL) {
		for (i = 0; i < MONTH_TABLES; i++)
			link_do(l, "ALTER TABLE %s DETACH PARTITION \"%s\".%s", month_tables[i],
			    row.schema, month_tables[i]);
		link_do(l, "DROP SCHEMA \"%s\" CASCADE", row.schema);
		number(id, row.id);
		PQclear(link_ask(l, SQL_MONTH_DROP, args, 1));
	}
	link_do(l, "COMMIT");
	free(row.schema);
	link_put(l);
	url_free(&u);
	return true;
}

static char *
site_path(const char *place)
{
	return xstrdup(place);
}

static char *
month_path(const char *place, struct span building_key, const char *month)
{
	return xasprintf("%s%s/%.*s/%s", place, strchr(place, '#') != NULL ? "" : "#nbms",
	    SPAN_ARG(building_key), month);
}

const struct engine_places postgres_places = {
	.site_path = site_path,
	.month_path = month_path,
	.exists = is_there,
	.bytes = bytes,
	.months = months,
	.remove = remove_month,
};
