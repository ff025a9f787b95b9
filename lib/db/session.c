#include "db/session.h"
#include "base/diag.h"
#include "base/proc.h"

#include <stdlib.h>
#include <unistd.h>

enum { ASKED, TOLD, LEAVING };

void
session_open(struct db *site, const struct session *s, when_t now)
{
	char boot[PROC_BOOT_TEXT];

	db_begin(site);
	must(db_run(site, SQL_CONNECTION_ADD, "ssssiiw", s->id, s->user, s->customer,
		 proc_boot_id(boot), (int64_t)getpid(), proc_started(getpid()), now) == 1);
	db_commit(site);
}

void
session_beat(struct db *site, const char *id, when_t now)
{
	db_begin(site);
	db_do(site, SQL_CONNECTION_SEEN, "sw", id, now);
	db_commit(site);
}

/* A row without anything held goes; one with something stays for others to find: its process
 * will not be there. */
void
session_close(struct db *site, const char *id, bool told)
{
	db_begin(site);
	if (told) {
		db_do(site, SQL_SUBSCRIPTION_DROP_ALL, "s", id);
		db_do(site, SQL_CONNECTION_DROP, "s", id);
	}
	db_commit(site);
}

bool
session_hold(struct db *site, const char *id, struct span thing, struct span point)
{
	int64_t one;
	bool told = db_one(site, SQL_SUBSCRIPTION_TOLD, "tts", "i", thing, point, id, &one);

	return db_run(site, SQL_SUBSCRIPTION_ADD, "stti", id, thing, point,
		   (int64_t)(told ? TOLD : ASKED)) == 1 &&
	       !told;
}

void
session_told(struct db *site, const char *id, struct span thing, struct span point)
{
	db_do(site, SQL_SUBSCRIPTION_SET, "stti", id, thing, point, (int64_t)TOLD);
}

static bool
held_by_another(struct db *site, const char *id, struct span thing, struct span point)
{
	struct span other;

	return db_one(site, SQL_SUBSCRIPTION_HELD, "tts", "t", thing, point, id, &other);
}

bool
session_leave(struct db *site, const char *id, struct span thing, struct span point)
{
	if (held_by_another(site, id, thing, point)) {
		db_do(site, SQL_SUBSCRIPTION_DROP, "stt", id, thing, point);
		return false;
	}
	return db_run(site, SQL_SUBSCRIPTION_SET, "stti", id, thing, point, (int64_t)LEAVING) ==
	       1;
}

void
session_leave_all(struct db *site, const char *id)
{
	db_do(site, SQL_SUBSCRIPTION_DROP_HELD, "s", id);
	db_do(site, SQL_SUBSCRIPTION_LEAVE_ALL, "s", id);
}

bool
session_left(struct db *site, const char *id, struct span thing, struct span point)
{
	return db_run(site, SQL_SUBSCRIPTION_DROP_LEFT, "stt", id, thing, point) == 1 &&
	       held_by_another(site, id, thing, point);
}

struct dead {
	char id[SESSION_ID];
};

/* The dead among the sessions, or NULL; to be freed. */
static struct dead *
find_dead(struct db *site, const char *self, when_t now, size_t *n)
{
	struct rows *r = db_rows(site, SQL_CONNECTION_LIST, "");
	char boot[PROC_BOOT_TEXT];
	struct dead *all = NULL;
	struct span id, host;
	int64_t pid, started;
	when_t seen;

	(void)proc_boot_id(boot);
	*n = 0;
	while (rows_next(r, "ttiiw", &id, &host, &pid, &started, &seen)) {
		bool here = boot[0] != '\0' && span_is(host, boot);

		if (span_is(id, self) || id.n >= SESSION_ID ||
		    (here ? proc_started((pid_t)pid) == started : seen > now - SESSION_SILENT))
			continue;
		all = xrealloc(all, (*n + 1) * sizeof(*all));
		memcpy(all[*n].id, id.p, id.n);
		all[(*n)++].id[id.n] = '\0';
	}
	rows_end(r);
	return all;
}

size_t
session_adopt(struct db *site, const char *id, when_t now)
{
	size_t n, i;
	struct dead *all = find_dead(site, id, now, &n);

	for (i = 0; i < n; i++) {
		db_do(site, SQL_SUBSCRIPTION_ADOPT, "ss", id, all[i].id);
		db_do(site, SQL_SUBSCRIPTION_DROP_ALL, "s", all[i].id);
		db_do(site, SQL_CONNECTION_DROP, "s", all[i].id);
	}
	free(all);
	return n;
}

void
session_points(struct db *site, const char *id, session_point_fn *fn, void *ctx)
{
	struct rows *r = db_rows(site, SQL_SUBSCRIPTION_OF, "s", id);
	struct span thing, point;
	int64_t state;

	while (rows_next(r, "tti", &thing, &point, &state))
		fn(ctx, thing, point, state == LEAVING);
	rows_end(r);
}
