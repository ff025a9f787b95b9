/* Tasks that a session asks for: made, run and taken in by nbms-learn in a child; the result
 * comes through nbms.db, wherever it was worked out. */
#include "base/clock.h"
#include "base/diag.h"
#include "base/files.h"
#include "base/out.h"
#include "bms/thing.h"
#include "db/results.h"
#include "live/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define INPUT_MAX ((size_t)1 << 20)

/* What a session may say of a task; files are names below DIR/files/<customer>. */
static const struct {
	const char *name;
	bool file;
} fields[] = {
	{ "period", false },
	{ "operationMode", false },
	{ "valueType", false },
	{ "lon", false },
	{ "lat", false },
	{ "AIScheduleMode", false },
	{ "buildingMode", false },
	{ "method", false },
	{ "predictInput", false },
	{ "predictMethod", false },
	{ "reserveRange", false },
	{ "companyList", false },
	{ "RefLearningResult", false },
	{ "basicDataPath", true },
	{ "targetFile", true },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* NULL, or why the field may not be passed on. */
static const char *
put_field(struct live *s, struct jw *w, size_t i, struct span customer, struct span building)
{
	json_value v = json_get(s->request, fields[i].name);
	struct span text = { 0 };
	char *path;

	if (v.at == 0 || json_kind_of(v) == JSON_NULL)
		return NULL;
	(void)json_text(v, &text);
	/* nbms-learn takes the name of a file where it finds no object */
	if (strcmp(fields[i].name, "predictInput") == 0 && json_kind_of(v) != JSON_OBJECT)
		return "not an object";
	if (strcmp(fields[i].name, "RefLearningResult") == 0 &&
	    !results_is_of(s->job->site, text, customer, building))
		return "no result of this building";
	if (!fields[i].file) {
		jw_member_raw(w, fields[i].name, json_raw(v));
		return NULL;
	}
	if (!results_dir_valid(text) || memchr(text.p, '/', text.n) != NULL)
		return "not the plain name of a file";
	path = xasprintf(
	    "%s/files/%s/%.*s", opt_state_dir(s->job->dir), s->user.customer, SPAN_ARG(text));
	jw_member_str(w, fields[i].name, path);
	free(path);
	return NULL;
}

/* The record that nbms-learn task reads; false: answered with an error. */
static bool
write_task(struct live *s, const char *key, struct buf *to)
{
	struct jw w = jw_begin(to);
	struct span customer, building;
	bool tender = strncmp(s->name, "tender", 6) == 0;

	must(building_key_parse(span_of(key), &customer, &building));
	jw_object(&w);
	jw_member_str(&w, "task", s->name);
	jw_member_text(&w, "customerNumber", customer); /* whose it is: others do not see it */
	if (!tender)
		jw_member_text(&w, "buildingNumber", building);
	jw_member_str(&w, "connectionId", link_id(s->link));
	for (size_t i = 0; i < FIELDS; i++) {
		const char *wrong = put_field(s, &w, i, customer, building);

		if (wrong != NULL) {
			reply_error(s, "bad-task", "%s: %s", fields[i].name, wrong);
			return false;
		}
	}
	jw_end(&w);
	if (!jw_finish(&w)) {
		reply_error(s, "bad-task", "too long");
		return false;
	}
	buf_putc(to, '\n');
	return true;
}

static bool
start(struct live *s, struct asked *a)
{
	char *dir = xasprintf("NBMS_DIR=%s", opt_state_dir(s->job->dir));
	char *command = xasprintf(
	    "nbms-learn task | { %s; } | nbms-learn callback >/dev/null", s->job->learn);
	char *env[] = { dir, NULL };
	bool started = proc_start(&a->proc, command, env);

	free(command);
	free(dir);
	return started;
}

void
request_task(struct live *s)
{
	struct asked *a = xcalloc(1, sizeof(*a));
	char key[THING_MAX];
	size_t n = 0;
	struct jw w;

	for (const struct asked *other = s->tasks; other != NULL; other = other->next)
		n++;
	a->input = BUF(INPUT_MAX);
	if (!request_building(s, key) || !write_task(s, key, &a->input)) {
		; /* answered */
	} else if (n >= SESSION_TASKS) {
		reply_error(s, "busy", "%d tasks are under way", SESSION_TASKS);
	} else if (!start(s, a)) {
		reply_error(s, "unavailable", "nbms-learn cannot be started");
	} else {
		a->kind = xstrdup(s->name);
		a->next = s->tasks;
		s->tasks = a;
		w = reply_begin(s);
		jw_member_str(&w, "building", key);
		reply_end(s, &w);
		return;
	}
	buf_free(&a->input);
	free(a);
}

/* ---- results ---- */

/* Has it been told? From now on it has. */
static bool
is_told(struct live *s, struct span task_id)
{
	for (size_t i = 0; i < s->told_n; i++)
		if (span_is(task_id, s->told[i]))
			return true;
	s->told = xrealloc(s->told, (s->told_n + 1) * sizeof(*s->told));
	s->told[s->told_n++] = xstrndup(task_id.p, task_id.n);
	return false;
}

/* The result itself stands in its file; where that cannot be read, what the row says is told.
 */
static void
say_result(void *ctx, const struct results_row *row)
{
	struct live *s = ctx;
	struct buf text = BUF(RESULTS_FILE_MAX + 1);
	json_value root, result = { 0 };
	struct json *j;
	struct jw w;
	char *path;

	if (is_told(s, row->task_id))
		return;
	path = xasprintf("%s/results/%.*s", opt_state_dir(s->job->dir), SPAN_ARG(row->file));
	j = json_new();
	if (file_read(path, &text) && json_parse_copy(j, buf_span(&text), &root))
		result = json_get(root, "result");
	w = live_event(s, "result");
	jw_member_text(&w, "task_id", row->task_id);
	jw_member_text(&w, "task", row->task);
	jw_member_text(&w, "status", row->status);
	jw_member_text(&w, "reason", row->reason);
	if (result.at != 0)
		jw_member_raw(&w, "result", json_raw(result));
	live_say(s, &w, (struct span){ 0 });
	json_free(j);
	buf_free(&text);
	free(path);
}

static void
look_for_results(struct live *s)
{
	results_for(s->job->site, span_of(link_id(s->link)), s->since, say_result, s);
}

static void
feed_task(struct asked *a)
{
	if (a->proc.in < 0)
		return;
	while (a->input.n > 0) {
		ssize_t k = write(a->proc.in, a->input.p, a->input.n);

		if (k < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (k < 0)
			break;
		buf_drop(&a->input, (size_t)k);
	}
	proc_close(&a->proc.in);
}

/* One that ends badly and left no result is told all the same: somebody waits. */
static void
say_failure(struct live *s, const struct asked *a)
{
	char how[PROC_TEXT];
	struct jw w = live_event(s, "result");

	jw_member_null(&w, "task_id");
	jw_member_str(&w, "task", a->kind);
	jw_member_str(&w, "status", "error");
	jw_member_str(&w, "reason", "the task could not be made or run");
	live_say(s, &w, (struct span){ 0 });
	diag("task %s of %s: %s", a->kind, s->user.user, proc_describe(a->proc.status, how));
}

static void
free_task(struct asked *a)
{
	proc_close(&a->proc.in);
	proc_close(&a->proc.out);
	buf_free(&a->input);
	free(a->kind);
	free(a);
}

void
ask_turn(struct live *s, bool changed)
{
	struct asked **at = &s->tasks, *a;
	bool ended = false;
	size_t told = s->told_n;

	while ((a = *at) != NULL) {
		feed_task(a);
		if (!proc_ended(&a->proc)) {
			at = &a->next;
			continue;
		}
		ended = true;
		look_for_results(s);
		if (a->proc.status != 0 && s->told_n == told)
			say_failure(s, a);
		*at = a->next;
		free_task(a);
	}
	if (changed && !ended)
		look_for_results(s);
}

void
ask_free(struct live *s)
{
	while (s->tasks != NULL) {
		struct asked *a = s->tasks;

		s->tasks = a->next;
		free_task(a);
	}
	for (size_t i = 0; i < s->told_n; i++)
		free(s->told[i]);
	free(s->told);
}
