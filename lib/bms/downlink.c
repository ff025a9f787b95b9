#include "bms/downlink.h"
#include "base/diag.h"
#include "base/jsonw.h"

#include <stdio.h>

static struct jw
begin(struct buf *to, struct span thing, const char *kind, const char *type)
{
	struct jw w = jw_begin(to);

	jw_object(&w);
	jw_member_text(&w, "thing", thing);
	jw_member_str(&w, "point", kind);
	jw_key(&w, "message");
	jw_object(&w);
	jw_member_str(&w, "msg_type", type);
	return w;
}

static void
finish(struct jw *w, size_t count, const struct zone *zone, when_t now)
{
	char stamp[WHEN_TEXT];

	jw_member_int(w, "point_count", (int64_t)count);
	jw_member_str(w, "time", when_format_stamp(stamp, zone, now));
	jw_end(w);
	jw_end(w);
	must(jw_finish(w));
}

void
downlink_points(
    struct buf *to, const struct downlink_points *d, const struct zone *zone, when_t now)
{
	struct jw w = begin(to, d->thing, d->subscribe ? "subscribe" : "unsubscribe",
	    d->subscribe ? "Subscribe" : "Unsubscribe");
	char name[32];

	jw_member_text(&w, "connection_id", d->connection);
	for (size_t i = 0; i < d->n; i++) {
		(void)snprintf(name, sizeof(name), "point_%zu", i);
		jw_key(&w, name);
		jw_object(&w);
		jw_member_text(&w, "point_id", d->points[i]);
		jw_end(&w);
	}
	finish(&w, d->n, zone, now);
}

void
downlink_control(
    struct buf *to, const struct downlink_control *d, const struct zone *zone, when_t now)
{
	struct jw w = begin(to, d->thing, "control", "Control");
	char stamp[WHEN_TEXT];

	jw_member_text(&w, "request_id", d->request_id);
	jw_key(&w, "point_0");
	jw_object(&w);
	jw_member_text(&w, "point_id", d->point_id);
	jw_member_raw(&w, "value", d->value);
	jw_member_int(&w, "priority", d->priority);
	if (d->expires != WHEN_NONE)
		jw_member_str(
		    &w, "expires", when_format_stamp(stamp, zone, (d->expires + 59) / 60 * 60));
	jw_end(&w);
	finish(&w, 1, zone, now);
}
