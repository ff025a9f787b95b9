#include "learn/task.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/diag.h"

struct task_learned {
	char *id;
	char *units; /* JSON */
};

/* ---- names ---- */

static const char *const kinds[] = { "learning", "optimizing", "tender-learning",
	"tender-predict" };

const char *
task_kind_name(enum task_kind kind)
{
	return kinds[kind];
}

bool
task_kind_parse(struct span name, enum task_kind *kind)
{
	int i;

	for (i = 0; i < TASK_KINDS; i++)
		if (span_is(name, kinds[i]))
			return *kind = (enum task_kind)i, true;
	return false;
}

bool
task_id_valid(struct span id)
{
	size_t i;

	if (id.n == 0 || id.n > TASK_ID_MAX || id.p[0] == '.')
		return false;
	for (i = 0; i < id.n; i++) {
		char c = id.p[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			(c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'))
			return false;
	}
	return true;
}

const char *
task_status_name(enum task_status status)
{
	static const char *const names[] = { "ok", "no-run", "infeasible", "error" };

	return names[status];
}

void
task_settle(struct task_outcome *o, enum task_status status, const char *fmt, ...)
{
	va_list ap;

	o->status = status;
	va_start(ap, fmt);
	(void)vsnprintf(o->reason, sizeof(o->reason), fmt, ap);
	va_end(ap);
}

/* ---- reading ---- */

bool
task_numbers(json_value list, size_t max, double **to, size_t *n)
{
	size_t count = json_count(list), i = 0;
	json_value v;

	*to = NULL;
	*n = 0;
	if (json_kind_of(list) != JSON_ARRAY || count > max)
		return false;
	*to = xcalloc(count + 1, sizeof(**to));
	for (v = json_first(list); v.at != 0; v = json_next(v), i++)
		if (!json_number(v, &(*to)[i])) {
			if (json_kind_of(v) != JSON_NULL)
				return free(*to), *to = NULL, false;
			(*to)[i] = NAN;
		}
	*n = count;
	return true;
}

bool
task_number(json_value object, const char *name, double low, double high, double *to)
{
	double d;

	if (!json_number(json_get(object, name), &d) || d < low || d > high)
		return false;
	*to = d;
	return true;
}

static bool
read_day(struct span text, int32_t *day)
{
	when_t t;

	if (text.n != 10 || !when_parse_human(text, NULL, 0, &t))
		return false;
	*day = (int32_t)(t / 86400);
	return true;
}

static int
by_day(const void *a, const void *b)
{
	const int32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
set_calendar(struct task_hours *th, json_value holidays)
{
	int32_t *offset = xcalloc(th->h.n, sizeof(*offset));
	int32_t *day = xcalloc(json_count(holidays) + 1, sizeof(*day));
	struct span text;
	json_value v;
	size_t i, n = 0;
	int seconds;

	for (v = json_first(holidays); v.at != 0; v = json_next(v))
		if (json_text(v, &text) && read_day(text, &day[n]))
			n++;
	qsort(day, n, sizeof(*day), by_day);
	for (i = 0; i < th->h.n; i++) {
		(void)when_civil(th->zone, th->h.start + (when_t)i * 3600, &seconds);
		offset[i] = seconds;
	}
	hours_calendar(&th->h, offset, day, n);
	free(offset);
	free(day);
}

static bool
fill(struct task_hours *th, json_value v, const double *load, const double *temperature)
{
	size_t i;
	bool zero = true;

	for (i = 0; i < th->h.n; i++)
		hours_put(&th->h, th->h.start + (when_t)i * 3600, i < th->known ? load[i] : NAN,
		    temperature[i]);
	(void)json_bool(json_get(v, "zero_is_missing"), &zero);
	if (zero)
		th->zeros = hours_zero_is_missing(&th->h);
	set_calendar(th, json_get(v, "holidays"));
	hours_fill_temperature(&th->h);
	return true;
}

bool
task_hours(json_value v, struct task_hours *th, struct task_outcome *o)
{
	double *load = NULL, *temperature = NULL;
	int64_t start = 0, known = 0;
	size_t n = 0, m = 0;
	struct span zone;
	bool ok = false;

	*th = (struct task_hours){ .known = 0 };
	if (!json_int(json_get(v, "start"), &start) || !json_text(json_get(v, "zone"), &zone) ||
	    !json_int(json_get(v, "known"), &known) ||
	    !task_numbers(json_get(v, "load"), HOURS_MAX, &load, &n) ||
	    !task_numbers(json_get(v, "temperature"), HOURS_MAX, &temperature, &m))
		task_settle(
		    o, TASK_ERROR, "hours: start, zone, known, load or temperature is missing");
	else if ((th->zone = zone_find(zone)) == NULL)
		task_settle(o, TASK_ERROR, "hours: no such time zone: %.*s", SPAN_ARG(zone));
	else if (known < 0 || (size_t)known > m || n < (size_t)known)
		task_settle(o, TASK_ERROR, "hours: known, load and temperature do not agree");
	else if (m == 0)
		task_settle(o, TASK_NO_RUN, "%s", "there is no history");
	else if (start < 0 || start > (int64_t)1 << 34 ||
		 hours_init(&th->h, start, m) != LEARN_OK)
		task_settle(
		    o, TASK_ERROR, "hours: start begins no hour, or there are too many");
	else
		th->known = (size_t)known, ok = fill(th, v, load, temperature);
	free(load);
	free(temperature);
	return ok;
}

void
task_hours_free(struct task_hours *th)
{
	hours_free(&th->h);
}

/* ---- writing ---- */

#define THERMAL_MOST 100 /* K a step: nothing in a building moves as much */

/* The numbers of a thermal model that a schedule needs, under their names. */
#define THERMAL_NUMBERS(m)                                                                  \
	{ "v", &(m)->v }, { "w", &(m)->w }, { "heat", &(m)->heat }, { "cool", &(m)->cool }, \
	    { "people", &(m)->people }, { "sun", &(m)->sun }, { "offset", &(m)->offset },   \
	    { "wall", &(m)->wall }, { "share", &(m)->share },                               \
	{                                                                                   \
		"dt", &(m)->dt                                                              \
	}

void
task_put_thermal(struct jw *w, const char *name, const struct thermal *m)
{
	struct thermal copy = *m;
	const struct {
		const char *name;
		double *v;
	} numbers[] = { THERMAL_NUMBERS(&copy) };
	size_t i;

	jw_key(w, name);
	jw_object(w);
	jw_member_int(w, "order", m->order);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		jw_member_round(w, numbers[i].name, *numbers[i].v, 9);
	jw_member_bool(w, "heats", m->heats);
	jw_member_bool(w, "cools", m->cools);
	jw_member_round(w, "tau_hours", m->tau, 2);
	jw_member_round(w, "rmse_step", m->rmse_step, 3);
	jw_member_round(w, "rmse_day", m->rmse_day, 3);
	jw_member_int(w, "days", (int64_t)m->days);
	jw_end(w);
}

bool
task_thermal(json_value v, struct thermal *m)
{
	const struct {
		const char *name;
		double *v;
	} numbers[] = { THERMAL_NUMBERS(m) };
	int64_t order;
	size_t i;

	*m = (struct thermal){ .order = 1, .tau = NAN, .resistance = NAN, .rmse_day = NAN };
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!json_number(json_get(v, numbers[i].name), numbers[i].v) ||
		    fabs(*numbers[i].v) > THERMAL_MOST)
			return false;
	(void)json_number(json_get(v, "rmse_day"), &m->rmse_day);
	(void)json_bool(json_get(v, "heats"), &m->heats);
	(void)json_bool(json_get(v, "cools"), &m->cools);
	if (!json_int(json_get(v, "order"), &order) || order < 1 || order > 2)
		return false;
	m->order = (int)order;
	return m->v >= 0 && m->w >= 0 && m->v + m->w > 0 && m->v + m->w < 1 &&
	       (order == 2 || m->w == 0) && m->wall >= 0 && m->wall < 1 && m->share >= 0 &&
	       m->share <= 1 && m->dt > 0 && m->heat >= 0 && m->cool >= 0 && m->sun >= 0;
}

/* ---- where it is ---- */

/* A coordinate is a number, or the text of one. */
static double
degrees(json_value v, double most)
{
	struct span text;
	char copy[32], *end;
	double d = NAN;

	if (!json_number(v, &d) && json_text(v, &text) && text.n > 0 && text.n < sizeof(copy)) {
		memcpy(copy, text.p, text.n);
		copy[text.n] = '\0';
		d = strtod(copy, &end);
		d = *end == '\0' ? d : NAN;
	}
	return fabs(d) <= most ? d : NAN;
}

struct solar_place
task_place(json_value record)
{
	return (struct solar_place){ degrees(json_get(record, "lat"), 90),
		degrees(json_get(record, "lon"), 180) };
}

/* ---- running ---- */

void
task_memory_free(struct task_memory *m)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		free(m->all[i].id);
		free(m->all[i].units);
	}
	free(m->all);
	*m = (struct task_memory){ 0 };
}

static void
remember(struct task_memory *m, struct span id, struct span result)
{
	struct json *j = json_new();
	struct span units;
	json_value root;

	if (json_parse_copy(j, result, &root)) {
		units = json_raw(json_get(root, "units"));
		m->all = xrealloc(m->all, (m->n + 1) * sizeof(*m->all));
		m->all[m->n++] = (struct task_learned){ xstrndup(id.p, id.n),
			units.n > 0 ? xstrndup(units.p, units.n) : xstrdup("[]") };
	}
	json_free(j);
}

/* An optimising task brings what was learned, or names the learning task that went before it.
 */
static void
optimise(json_value data, json_value record, const struct task_memory *m, struct jw *w,
    struct task_outcome *o)
{
	json_value learned = json_get(data, "learned");
	struct json *j = json_new();
	struct span id = { 0 };
	size_t i;

	if (learned.at == 0 && json_text(json_get(data, "learning"), &id)) {
		for (i = m->n; i > 0 && !span_is(id, m->all[i - 1].id); i--)
			;
		if (i == 0)
			task_settle(o, TASK_ERROR,
			    "the learning task it waits for has not been run before it: %.*s",
			    SPAN_ARG(id));
		else
			(void)json_parse_copy(j, span_of(m->all[i - 1].units), &learned);
	}
	if (o->status == TASK_OK)
		task_optimizing(data, record, learned, w, o);
	json_free(j);
}

/* Everything that was asked, as it came. */
static void
repeat(struct jw *w, json_value record)
{
	json_value v;

	for (v = json_first(record); v.at != 0; v = json_next(v)) {
		struct span name = json_name(v);

		if (span_is(name, "data") || span_is(name, "status") ||
		    span_is(name, "reason") || span_is(name, "result"))
			continue;
		jw_key_span(w, name);
		jw_raw(w, json_raw(v));
	}
}

static void
work(enum task_kind kind, json_value record, struct task_memory *m, struct buf *result,
    struct task_outcome *o)
{
	json_value data = json_get(record, "data");
	struct jw w = jw_begin(result);

	jw_object(&w);
	switch (kind) {
	case TASK_LEARNING:
		task_learning(data, record, &w, o);
		break;
	case TASK_OPTIMIZING:
		optimise(data, record, m, &w, o);
		break;
	case TASK_TENDER_LEARNING:
		task_tender_learning(data, record, &w, o);
		break;
	case TASK_TENDER_PREDICT:
		task_tender_predict(data, record, &w, o);
		break;
	case TASK_KINDS:
		break;
	}
	jw_end(&w);
	if (!jw_finish(&w)) {
		buf_clear(result);
		buf_puts(result, "{}");
		task_settle(o, TASK_ERROR, "the result is too long");
	}
}

bool
task_run(json_value record, struct task_memory *m, struct buf *to, const char **why)
{
	struct task_outcome o = { .status = TASK_OK, .reason = "ok" };
	struct buf result = BUF(TASK_RESULT_MAX);
	struct span id, name;
	enum task_kind kind;
	struct jw w;

	*why = "a task has task_id, task and data";
	if (!json_text(json_get(record, "task_id"), &id) || !task_id_valid(id) ||
	    !json_text(json_get(record, "task"), &name) || !task_kind_parse(name, &kind) ||
	    json_kind_of(json_get(record, "data")) != JSON_OBJECT)
		return false;
	work(kind, record, m, &result, &o);
	if (kind == TASK_LEARNING)
		remember(m, id, buf_span(&result));
	w = jw_begin(to);
	jw_object(&w);
	repeat(&w, record);
	jw_member_str(&w, "status", task_status_name(o.status));
	jw_member_str(&w, "reason", o.reason);
	jw_member_raw(&w, "result", buf_span(&result));
	jw_end(&w);
	must(jw_finish(&w));
	buf_putc(to, '\n');
	buf_free(&result);
	return true;
}
