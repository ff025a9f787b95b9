#include "db/rule_set.h"
#include "base/diag.h"
#include "base/jsonw.h"
#include "base/lines.h"
#include "base/rule.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct rule_set {
	struct alarm_rule *rules;
	size_t n;
	struct rules *jq; /* NULL: there is none */
	struct buf record;
};

#define RECORD_MAX ((size_t)1 << 20)

static bool
add(struct rule_set *set, struct json *json, struct span line, const struct where *at,
    size_t *jq)
{
	struct alarm_rule rule;
	const char *wrong;
	json_value root;

	if (!json_parse(json, line, &root)) {
		diag_at(at, "not a rule: %s", json_error(json));
		return false;
	}
	wrong = alarm_rule_read(root, &rule);
	if (wrong == NULL && rule_set_find(set, span_of(rule.name)) != NULL)
		wrong = "rule: this name is there already";
	if (wrong == NULL && rule.kind == RULE_JQ && ++*jq > RULE_MAX)
		wrong = "more than 64 of kind jq";
	if (wrong != NULL) {
		diag_at(at, "not a rule: %s", wrong);
		alarm_rule_free(&rule);
		return false;
	}
	set->rules = xrealloc(set->rules, (set->n + 1) * sizeof(*set->rules));
	set->rules[set->n++] = rule;
	return true;
}

static bool
read_all(struct rule_set *set, int fd, const char *path)
{
	struct lines *lines = lines_open(fd, path, 0);
	struct json *json = json_new();
	enum lines_kind kind;
	struct span line;
	bool fine = true;
	size_t jq = 0;

	while ((kind = lines_next(lines, &line)) != LINES_END && kind != LINES_ERROR) {
		if (kind == LINES_LONG) {
			diag_at(lines_where(lines), "not a rule: too long");
			fine = false;
		} else if (span_trim(line).n > 0 &&
			   !add(set, json, line, lines_where(lines), &jq)) {
			fine = false;
		}
	}
	json_free(json);
	lines_free(lines);
	return fine && kind == LINES_END;
}

/* Once the rules are all there and stay where they are. */
static bool
start_jq(struct rule_set *set)
{
	size_t i;

	for (i = 0; i < set->n; i++) {
		if (set->rules[i].kind != RULE_JQ)
			continue;
		if (set->jq == NULL)
			set->jq = rules_new();
		set->rules[i].expression_number =
		    rules_add(set->jq, set->rules[i].name, set->rules[i].expression);
	}
	return set->jq == NULL || rules_start(set->jq);
}

struct rule_set *
rule_set_read(const char *path)
{
	struct rule_set *set = xcalloc(1, sizeof(*set));
	bool fine;
	int fd;

	if (path == NULL)
		return set;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(EX_NOINPUT, "%s: cannot open: %s", path, strerror(errno));
	fine = read_all(set, fd, path);
	(void)close(fd);
	set->record = BUF(RECORD_MAX);
	if (fine && start_jq(set))
		return set;
	rule_set_free(set);
	return NULL;
}

void
rule_set_free(struct rule_set *set)
{
	size_t i;

	if (set == NULL)
		return;
	rules_free(set->jq);
	for (i = 0; i < set->n; i++)
		alarm_rule_free(&set->rules[i]);
	buf_free(&set->record);
	free(set->rules);
	free(set);
}

size_t
rule_set_count(const struct rule_set *set)
{
	return set->n;
}

const struct alarm_rule *
rule_set_get(const struct rule_set *set, size_t i)
{
	return &set->rules[i];
}

const struct alarm_rule *
rule_set_find(const struct rule_set *set, struct span name)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		if (span_is(name, set->rules[i].name))
			return &set->rules[i];
	return NULL;
}

bool
rule_set_holds(struct rule_set *set, const struct alarm_rule *rule, const struct thing *thing,
    struct span point_id, struct span attr, when_t t, json_value data)
{
	struct where at = { .source = rule->name };
	uint64_t bit = UINT64_C(1) << rule->expression_number;
	struct jw w = jw_begin(&set->record);
	char time[WHEN_TEXT];

	buf_clear(&set->record);
	jw_object(&w);
	jw_member_text(&w, "thing", thing->name);
	jw_member_text(&w, "point_id", point_id);
	jw_member_text(&w, "attr", attr);
	jw_member_str(&w, "time", when_format(time, NULL, t));
	jw_member_raw(&w, "value", json_raw(data));
	jw_end(&w);
	return jw_finish(&w) &&
	       (rules_ask(set->jq, buf_span(&set->record), &at, bit) & bit) != 0;
}
