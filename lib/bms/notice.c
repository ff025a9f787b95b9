#include "bms/notice.h"
#include "base/diag.h"
#include "base/jsonw.h"

static const char *
level_name(int64_t level)
{
	static const char *const names[] = { "", "critical", "major", "minor", "warning" };

	return level >= 1 && level <= ALARM_LEVELS ? names[level] : "";
}

static struct span
name_of(const struct transition_notice *n)
{
	return n->name.n > 0 ? n->name : n->alarm_point_id;
}

void
notice_title(struct buf *to, const struct transition_notice *n)
{
	struct span name = name_of(n);

	if (span_is(n->what, "clear"))
		buf_puts(to, "Cleared: ");
	else if (span_is(n->what, "update"))
		buf_puts(to, "Worse: ");
	else if (span_is(n->what, "raise"))
		buf_puts(to, "Alarm: ");
	else
		buf_puts(to, "Still standing: ");
	buf_put(to, name);
	if (n->level > 0 && !span_is(n->what, "clear"))
		buf_printf(to, " (%s)", level_name(n->level));
}

void
notice_text(struct buf *to, const struct transition_notice *n)
{
	buf_printf(to, "%.*s %.*s, %.*s", SPAN_ARG(n->customer), SPAN_ARG(n->building),
	    SPAN_ARG(n->time));
	if (n->text.n > 0)
		buf_printf(to, ": %.*s", SPAN_ARG(n->text));
	if (n->name.n > 0)
		buf_printf(to, " [%.*s]", SPAN_ARG(n->alarm_point_id));
}

void
notice_data(struct buf *to, const struct transition_notice *n)
{
	struct jw w = jw_begin(to);

	jw_object(&w);
	jw_member_text(&w, "transition", n->what);
	jw_member_text(&w, "episode", n->episode);
	jw_member_text(&w, "customer", n->customer);
	jw_member_text(&w, "building", n->building);
	jw_member_text(&w, "alarm_point_id", n->alarm_point_id);
	jw_member_text(&w, "time", n->time);
	if (n->level > 0)
		jw_member_str(&w, "level", level_name(n->level));
	jw_end(&w);
	must(jw_finish(&w));
}
