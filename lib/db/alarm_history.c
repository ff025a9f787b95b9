#include "base/diag.h"
#include "db/alarm_own.h"

#include <stdalign.h>
#include <stdlib.h>

#define WAITING_ROOM ((size_t)10 << 20) /* some 30,000 rows */

/* A row that is to be inserted; its texts follow it. */
struct waiting {
	struct waiting *next; /* of the same alarm */
	struct row row;
};

/* The arguments of SQL_ALARM_HISTORY_ADD. */
#define ROW(e, r)                                                                          \
	"iiiiiiiwiwiiwitttttt", (e)->id, (r)->in.at, (int64_t)(r)->in.event,               \
	    (int64_t)(r)->in.digest, (r)->place, (r)->transition, (r)->told, (r)->episode, \
	    (r)->flags, (r)->shelved_until, (int64_t)(r)->in.level, (r)->in.priority,      \
	    (r)->in.until, (int64_t)(r)->in.once, (r)->detail.name, (r)->detail.point_id,  \
	    (r)->detail.value, (r)->detail.text, (r)->by, (r)->reason

bool
alarm_history_insert(struct alarm_book *b, const struct entry *e, const struct row *r)
{
	return db_run(b->site, SQL_ALARM_HISTORY_ADD, ROW(e, r)) > 0;
}

void
alarm_history_update(struct alarm_book *b, const struct entry *e, const struct row *r)
{
	db_do(b->site, SQL_ALARM_HISTORY_EFFECT, "iiiiiiiwiw", e->id, r->in.at,
	    (int64_t)r->in.event, (int64_t)r->in.digest, r->place, r->transition, r->told,
	    r->episode, r->flags, r->shelved_until);
}

void
alarm_history_write(struct alarm_book *b, struct entry *e)
{
	const struct waiting *w;

	for (w = e->waiting; w != NULL; w = w->next)
		db_do(b->site, SQL_ALARM_HISTORY_ADD, ROW(e, &w->row));
	e->waiting = e->waiting_last = NULL;
}

void
alarm_history_flush(struct alarm_book *b)
{
	struct entry *e;

	for (e = b->dirty; e != NULL; e = e->next_dirty)
		alarm_history_write(b, e);
	b->waiting_n = 0;
}

static char *
keep(char *at, struct span *s)
{
	if (s->p == NULL)
		return at;
	if (s->n > 0)
		memcpy(at, s->p, s->n);
	s->p = at;
	return at + s->n;
}

void
alarm_history_add(struct alarm_book *b, struct entry *e, const struct row *r)
{
	size_t n = sizeof(struct waiting) + r->detail.name.n + r->detail.point_id.n +
		   r->detail.value.n + r->detail.text.n + r->by.n + r->reason.n;
	struct waiting *w;
	char *end;

	must(e->dirty);
	n += alignof(struct waiting) - n % alignof(struct waiting);
	if (b->waiting_room == NULL)
		b->waiting_room = xmalloc(WAITING_ROOM);
	if (n > WAITING_ROOM - b->waiting_n)
		alarm_history_flush(b);
	if (n > WAITING_ROOM) {
		db_do(b->site, SQL_ALARM_HISTORY_ADD, ROW(e, r));
		return;
	}
	w = (struct waiting *)(void *)(b->waiting_room + b->waiting_n);
	b->waiting_n += n;
	*w = (struct waiting){ .row = *r };
	end = keep((char *)(w + 1), &w->row.detail.name);
	end = keep(end, &w->row.detail.point_id);
	end = keep(end, &w->row.detail.value);
	end = keep(end, &w->row.detail.text);
	end = keep(end, &w->row.by);
	(void)keep(end, &w->row.reason);
	if (e->waiting == NULL)
		e->waiting = w;
	else
		e->waiting_last->next = w;
	e->waiting_last = w;
}
