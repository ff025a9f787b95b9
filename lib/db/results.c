#include "db/results.h"
#include "base/diag.h"
#include "base/files.h"

#include <stdlib.h>

#define PATH_LONGEST 512

static bool
plain(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.';
}

bool
results_dir_valid(struct span dir)
{
	bool begins = true; /* of a part: it must not begin with a dot */
	size_t i;

	if (dir.n == 0 || dir.n > PATH_LONGEST || dir.p[dir.n - 1] == '/')
		return false;
	for (i = 0; i < dir.n; i++) {
		char c = dir.p[i];

		if (c == '/' ? begins : !plain(c) || (begins && c == '.'))
			return false;
		begins = c == '/';
	}
	return true;
}

static struct span
text_of(json_value record, const char *name)
{
	struct span s = { 0 };

	(void)json_text(json_get(record, name), &s);
	return s.n > 0 ? s : (struct span){ 0 };
}

void
results_task(struct db *site, struct span task_id, struct span task, struct span customer,
    struct span building, struct span asked, when_t now)
{
	db_do(site, SQL_TASK_PUT, "tttttw", task_id, task, customer, building, asked, now);
}

bool
results_is_of(struct db *site, struct span task_id, struct span customer, struct span building)
{
	int64_t one;

	return db_one(site, SQL_RESULT_OWNER, "ttt", "i", task_id, customer, building, &one);
}

void
results_for(
    struct db *site, struct span connection_id, when_t since, results_row_fn *fn, void *ctx)
{
	struct rows *r = db_rows(site, SQL_RESULT_OF_CONNECTION, "tw", connection_id, since);
	struct results_row row;

	while (rows_next(r, "tttttw", &row.task_id, &row.task, &row.status, &row.reason,
	    &row.file, &row.received))
		fn(ctx, &row);
	rows_end(r);
}

bool
results_known(struct db *site, struct span task_id)
{
	int64_t one;

	return db_one(site, SQL_RESULT_HAS, "t", "i", task_id, &one);
}

/* Below DIR/results. */
static char *
file_of(json_value record)
{
	struct span dir = text_of(record, "ResultDir"),
		    customer = text_of(record, "customerNumber");
	struct span building = text_of(record, "buildingNumber"),
		    id = text_of(record, "task_id");

	if (dir.n > 0)
		return xasprintf("%.*s/%.*s.json", SPAN_ARG(dir), SPAN_ARG(id));
	if (results_dir_valid(customer) && results_dir_valid(building) &&
	    memchr(customer.p, '/', customer.n) == NULL &&
	    memchr(building.p, '/', building.n) == NULL)
		return xasprintf("%.*s_%.*s/%.*s.json", SPAN_ARG(customer), SPAN_ARG(building),
		    SPAN_ARG(id));
	return xasprintf("tender/%.*s.json", SPAN_ARG(id));
}

static const char *
write_file(const char *dir, const char *file, struct span line)
{
	char *path = xasprintf("%s/results/%s", dir, file);
	char *slash = strrchr(path, '/');
	struct buf text = BUF(RESULTS_FILE_MAX + 1);
	bool ok;

	*slash = '\0';
	ok = dir_make(path, 0750);
	*slash = '/';
	buf_put(&text, line);
	buf_putc(&text, '\n');
	ok = ok && !text.full && file_replace(path, 0640, buf_span(&text));
	if (!ok && !text.full) /* said already: the disk's trouble, not the record's */
		die(EX_IOERR, "%s: the result cannot be kept", path);
	buf_free(&text);
	free(path);
	return ok ? NULL : "the record is too long";
}

static bool
is_url(struct span s)
{
	return span_starts(s, "http://") || span_starts(s, "https://");
}

const char *
results_put(struct db *site, const char *dir, json_value record, struct span line, when_t now,
    char **file)
{
	struct span url = text_of(record, "callBack"), into = text_of(record, "ResultDir");
	const char *why;

	if (into.n > 0 && !results_dir_valid(into))
		return "ResultDir: not a relative directory of plain names";
	if (url.n > 0 && !is_url(url))
		return "callBack: not an http or https URL";
	*file = file_of(record);
	why = write_file(dir, *file, line);
	if (why != NULL)
		return free(*file), *file = NULL, why;
	db_do(site, SQL_RESULT_PUT, "ttttttsttsw", text_of(record, "task_id"),
	    text_of(record, "task"), text_of(record, "customerNumber"),
	    text_of(record, "buildingNumber"), text_of(record, "status"),
	    text_of(record, "reason").n > 0 ? text_of(record, "reason") : SPAN(""), *file,
	    text_of(record, "connectionId"), url, url.n > 0 ? "due" : NULL, now);
	return NULL;
}

static bool
read_file(const char *dir, struct span file, struct buf *to)
{
	char *path = xasprintf("%s/results/%.*s", dir, SPAN_ARG(file));
	bool ok = file_read(path, to);

	if (!ok)
		diag("%s: the result that is kept there cannot be read", path);
	free(path);
	return ok;
}

bool
results_learning(struct db *site, const char *dir, struct span customer, struct span building,
    struct span task_id, struct buf *to)
{
	struct span file, id;

	if (task_id.n > 0)
		return db_one(site, SQL_RESULT_FILE, "ts", "t", task_id, "learning", &file) &&
		       read_file(dir, file, to);
	return db_one(site, SQL_RESULT_NEWEST, "tt", "tt", customer, building, &id, &file) &&
	       read_file(dir, file, to);
}

/* ---- callbacks ---- */

struct due {
	char *task_id, *file, *url;
	int64_t tries;
};

static size_t
list_due(struct db *site, struct due **to)
{
	struct rows *r = db_rows(site, SQL_RESULT_DUE, "");
	struct span id, file, url;
	size_t n = 0;
	int64_t tries;

	while (rows_next(r, "ttti", &id, &file, &url, &tries)) {
		*to = xrealloc(*to, (n + 1) * sizeof(**to));
		(*to)[n++] = (struct due){ xstrndup(id.p, id.n), xstrndup(file.p, file.n),
			xstrndup(url.p, url.n), tries };
	}
	rows_end(r);
	return n;
}

static void
call_one(struct db *site, const char *dir, const struct due *d, results_call *fn, void *ctx,
    struct results_calls *calls)
{
	struct buf record = BUF(RESULTS_FILE_MAX + 1);
	const char *why = "its file cannot be read", *state;

	if (read_file(dir, span_of(d->file), &record))
		why = fn(ctx, d->url, buf_span(&record));
	state = why == NULL ? "done" : d->tries + 1 >= RESULTS_TRIES ? "given-up" : "due";
	calls->done += why == NULL;
	calls->failed += why != NULL;
	calls->given_up += *state == 'g';
	if (why != NULL)
		diag("task %s: callback: %s; %s", d->task_id, why,
		    *state == 'g' ? "given up" : "it is kept for another try");
	db_begin(site);
	db_do(site, SQL_RESULT_CALLED, "sss", d->task_id, state, why);
	db_commit(site);
	buf_free(&record);
}

struct results_calls
results_callbacks(struct db *site, const char *dir, results_call *fn, void *ctx)
{
	struct results_calls calls = { 0 };
	struct due *due = NULL;
	size_t n = list_due(site, &due), i;

	for (i = 0; i < n; i++) {
		call_one(site, dir, &due[i], fn, ctx, &calls);
		free(due[i].task_id);
		free(due[i].file);
		free(due[i].url);
	}
	free(due);
	return calls;
}
