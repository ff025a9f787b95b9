#include "db/device.h"
#include "base/diag.h"
#include "base/jsonw.h"

bool
device_current(struct db *site, struct span thing, struct span *serial, bool *own_key)
{
	int64_t own, not_after, seen;
	bool found = db_one(site, SQL_CERTIFICATE_IN_STATE, "ts", "tiii", thing, "current",
	    serial, &own, &not_after, &seen);

	*own_key = found && own != 0;
	return found;
}

bool
device_overlaps(struct db *site, struct span thing)
{
	struct span serial;
	int64_t own, not_after, seen;

	return db_one(site, SQL_CERTIFICATE_IN_STATE, "ts", "tiii", thing, "superseded",
	    &serial, &own, &not_after, &seen);
}

bool
device_has(struct db *site, struct span serial, struct span thing)
{
	int64_t there;

	return db_one(site, SQL_CERTIFICATE_HAS, "tt", "i", serial, thing, &there);
}

void
device_certify(struct db *site, const struct device_certificate *c, when_t now)
{
	db_do(site, SQL_CERTIFICATE_SUPERSEDE, "t", c->thing);
	must(db_run(site, SQL_CERTIFICATE_ADD, "tttiiii", c->serial, c->thing, c->fingerprint,
		 (int64_t)c->own_key, c->not_before, c->not_after, now) == 1);
	db_do(site, SQL_THING_CERTIFICATE, "tt", c->thing, c->serial);
}

bool
device_drop(struct db *site, struct span thing, when_t now)
{
	int64_t there;
	bool known = db_one(site, SQL_CERTIFICATE_KNOWN, "t", "i", thing, &there);

	db_do(site, SQL_CERTIFICATE_REVOKE, "tis", thing, (int64_t)now, "cessationOfOperation");
	return db_run(site, SQL_THING_DROP, "t", thing) > 0 || known;
}

/* What is told of a building apart from its gateways. */
static void
purge_building(struct db *site, struct span customer, struct span building)
{
	static const enum sql_name all[] = { SQL_PURGE_BUILDING_ALARM_HISTORY,
		SQL_PURGE_BUILDING_ALARM, SQL_PURGE_BUILDING_USER_APPLIED,
		SQL_PURGE_BUILDING_USER_SCHEDULE, SQL_PURGE_BUILDING_MANUAL_SCHEDULE,
		SQL_PURGE_BUILDING_SCHEDULE, SQL_PURGE_BUILDING_CALENDAR,
		SQL_PURGE_BUILDING_USER_ZONE, SQL_PURGE_BUILDING_UNIT_PRICE,
		SQL_PURGE_BUILDING_WEATHER, SQL_PURGE_BUILDING_COMPOSITE };
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		db_do(site, all[i], "tt", customer, building);
}

bool
device_purge(struct db *site, const struct thing *t)
{
	static const enum sql_name all[] = { SQL_PURGE_ALARM_HISTORY, SQL_PURGE_ALARM,
		SQL_PURGE_PRESENCE, SQL_PURGE_RULE_WATCH, SQL_PURGE_GAP_REQUEST,
		SQL_PURGE_CONTROL };
	int64_t others = 0;
	size_t i;

	db_do(site, SQL_COMPOSITE_DROP_OF_THING, "ttt", t->customer, t->building, t->name);
	db_do(site, SQL_POINT_DROP_OF_THING, "ttt", t->customer, t->building, t->name);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		db_do(site, all[i], "t", t->name);
	(void)db_one(site, SQL_THING_IN_BUILDING, "tt", "i", t->customer, t->building, &others);
	if (others == 0)
		purge_building(site, t->customer, t->building);
	db_do(site, SQL_ALARM_COMMAND_DONE, ""); /* a running nbms-alarm looks again */
	return others == 0;
}

void
device_seen(struct db *site, struct span serial, when_t at)
{
	db_do(site, SQL_CERTIFICATE_SEEN, "ti", serial, (int64_t)at);
}

bool
device_seen_current(struct db *site, struct span thing, when_t at)
{
	struct span serial;
	bool own_key;

	if (!device_current(site, thing, &serial, &own_key))
		return false;
	db_do(site, SQL_CERTIFICATE_SEEN_CURRENT, "ti", thing, (int64_t)at);
	return true;
}

size_t
device_settle(struct db *site, when_t now,
    void (*each)(void *ctx, struct span thing, struct span old, struct span current), void *ctx)
{
	struct rows *rows = db_rows(site, SQL_CERTIFICATE_OVERLAPS, "");
	struct span thing, old, current;
	int64_t seen;
	size_t n = 0;

	while (rows_next(rows, "ttti", &thing, &old, &current, &seen)) {
		if (seen == 0)
			continue;
		each(ctx, thing, old, current);
		n++;
	}
	rows_end(rows);
	if (n > 0)
		db_do(site, SQL_CERTIFICATE_REVOKE_SUPERSEDED, "i", (int64_t)now);
	return n;
}

void
device_revoked(struct db *site, when_t since,
    void (*each)(void *ctx, const char *serial, when_t at, const char *reason), void *ctx)
{
	struct rows *rows = db_rows(site, SQL_CERTIFICATE_REVOKED, "i", (int64_t)since);
	struct span serial, reason;
	int64_t at, not_after;

	/* SQLite ends its texts with a NUL */
	while (rows_next(rows, "titi", &serial, &at, &reason, &not_after))
		each(ctx, serial.p, at, reason.p);
	rows_end(rows);
}

void
device_granted(
    struct db *site, void (*each)(void *ctx, struct span thing, struct span serial), void *ctx)
{
	struct rows *rows = db_rows(site, SQL_CERTIFICATE_GRANTS, "");
	struct span thing, serial;

	while (rows_next(rows, "tt", &thing, &serial))
		each(ctx, thing, serial);
	rows_end(rows);
}

void
device_certificates(struct db *site,
    void (*each)(void *ctx, const struct device_certificate *c, bool current), void *ctx)
{
	struct rows *rows = db_rows(site, SQL_CERTIFICATE_LIST, "");
	struct device_certificate c;
	struct span state;
	int64_t own;

	while (rows_next(rows, "tttitii", &c.serial, &c.thing, &c.fingerprint, &own, &state,
	    &c.not_before, &c.not_after)) {
		c.own_key = own != 0;
		each(ctx, &c, span_is(state, "current"));
	}
	rows_end(rows);
}

void
device_expiring(struct db *site, when_t until, struct table *t)
{
	struct rows *rows = db_rows(site, SQL_CERTIFICATE_EXPIRING, "i", (int64_t)until);
	struct span thing, serial, state;
	char text[WHEN_TEXT];
	int64_t not_after;

	while (rows_next(rows, "ttti", &thing, &serial, &state, &not_after)) {
		table_text(t, thing);
		table_str(t, span_is(state, "current") ? "certificate" : "superseded");
		table_text(t, serial);
		table_str(t, when_format(text, NULL, not_after));
	}
	rows_end(rows);
}

static void
member_time(struct jw *w, const char *name, int64_t at)
{
	char text[WHEN_TEXT];

	jw_member_str(w, name, at != 0 ? when_format(text, NULL, at) : NULL);
}

static void
member_text(struct jw *w, const char *name, struct span s)
{
	if (s.p == NULL)
		jw_member_null(w, name);
	else
		jw_member_text(w, name, s);
}

static void
show_certificates(struct db *site, struct span thing, struct jw *w)
{
	struct rows *rows = db_rows(site, SQL_CERTIFICATE_OF_THING, "t", thing);
	struct span serial, fingerprint, state, reason;
	int64_t own, not_before, not_after, issued, seen, revoked;

	while (rows_next(rows, "ttitiiiiit", &serial, &fingerprint, &own, &state, &not_before,
	    &not_after, &issued, &seen, &revoked, &reason)) {
		jw_object(w);
		jw_member_text(w, "serial", serial);
		jw_member_text(w, "state", state);
		jw_member_text(w, "fingerprint", fingerprint);
		jw_member_bool(w, "own_key", own != 0);
		member_time(w, "not_before", not_before);
		member_time(w, "not_after", not_after);
		member_time(w, "issued", issued);
		member_time(w, "seen", seen);
		member_time(w, "revoked", revoked);
		member_text(w, "reason", reason);
		jw_end(w);
	}
	rows_end(rows);
}

bool
device_show(struct db *site, struct span thing, struct buf *to)
{
	struct span name, customer, building, device, customer_name, building_name, region,
	    zone;
	int64_t created, seen;
	struct jw w;

	if (!db_one(site, SQL_THING_SHOW, "t", "ttttiitttt", thing, &name, &customer, &building,
		&device, &created, &seen, &customer_name, &building_name, &region, &zone))
		return false;
	w = jw_begin(to);
	jw_object(&w);
	jw_member_text(&w, "thing", name);
	member_text(&w, "device_name", device);
	jw_member_text(&w, "customer", customer);
	member_text(&w, "customer_name", customer_name);
	jw_member_text(&w, "building", building);
	member_text(&w, "building_name", building_name);
	member_text(&w, "region", region);
	jw_member_text(&w, "timezone", zone);
	member_time(&w, "created", created);
	member_time(&w, "last_seen", seen);
	jw_key(&w, "certificates");
	jw_array(&w);
	show_certificates(site, thing, &w);
	jw_end(&w);
	jw_end(&w);
	must(jw_finish(&w));
	return true;
}

void
device_first_consumers(struct db *site, when_t now)
{
	int64_t there;

	if (!db_one(site, SQL_CONSUMER_KNOWN, "s", "i", "store", &there))
		db_do(site, SQL_CHECKPOINT_ADD, "siiii", "store", (int64_t)0, (int64_t)1,
		    (int64_t)0, (int64_t)now);
}

bool
setting_get(struct db *site, const char *name, struct span *value)
{
	return db_one(site, SQL_SETTING_GET, "s", "t", name, value);
}

void
setting_put(struct db *site, const char *name, struct span value)
{
	db_do(site, SQL_SETTING_PUT, "st", name, value);
}
