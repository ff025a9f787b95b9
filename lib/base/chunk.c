#include "base/chunk.h"
#include "base/diag.h"

#include <math.h>

#define SCALE_MAX 9
#define EXACT 9007199254740992.0 /* 2^53: whole numbers up to here are doubles */
#define NULL_MARK '!'
#define LOWEST 63 /* the character of 0 */

static const double powers[SCALE_MAX + 1] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9 };

static uint64_t
bits_of(double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits;
}

/* Makes few low digits of what differs in the high ones; its own inverse. */
static uint64_t
reversed(uint64_t v)
{
	v = (v >> 1 & 0x5555555555555555U) | (v & 0x5555555555555555U) << 1;
	v = (v >> 2 & 0x3333333333333333U) | (v & 0x3333333333333333U) << 2;
	v = (v >> 4 & 0x0F0F0F0F0F0F0F0FU) | (v & 0x0F0F0F0F0F0F0F0FU) << 4;
	return __builtin_bswap64(v);
}

/* ---- writing ---- */

static void
put(struct buf *to, uint64_t v)
{
	for (; v >= 32; v >>= 5)
		buf_putc(to, (char)((v & 31) + 32 + LOWEST));
	buf_putc(to, (char)(v + LOWEST));
}

/* Is it a whole number of so many decimals, and the same again when divided? */
static bool
fits(double v, int scale)
{
	double scaled = v * powers[scale];

	return isnan(v) || (fabs(scaled) < EXACT &&
			       bits_of((double)llround(scaled) / powers[scale]) == bits_of(v));
}

static int
scale_for(const double value[], size_t n)
{
	int scale = 0;
	size_t i;

	for (i = 0; i < n; i++)
		while (!fits(value[i], scale))
			if (++scale > SCALE_MAX)
				return -1;
	for (i = 0; i < n; i++)
		if (!fits(value[i], scale))
			return -1;
	return scale;
}

static void
put_times(struct buf *to, int64_t base, const int64_t ts[], size_t n)
{
	size_t i, k;

	must(ts[0] >= base);
	put(to, (uint64_t)(ts[0] - base));
	for (i = 1; i < n; i = k) {
		must(ts[i] > ts[i - 1]);
		for (k = i + 1; k < n && ts[k] - ts[k - 1] == ts[i] - ts[i - 1]; k++)
			;
		put(to, (uint64_t)(ts[i] - ts[i - 1]));
		put(to, k - i);
	}
}

/* What the difference to the one before is written as; becomes the one before. */
static uint64_t
difference(double v, int scale, uint64_t *last)
{
	uint64_t now = scale < 0 ? bits_of(v) : (uint64_t)llround(v * powers[scale]), d;

	d = scale < 0 ? reversed(now ^ *last) : now - *last;
	*last = now;
	return scale < 0 ? d : d << 1 ^ (0 - (d >> 63));
}

static void
put_values(struct buf *to, int scale, const double value[], size_t n)
{
	uint64_t last = 0, d, same = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		d = isnan(value[i]) ? 1 : difference(value[i], scale, &last);
		if (d == 0) {
			same++;
			continue;
		}
		if (same > 0) {
			put(to, 0);
			put(to, same);
			same = 0;
		}
		if (isnan(value[i]))
			buf_putc(to, NULL_MARK);
		else
			put(to, d);
	}
	if (same > 0) {
		put(to, 0);
		put(to, same);
	}
}

void
chunk_put(struct buf *to, int64_t base, const int64_t ts[], const double value[], size_t n)
{
	int scale = scale_for(value, n);

	must(n > 0);
	put(to, n);
	put(to, (uint64_t)scale + 1); /* 0 of -1 */
	buf_putc(to, ' ');
	put_times(to, base, ts, n);
	buf_putc(to, ' ');
	put_values(to, scale, value, n);
}

/* ---- reading ---- */

static uint64_t
get(struct chunk *c, const char **at, const char *end)
{
	uint64_t v = 0;
	unsigned shift;
	int digit;

	for (shift = 0; *at < end && shift < 65; shift += 5) {
		digit = (unsigned char)*(*at)++ - LOWEST;
		if (digit < 0 || digit > 63)
			break;
		v |= (uint64_t)(digit & 31) << shift;
		if (digit < 32)
			return v;
	}
	c->damaged = true;
	return 0;
}

void
chunk_begin(struct chunk *c, int64_t base, struct span text)
{
	const char *end = text.p + text.n, *head = text.p;
	const char *times = memchr(text.p, ' ', text.n), *values;

	*c = (struct chunk){ .ts = base };
	values = times != NULL ? memchr(times + 1, ' ', (size_t)(end - times) - 1) : NULL;
	if (values == NULL) {
		c->damaged = true;
		return;
	}
	c->times = times + 1;
	c->times_end = values;
	c->values = values + 1;
	c->values_end = end;
	c->left = get(c, &head, times);
	c->scale = (int)get(c, &head, times) - 1;
	c->interval = (int64_t)get(c, &c->times, c->times_end);
	c->intervals = 1;
	if (c->scale > SCALE_MAX || c->scale < -1 || c->interval < 0)
		c->damaged = true;
}

static void
next_time(struct chunk *c)
{
	if (c->intervals == 0) {
		c->interval = (int64_t)get(c, &c->times, c->times_end);
		c->intervals = get(c, &c->times, c->times_end);
		if (c->interval <= 0 || c->interval > INT32_MAX || c->intervals == 0)
			c->damaged = true;
	}
	c->intervals--;
	if (__builtin_add_overflow(c->ts, c->interval, &c->ts))
		c->damaged = true;
}

static double
next_value(struct chunk *c)
{
	uint64_t d;
	double v;

	if (c->same > 0) {
		c->same--;
	} else if (c->values < c->values_end && *c->values == NULL_MARK) {
		c->values++;
		return NAN;
	} else {
		d = get(c, &c->values, c->values_end);
		if (d == 0) {
			c->same = get(c, &c->values, c->values_end);
			c->damaged = c->damaged || c->same == 0;
			c->same--;
		} else if (c->scale < 0)
			c->last ^= reversed(d);
		else
			c->last += d >> 1 ^ (0 - (d & 1));
	}
	if (c->scale >= 0)
		return (double)(int64_t)c->last / powers[c->scale];
	memcpy(&v, &c->last, sizeof(v));
	return v;
}

bool
chunk_next(struct chunk *c, int64_t *ts, double *value)
{
	if (c->left == 0 || c->damaged)
		return false;
	c->left--;
	next_time(c);
	*ts = c->ts;
	*value = next_value(c);
	return !c->damaged;
}
