/* Tasks made: what is asked for, and everything its work needs, in one record. */
#include "base/files.h"
#include "base/out.h"
#include "db/results.h"
#include "learn/job.h"
#include "learn/openings.h"
#include "learn/task.h"

#include <math.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TARGET_MAX ((size_t)8 << 20)
#define INPUT_MAX ((size_t)64 << 10)

/* One task being made. */
struct making {
	struct learn_job *job;
	enum task_kind kind;
	const char *field[FIELDS];
	char id[TASK_ID_MAX + 1];
	struct buf line;
};

/* ---- the record's head ---- */

static const struct {
	enum field field;
	const char *values[5];
} choices[] = {
	{ FIELD_MODE, { "auto", "heat", "cool", NULL } },
	{ FIELD_VALUE, { "cost", "energy", "comfort", "co2", NULL } },
	{ FIELD_AI_MODE, { "advise", "apply", NULL } },
	{ FIELD_METHOD, { "optimal", "startstop", "auto", "equal", NULL } },
	{ FIELD_BUILDING_MODE, { "works-local", "works-national", NULL } },
	{ FIELD_PREDICT_METHOD, { "auto", "equal", "split", NULL } },
};

static bool
degrees(const char *text, double most)
{
	char *end;

	return text == NULL ||
	       (fabs(strtod(text, &end)) <= most && end != text && *end == '\0');
}

/* NULL, or what is wrong with a field. */
static const char *
check_fields(const char *const field[FIELDS])
{
	static char why[128];
	size_t i, k;

	for (i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		const char *given = field[choices[i].field];

		if (given == NULL ||
		    (choices[i].field == FIELD_METHOD && strcmp(given, "split") == 0))
			continue;
		for (k = 0;
		     choices[i].values[k] != NULL && strcmp(given, choices[i].values[k]) != 0;
		     k++)
			;
		if (choices[i].values[k] == NULL) {
			(void)snprintf(why, sizeof(why), "%s: not one of %s, %s%s",
			    field_name[choices[i].field], choices[i].values[0],
			    choices[i].values[1], choices[i].values[2] != NULL ? " ..." : "");
			return why;
		}
	}
	if (!degrees(field[FIELD_LAT], 90) || !degrees(field[FIELD_LON], 180))
		return "lat, lon: not degrees north and east";
	if (field[FIELD_RESULT_DIR] != NULL &&
	    !results_dir_valid(span_of(field[FIELD_RESULT_DIR])))
		return "ResultDir: not a relative directory of plain names";
	if (field[FIELD_CALLBACK] != NULL &&
	    strncmp(field[FIELD_CALLBACK], "http://", 7) != 0 &&
	    strncmp(field[FIELD_CALLBACK], "https://", 8) != 0)
		return "callBack: not an http or https URL";
	return NULL;
}

static void
make_id(struct making *m, const struct place *place)
{
	struct span key = place != NULL ? place->key : SPAN("tender");
	char at[WHEN_TEXT];

	if (m->job->id != NULL && m->job->made == 0)
		(void)snprintf(m->id, sizeof(m->id), "%s", m->job->id);
	else
		(void)snprintf(m->id, sizeof(m->id), "%s-%.*s-%s-%lld", task_kind_name(m->kind),
		    SPAN_ARG(key), when_format_stamp(at, NULL, m->job->now),
		    (long long)m->job->made);
	/* sessions ask at the same minute, and each waits for its own */
	if (m->field[FIELD_CONNECTION] != NULL && m->job->id == NULL)
		(void)snprintf(
		    m->id + strlen(m->id), sizeof(m->id) - strlen(m->id), "-%d", (int)getpid());
	m->job->made++;
}

/* All that was asked, with defaults filled in; the object stays open. */
static void
put_asked(struct making *m, struct jw *w, const struct place *place)
{
	char at[WHEN_TEXT];
	int i;

	jw_object(w);
	jw_member_str(w, "task_id", m->id);
	jw_member_str(w, "task", task_kind_name(m->kind));
	jw_member_str(
	    w, "made", when_format(at, place != NULL ? place->zone : NULL, m->job->now));
	for (i = 0; i < FIELDS; i++)
		if (i == FIELD_CUSTOMER && place != NULL)
			jw_member_text(w, field_name[i], place->building.customer);
		else if (i == FIELD_BUILDING && place != NULL)
			jw_member_text(w, field_name[i], place->building.building);
		else if (i == FIELD_LAT && place != NULL && m->field[i] == NULL)
			jw_member_round(w, field_name[i], place->building.latitude, 6);
		else if (i == FIELD_LON && place != NULL && m->field[i] == NULL)
			jw_member_round(w, field_name[i], place->building.longitude, 6);
		else if (m->field[i] != NULL)
			jw_member_str(w, field_name[i], m->field[i]);
}

/* Notes it in nbms.db, and prints it. */
static bool
hand_out(struct making *m, struct jw *w, const struct place *place)
{
	struct buf asked = BUF(INPUT_MAX);
	struct jw a = jw_begin(&asked);
	struct learn_job *job = m->job;

	jw_end(w);
	if (!jw_finish(w)) {
		diag("task %s: it is too long, or a text of it is not UTF-8", m->id);
		buf_free(&asked);
		return false;
	}
	put_asked(m, &a, place);
	jw_end(&a);
	must(jw_finish(&a));
	db_begin(job->site);
	results_task(job->site, span_of(m->id), span_of(task_kind_name(m->kind)),
	    place != NULL ? place->building.customer : (struct span){ 0 },
	    place != NULL ? place->building.building : (struct span){ 0 }, buf_span(&asked),
	    job->now);
	db_commit(job->site);
	out_line(buf_span(&m->line));
	buf_free(&asked);
	return true;
}

/* ---- of a building ---- */

static bool
make_learning(struct making *m, const struct place *place)
{
	struct jw w = jw_begin(&m->line);
	struct gather g;

	if (!job_gather(m->job, m->field, place, &g))
		return false;
	make_id(m, place);
	put_asked(m, &w, place);
	jw_key(&w, "data");
	jw_object(&w);
	jw_member_str(&w, "level", m->job->level);
	jw_member_double(&w, "band", g.band);
	if (!gather_hours(&g, &w))
		return false;
	gather_zones(&g, &w);
	jw_end(&w);
	return hand_out(m, &w, place);
}

/* What was learned goes along; where nothing was, learning goes first and this one names it. */
static bool
make_optimizing(struct making *m, const struct place *place)
{
	struct buf text = BUF(RESULTS_FILE_MAX + 1);
	struct span wanted = span_of(m->field[FIELD_LEARNING]);
	struct json *j = json_new();
	char first[TASK_ID_MAX + 1] = "";
	json_value root = { NULL, 0 };
	struct gather g;
	struct jw w;
	bool there, ok;

	there = results_learning(m->job->site, m->job->dir, place->building.customer,
		    place->building.building, wanted, &text) &&
		json_parse_copy(j, buf_span(&text), &root);
	ok = there || wanted.n == 0;
	if (!ok)
		diag("RefLearningResult: there is no learning result %.*s", SPAN_ARG(wanted));
	if (ok && !there) {
		m->kind = TASK_LEARNING;
		ok = make_learning(m, place);
		(void)snprintf(first, sizeof(first), "%s", m->id);
		m->kind = TASK_OPTIMIZING;
		buf_clear(&m->line);
	}
	if (ok && (ok = job_gather(m->job, m->field, place, &g))) {
		make_id(m, place);
		w = jw_begin(&m->line);
		put_asked(m, &w, place);
		jw_key(&w, "data");
		jw_object(&w);
		if (there)
			jw_member_raw(&w, "learned",
			    json_raw(json_get(json_get(root, "result"), "units")));
		else
			jw_member_str(&w, "learning", first);
		ok = gather_hours(&g, &w);
		if (ok) {
			gather_plan(&g, &w);
			jw_end(&w);
			ok = hand_out(m, &w, place);
		}
	}
	json_free(j);
	buf_free(&text);
	return ok;
}

/* ---- of a tender ---- */

static void
say_row(void *ctx, size_t line, const char *why)
{
	struct making *m = ctx;
	const struct where at = { m->field[FIELD_TARGET], line };

	diag_at(&at, "%s: left out", why);
	prog_counts()->rejected++;
	prog_counts()->in++;
}

/* "-2,2" or "2". */
static bool
parse_range(const char *text, double *low, double *high)
{
	char *end;

	*low = strtod(text, &end);
	if (*end == ',' || *end == '/')
		*high = strtod(end + 1, &end);
	else
		*high = fabs(*low), *low = -*high;
	return end != text && *end == '\0' && *low < 0 && *low >= -10 && *high > 0 &&
	       *high <= 10;
}

static void
put_companies(struct jw *w, const char *list)
{
	const char *p = list, *comma;

	jw_key(w, "companies");
	jw_array(w);
	for (; p != NULL && *p != '\0'; p = *comma == ',' ? comma + 1 : comma) {
		struct span name;

		comma = p + strcspn(p, ",");
		name = span_trim((struct span){ p, (size_t)(comma - p) });
		if (name.n > 0)
			jw_text(w, name);
	}
	jw_end(w);
}

static bool
put_openings(struct making *m, struct jw *w)
{
	struct buf text = BUF(TARGET_MAX);
	struct openings os = { 0 };
	const char *file = m->field[FIELD_TARGET], *why;
	bool ok = true;

	if (file == NULL)
		return m->kind == TASK_TENDER_PREDICT ||
		       (diag("targetFile: which openings?"), false);
	if (!file_read(file, &text)) {
		if (errno != ENOENT)
			diag_exit(EX_IOERR); /* said; it may go well another time */
		diag("%s: cannot be read", file);
		ok = false;
	} else if (!openings_csv(&os, buf_span(&text), say_row, m, &why)) {
		diag("%s: %s", file, why);
	}
	if (ok)
		openings_put(w, "openings", &os);
	openings_free(&os);
	buf_free(&text);
	return ok;
}

/* The notice: an object, or the name of a file with one. */
static bool
put_notice(struct making *m, struct jw *w)
{
	const char *input = m->field[FIELD_INPUT];
	struct buf text = BUF(INPUT_MAX);
	struct json *j = json_new();
	json_value root;
	bool ok;

	if (input != NULL && input[0] == '{')
		buf_puts(&text, input);
	else if (input == NULL || !file_read(input, &text))
		diag("predictInput: %s", input == NULL ? "which notice?" : "cannot be read");
	ok = text.n > 0 && json_parse_copy(j, buf_span(&text), &root) &&
	     json_kind_of(root) == JSON_OBJECT;
	if (ok)
		jw_member_raw(w, "notice", json_raw(root));
	else if (text.n > 0)
		diag("predictInput: not a JSON object");
	json_free(j);
	buf_free(&text);
	return ok;
}

static bool
make_tender(struct making *m)
{
	struct jw w = jw_begin(&m->line);
	double low, high;

	make_id(m, NULL);
	put_asked(m, &w, NULL);
	jw_key(&w, "data");
	jw_object(&w);
	if (m->field[FIELD_RANGE] != NULL) {
		if (!parse_range(m->field[FIELD_RANGE], &low, &high)) {
			diag("reserveRange: not LOW,HIGH around 0, at most 10 %%: %s",
			    m->field[FIELD_RANGE]);
			return false;
		}
		jw_member_double(&w, "low", low);
		jw_member_double(&w, "high", high);
	}
	put_companies(&w, m->field[FIELD_COMPANIES]);
	if (!put_openings(m, &w) || (m->kind == TASK_TENDER_PREDICT && !put_notice(m, &w)))
		return false;
	jw_end(&w);
	return hand_out(m, &w, NULL);
}

/* ---- all kinds ---- */

static bool
make_of_place(struct making *m, const struct place *place)
{
	bool ok;

	m->line = BUF(TASK_RESULT_MAX);
	ok = m->kind == TASK_LEARNING ? make_learning(m, place) : make_optimizing(m, place);
	buf_free(&m->line);
	return ok;
}

/* False: it could not be made, which was said. */
static bool
make(struct making *m)
{
	const char *why = check_fields(m->field);
	struct buildings bs;
	size_t i;
	bool ok = true;

	if (why != NULL) {
		diag("%s", why);
		return false;
	}
	if (m->kind == TASK_TENDER_LEARNING || m->kind == TASK_TENDER_PREDICT) {
		m->line = BUF(TASK_RESULT_MAX);
		ok = make_tender(m);
		buf_free(&m->line);
		return ok;
	}
	if (!buildings_load(
		&bs, m->job->site, m->field[FIELD_CUSTOMER], m->field[FIELD_BUILDING]))
		return false;
	for (i = 0; i < bs.n && !prog_stopping(); i++)
		ok = make_of_place(m, &bs.all[i]) && ok;
	buildings_free(&bs);
	return ok;
}

/* A request: {"task":KIND,"customerNumber":..}, its members as the options are. */
static bool
make_record(void *ctx, struct record *r)
{
	struct learn_job *job = ctx;
	struct making m = { .job = job };
	char *texts[FIELDS] = { NULL };
	struct span name, text;
	json_value v;
	int i;

	if (!json_text(json_get(r->root, "task"), &name) || !task_kind_parse(name, &m.kind)) {
		record_reject(r, "bad-task",
		    "task: not learning, optimizing, tender-learning or tender-predict");
		return true;
	}
	for (i = 0; i < FIELDS; i++) {
		v = json_get(r->root, field_name[i]);
		if (json_text(v, &text) ||
		    (json_kind_of(v) != JSON_NULL && (text = json_raw(v)).n > 0))
			texts[i] = xstrndup(text.p, text.n);
		m.field[i] = texts[i] != NULL ? texts[i] : job->field[i];
	}
	if (!make(&m))
		record_reject(r, "bad-task", "the task could not be made");
	for (i = 0; i < FIELDS; i++)
		free(texts[i]);
	return true;
}

int
verb_task(struct learn_job *job, int argc, char *argv[])
{
	struct making m = { .job = job };
	int status = 0;

	if (job->id != NULL && !task_id_valid(span_of(job->id)))
		opt_wrong("--id: letters, digits, dots, dashes and underscores: %s", job->id);
	job_open(job, DB_WRITE);
	records_begin(&job->records);
	if (argc > 0 && task_kind_parse(span_of(argv[0]), &m.kind)) {
		if (argc > 1)
			opt_wrong("task %s takes no operand: %s", argv[0], argv[1]);
		memcpy(m.field, job->field, sizeof(m.field));
		status = make(&m) ? 0 : EX_DATAERR;
	} else {
		status = records_files(&job->records, argc, argv, make_record, job);
	}
	records_end(&job->records);
	job_close(job);
	return status;
}
