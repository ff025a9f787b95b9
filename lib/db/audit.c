#include "db/audit.h"
#include "base/diag.h"
#include "base/jsonw.h"

#define SEEN_MAX ((size_t)1 << 20)
#define COLUMNS 4

static const struct {
	enum sql_name sql;
	const char *names[COLUMNS]; /* one that ends in ! is JSON, as it stands */
} views[] = {
	[AUDIT_ALARM] = { SQL_SEEN_ALARM,
	    { "state", "level!", "acked_at!", "shelved_until!" } },
	[AUDIT_SCHEDULE] = { SQL_SEEN_SCHEDULE,
	    { "schedule!", "point_id", "thing", "changed!" } },
	[AUDIT_CALENDAR] = { SQL_SEEN_CALENDAR, { "calendar!", "", "", "changed!" } },
	[AUDIT_MANUAL] = { SQL_SEEN_MANUAL, { "value!", "name", "begins!", "ends!" } },
	[AUDIT_COMPOSITE] = { SQL_SEEN_COMPOSITE,
	    { "schedule!", "class", "unit", "changed!" } },
	[AUDIT_ZONE] = { SQL_SEEN_ZONE, { "zone!", "", "", "changed!" } },
	[AUDIT_ENDPOINT] = { SQL_SEEN_ENDPOINT, { "user_id", "alarm!", "notice!", "level!" } },
	[AUDIT_USER] = { SQL_SEEN_USER, { "role", "name", "mail", "tokens!" } },
	[AUDIT_CONTROL] = { SQL_SEEN_CONTROL, { "value!", "priority!", "state", "by" } },
};

static void
put_column(struct jw *w, const char *name, struct span s)
{
	size_t n = strlen(name);

	if (s.p == NULL || n == 0)
		return;
	if (name[n - 1] == '!') {
		jw_key_span(w, (struct span){ name, n - 1 });
		jw_raw(w, s);
	} else {
		jw_member_text(w, name, s);
	}
}

/* What stands now: a list of objects; none: an empty span. */
static struct span
look(struct db *site, const struct audit *a, struct buf *to)
{
	struct span building = a->building.p != NULL ? a->building : SPAN("");
	struct span s[COLUMNS];
	size_t n = 0, i;
	struct rows *r;
	struct jw w;

	if (a->of == AUDIT_NOTHING || a->id.p == NULL)
		return (struct span){ 0 };
	w = jw_begin(to);
	jw_array(&w);
	r = db_rows(site, views[a->of].sql, "stt", a->customer, building, a->id);
	for (; rows_next(r, "tttt", &s[0], &s[1], &s[2], &s[3]); n++) {
		jw_object(&w);
		for (i = 0; i < COLUMNS; i++)
			put_column(&w, views[a->of].names[i], s[i]);
		jw_end(&w);
	}
	rows_end(r);
	jw_end(&w);
	return jw_finish(&w) && n > 0 ? buf_span(to) : (struct span){ 0 };
}

void
audit_begin(struct db *site, struct audit *a)
{
	struct buf seen = BUF(SEEN_MAX);

	db_begin(site);
	(void)db_run(site, SQL_AUDIT_BEGIN, "isstsstt", (int64_t)a->at, a->user, a->customer,
	    a->building, a->remote, a->action, a->request, look(site, a, &seen));
	a->row = db_last_id(site);
	db_commit(site);
	buf_free(&seen);
}

void
audit_end(struct db *site, const struct audit *a, int status, const char *message)
{
	struct buf seen = BUF(SEEN_MAX);

	db_begin(site);
	(void)db_run(site, SQL_AUDIT_END, "itis", a->row, look(site, a, &seen), (int64_t)status,
	    message);
	db_commit(site);
	buf_free(&seen);
}
