#include "base/when.h"
#include "base/diag.h"
#include "base/zone.h"

#include <stdio.h>
#include <stdlib.h>

#define DAY 86400
#define ZONE_NAME_MAX 64 /* the longest IANA name has 32 */

struct zone {
	char *name;
	void *data;
	struct zone *next;
};

static struct zone *zones; /* every zone asked for so far */

/* IANA names only: nothing that could be a path elsewhere. */
static bool
name_is_plain(struct span name)
{
	size_t i;

	if (name.n == 0 || name.n > ZONE_NAME_MAX || name.p[0] == '/')
		return false;
	if (span_is(name, "localtime")) /* cctz would take this machine's zone */
		return false;
	for (i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '+' ||
			    c == '/';

		if (!fine)
			return false;
	}
	return true;
}

const struct zone *
zone_find(struct span name)
{
	struct zone *z;
	char *text;
	void *data;

	for (z = zones; z != NULL; z = z->next)
		if (span_is(name, z->name))
			return z;
	if (!name_is_plain(name))
		return NULL;
	text = xstrndup(name.p, name.n);
	data = zone_load(text);
	if (data == NULL) {
		free(text);
		return NULL;
	}
	z = xcalloc(1, sizeof(*z));
	*z = (struct zone){ .name = text, .data = data, .next = zones };
	zones = z;
	return z;
}

const char *
zone_name(const struct zone *z)
{
	return z != NULL ? z->name : "UTC";
}

int
civil_days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

bool
civil_is_valid(struct civil c)
{
	return c.year >= 1 && c.year <= 9999 && c.month >= 1 && c.month <= 12 && c.day >= 1 &&
	       c.day <= civil_days_in_month(c.year, c.month) && c.hour >= 0 && c.hour <= 23 &&
	       c.minute >= 0 && c.minute <= 59 && c.second >= 0 && c.second <= 59;
}

/* Proleptic Gregorian day count in years that begin in March, so that leap days come last. */
int64_t
civil_day_number(struct civil c)
{
	int64_t y = c.month <= 2 ? c.year - 1 : c.year;
	int64_t era = y / 400, of_era = y % 400;
	int64_t of_year = (153 * (c.month + (c.month > 2 ? -3 : 9)) + 2) / 5 + c.day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct civil
civil_of_day(int64_t day_number)
{
	int64_t z = day_number + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	struct civil c = { 0 };

	c.day = (int)(doy - (153 * mp + 2) / 5 + 1);
	c.month = (int)(mp < 10 ? mp + 3 : mp - 9);
	c.year = (int)(yoe + era * 400 + (c.month <= 2 ? 1 : 0));
	return c;
}

int
civil_weekday(struct civil c)
{
	int64_t d = (civil_day_number(c) + 3) % 7; /* 1970-01-01 was a Thursday */

	return (int)(d < 0 ? d + 7 : d) + 1;
}

static when_t
utc_of(struct civil c)
{
	return civil_day_number(c) * DAY + c.hour * 3600 + c.minute * 60 + c.second;
}

when_t
when_of(const struct zone *z, struct civil c, enum when_fit *fit, when_t *later)
{
	enum when_fit found = WHEN_UNIQUE;
	when_t pre, post, change;

	if (!civil_is_valid(c))
		return WHEN_NONE;
	if (z == NULL)
		pre = post = utc_of(c);
	else
		found = zone_lookup(z->data, c, &pre, &post, &change);
	if (fit != NULL)
		*fit = found;
	if (later != NULL)
		*later = found == WHEN_REPEATED ? post : pre;
	return pre;
}

struct civil
when_civil(const struct zone *z, when_t t, int *offset)
{
	int off = z != NULL ? zone_offset(z->data, t) : 0;
	when_t local = t + off;
	int64_t day = local / DAY, rest = local % DAY;
	struct civil c;

	if (rest < 0) {
		rest += DAY;
		day--;
	}
	c = civil_of_day(day);
	c.hour = (int)(rest / 3600);
	c.minute = (int)(rest / 60 % 60);
	c.second = (int)(rest % 60);
	if (offset != NULL)
		*offset = off;
	return c;
}

when_t
when_next_change(const struct zone *z, when_t t)
{
	return z != NULL ? zone_next_change(z->data, t) : WHEN_NONE;
}

/* The first instant whose civil time is not before c: after a gap, where midnight itself is
 * skipped. */
static when_t
first_instant(const struct zone *z, struct civil c)
{
	when_t pre, post, change;

	if (z == NULL || !civil_is_valid(c))
		return when_of(z, c, NULL, NULL);
	return zone_lookup(z->data, c, &pre, &post, &change) == WHEN_SKIPPED ? change : pre;
}

when_t
when_hour(const struct zone *z, when_t t)
{
	struct civil c = when_civil(z, t, NULL);
	when_t from = t - c.minute * 60 - c.second, change = when_next_change(z, from);

	return change != WHEN_NONE && change <= t ? change : from;
}

when_t
when_next_hour(const struct zone *z, when_t t)
{
	struct civil c = when_civil(z, t, NULL);
	when_t to = t - c.minute * 60 - c.second + 3600, change = when_next_change(z, t);

	return change != WHEN_NONE && change < to ? change : to;
}

when_t
when_day(const struct zone *z, when_t t, int days)
{
	struct civil c = when_civil(z, t, NULL);

	return first_instant(z, civil_of_day(civil_day_number(c) + days));
}

when_t
when_month(const struct zone *z, when_t t, int months)
{
	struct civil c = when_civil(z, t, NULL);
	int64_t m = (int64_t)c.year * 12 + c.month - 1 + months;

	return first_instant(
	    z, (struct civil){ .year = (int)(m / 12), .month = (int)(m % 12) + 1, .day = 1 });
}

/* Exactly n digits at s->p, taken off it. */
static bool
take_digits(struct span *s, size_t n, int *v)
{
	size_t i;

	if (s->n < n)
		return false;
	for (*v = 0, i = 0; i < n; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		*v = *v * 10 + (s->p[i] - '0');
	}
	s->p += n;
	s->n -= n;
	return true;
}

static bool
take_char(struct span *s, const char *any)
{
	if (s->n == 0 || s->p[0] == '\0' || strchr(any, s->p[0]) == NULL)
		return false;
	s->p++;
	s->n--;
	return true;
}

static bool
take_date(struct span *s, struct civil *c)
{
	return take_digits(s, 4, &c->year) && take_char(s, "-") &&
	       take_digits(s, 2, &c->month) && take_char(s, "-") && take_digits(s, 2, &c->day);
}

/* HH:MM[:SS[.fraction]] */
static bool
take_clock(struct span *s, struct civil *c, int *ms)
{
	int scale = 100;

	if (!take_digits(s, 2, &c->hour) || !take_char(s, ":") ||
	    !take_digits(s, 2, &c->minute))
		return false;
	if (!take_char(s, ":"))
		return true;
	if (!take_digits(s, 2, &c->second))
		return false;
	if (!take_char(s, ".,"))
		return true;
	if (s->n == 0 || s->p[0] < '0' || s->p[0] > '9')
		return false;
	while (s->n > 0 && s->p[0] >= '0' && s->p[0] <= '9') {
		*ms += (s->p[0] - '0') * scale;
		scale /= 10;
		s->p++;
		s->n--;
	}
	return true;
}

/* Z, +HH:MM, +HHMM or +HH */
static bool
take_offset(struct span *s, int *seconds)
{
	int h, m = 0, sign;

	*seconds = 0;
	if (take_char(s, "Zz"))
		return true;
	if (s->n == 0 || (s->p[0] != '+' && s->p[0] != '-'))
		return false;
	sign = s->p[0] == '-' ? -1 : 1;
	(void)take_char(s, "+-");
	if (!take_digits(s, 2, &h))
		return false;
	if ((take_char(s, ":") || s->n > 0) && !take_digits(s, 2, &m))
		return false;
	*seconds = sign * (h * 3600 + m * 60);
	return h <= 23 && m <= 59;
}

bool
when_parse_rfc3339(struct span text, when_t *t, int *ms)
{
	struct civil c = { 0 };
	int offset, fraction = 0;

	if (!take_date(&text, &c) || !take_char(&text, "Tt ") ||
	    !take_clock(&text, &c, &fraction) || !take_offset(&text, &offset) || text.n > 0)
		return false;
	if (c.second == 60) /* a leap second is the second before it */
		c.second = 59;
	if (!civil_is_valid(c))
		return false;
	*t = utc_of(c) - offset;
	if (ms != NULL)
		*ms = fraction;
	return true;
}

bool
when_parse_stamp(struct span text, const struct zone *z, when_t near, when_t *t)
{
	struct civil c = { 0 };
	struct span s = text;
	enum when_fit fit;
	when_t later;

	if (s.n != 12 && s.n != 14)
		return when_parse_rfc3339(text, t, NULL);
	if (!take_digits(&s, 4, &c.year) || !take_digits(&s, 2, &c.month) ||
	    !take_digits(&s, 2, &c.day) || !take_digits(&s, 2, &c.hour) ||
	    !take_digits(&s, 2, &c.minute) || (s.n > 0 && !take_digits(&s, 2, &c.second)))
		return false;
	*t = when_of(z, c, &fit, &later);
	if (*t == WHEN_NONE || fit == WHEN_SKIPPED)
		return false;
	if (fit == WHEN_REPEATED && near != WHEN_NONE && llabs(later - near) < llabs(*t - near))
		*t = later;
	return true;
}

bool
when_parse_duration(struct span text, int64_t *seconds)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', DAY }, { 'w', 7 * DAY } };
	int64_t v = 0, unit = 1;
	size_t i, u;

	for (i = 0; i < text.n && text.p[i] >= '0' && text.p[i] <= '9' && i < 12; i++)
		v = v * 10 + (text.p[i] - '0');
	if (i == 0 || text.n > i + 1)
		return false;
	if (text.n == i + 1) {
		for (u = 0;
		     u < sizeof(units) / sizeof(units[0]) && units[u].letter != text.p[i]; u++)
			;
		if (u == sizeof(units) / sizeof(units[0]))
			return false;
		unit = units[u].seconds;
	}
	*seconds = v * unit;
	return true;
}

bool
when_json_duration(json_value v, int64_t *seconds)
{
	struct span s;

	if (v.at == 0)
		return true;
	if (json_text(v, &s))
		return when_parse_duration(s, seconds);
	return json_int(v, seconds) && *seconds >= 0;
}

static bool
parse_relative(struct span text, when_t now, when_t *t)
{
	int64_t seconds;
	bool back;

	if (!span_starts(text, "now"))
		return false;
	text.p += 3;
	text.n -= 3;
	*t = now;
	if (text.n == 0)
		return true;
	back = text.p[0] == '-';
	if (!take_char(&text, "+-") || !when_parse_duration(text, &seconds))
		return false;
	*t = back ? now - seconds : now + seconds;
	return true;
}

static bool
parse_local(struct span s, const struct zone *z, when_t *t)
{
	struct civil c = { .day = 1 };
	int ms = 0;

	if (!take_digits(&s, 4, &c.year) || !take_char(&s, "-") ||
	    !take_digits(&s, 2, &c.month))
		return false;
	if (s.n > 0 && (!take_char(&s, "-") || !take_digits(&s, 2, &c.day)))
		return false;
	if (s.n > 0 && (!take_char(&s, "Tt ") || !take_clock(&s, &c, &ms)))
		return false;
	if (s.n > 0 || !civil_is_valid(c))
		return false;
	*t = first_instant(z, c);
	return true;
}

bool
when_parse_human(struct span text, const struct zone *z, when_t now, when_t *t)
{
	return parse_relative(text, now, t) || parse_local(text, z, t) ||
	       when_parse_stamp(text, z, WHEN_NONE, t);
}

/* n decimal digits of v at p; returns what follows them. */
static char *
put_digits(char *p, int v, int n)
{
	int i;

	for (i = n - 1; i >= 0; i--, v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + n;
}

/* Written by hand: every row of a trend has one. */
char *
when_format(char to[WHEN_TEXT], const struct zone *z, when_t t)
{
	int offset;
	struct civil c = when_civil(z, t, &offset);
	int minutes = abs(offset) / 60;
	char *p = put_digits(to, c.year, 4);

	*p++ = '-';
	p = put_digits(p, c.month, 2);
	*p++ = '-';
	p = put_digits(p, c.day, 2);
	*p++ = 'T';
	p = put_digits(p, c.hour, 2);
	*p++ = ':';
	p = put_digits(p, c.minute, 2);
	*p++ = ':';
	p = put_digits(p, c.second, 2);
	*p++ = z == NULL ? 'Z' : offset < 0 ? '-' : '+';
	if (z != NULL) {
		p = put_digits(p, minutes / 60, 2);
		*p++ = ':';
		p = put_digits(p, minutes % 60, 2);
	}
	*p = '\0';
	return to;
}

char *
when_format_ms(char to[WHEN_TEXT], int64_t ms_since_epoch)
{
	int64_t t = ms_since_epoch / 1000, ms = ms_since_epoch % 1000;
	struct civil c;

	if (ms < 0) {
		ms += 1000;
		t--;
	}
	c = when_civil(NULL, t, NULL);
	(void)snprintf(to, WHEN_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year % 10000,
	    c.month, c.day, c.hour, c.minute, c.second, (int)ms);
	return to;
}

char *
when_format_stamp(char to[WHEN_TEXT], const struct zone *z, when_t t)
{
	struct civil c = when_civil(z, t, NULL);

	(void)snprintf(to, WHEN_TEXT, "%04d%02d%02d%02d%02d", c.year % 10000, c.month, c.day,
	    c.hour, c.minute);
	return to;
}

char *
when_format_month(char to[WHEN_TEXT], const struct zone *z, when_t t)
{
	struct civil c = when_civil(z, t, NULL);

	(void)snprintf(to, WHEN_TEXT, "%04d-%02d", c.year % 10000, c.month);
	return to;
}
