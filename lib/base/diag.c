#include "base/diag.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAID_MAX 64      /* kinds of message counted; more are never throttled */
#define SAID_IN_FULL 20  /* said this often before only every tenfold count is */
#define MESSAGE_MAX 4096 /* PIPE_BUF: one write of this size is never torn */

static struct {
	const char *program;
	struct {
		const char *fmt;
		uint64_t count;
		uint64_t held;
	} said[SAID_MAX];
	size_t kinds;
} state = { .program = "nbms" };

void
diag_begin(const char *program)
{
	const char *slash = strrchr(program, '/');

	state.program = slash != NULL ? slash + 1 : program;
}

const char *
diag_program(void)
{
	return state.program;
}

static bool
is_tenfold(uint64_t n)
{
	while (n >= 10 && n % 10 == 0)
		n /= 10;
	return n == 1;
}

/* Counts this kind of message; 0 means hold it back, otherwise how many there have been. */
static uint64_t
count_said(const char *fmt)
{
	size_t i;

	for (i = 0; i < state.kinds && state.said[i].fmt != fmt; i++)
		;
	if (i == SAID_MAX)
		return 1;
	if (i == state.kinds) {
		state.said[i].fmt = fmt;
		state.kinds++;
	}
	state.said[i].count++;
	if (state.said[i].count <= SAID_IN_FULL || is_tenfold(state.said[i].count))
		return state.said[i].count;
	state.said[i].held++;
	return 0;
}

/* Length of the UTF-8 sequence at s (n bytes left), or 0 where there is none that may be shown.
 */
static size_t
shown_sequence(const unsigned char *s, size_t n)
{
	size_t len = s[0] < 0x80    ? 1
		     : s[0] >= 0xF0 ? 4
		     : s[0] >= 0xE0 ? 3
		     : s[0] >= 0xC2 ? 2
				    : 0;
	size_t i;

	if (len == 0 || len > n || s[0] > 0xF4)
		return 0;
	if (len == 1)
		return s[0] >= 0x20 && s[0] != 0x7F;
	for (i = 1; i < len; i++)
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	if (s[0] == 0xC2 && s[1] < 0xA0) /* the C1 control characters */
		return 0;
	/* longer than needed, surrogates, past U+10FFFF: RFC 3629 section 4 */
	if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
	    (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))
		return 0;
	return len;
}

void
diag_mask(char *text, size_t n)
{
	size_t i, len;

	for (i = 0; i<n; i += len> 0 ? len : 1) {
		len = shown_sequence((const unsigned char *)text + i, n - i);
		if (len == 0)
			text[i] = '?';
	}
}

__attribute__((format(printf, 3, 0))) static void
say(const struct where *at, uint64_t count, const char *fmt, va_list ap)
{
	char text[MESSAGE_MAX];
	size_t n = 0, room = sizeof(text) - 40;
	int k;

	k = snprintf(text, room, "%s: ", state.program);
	n = k > 0 ? (size_t)k : 0;
	if (at != NULL && at->source != NULL && n < room) {
		k = at->line > 0 ? snprintf(text + n, room - n, "%s:%llu: ", at->source,
				       (unsigned long long)at->line)
				 : snprintf(text + n, room - n, "%s: ", at->source);
		n += k > 0 ? (size_t)k : 0;
	}
	if (n < room) {
		k = vsnprintf(text + n, room - n, fmt, ap);
		n += k > 0 ? (size_t)k : 0;
	}
	if (n > room - 1)
		n = room - 1;
	diag_mask(text, n);
	if (count > SAID_IN_FULL)
		n += (size_t)snprintf(
		    text + n, sizeof(text) - n, " (%llu like this)", (unsigned long long)count);
	text[n++] = '\n';
	if (write(STDERR_FILENO, text, n) < 0)
		return; /* nobody is listening, and there is nowhere left to say so */
}

void
diag(const char *fmt, ...)
{
	uint64_t count = count_said(fmt);
	va_list ap;

	if (count == 0)
		return;
	va_start(ap, fmt);
	say(NULL, count, fmt, ap);
	va_end(ap);
}

void
diag_at(const struct where *at, const char *fmt, ...)
{
	uint64_t count = count_said(fmt);
	va_list ap;

	if (count == 0)
		return;
	va_start(ap, fmt);
	say(at, count, fmt, ap);
	va_end(ap);
}

void
diag_kind(const struct where *at, const char *kind, const char *fmt, ...)
{
	uint64_t count = count_said(kind);
	va_list ap;

	if (count == 0)
		return;
	va_start(ap, fmt);
	say(at, count, fmt, ap);
	va_end(ap);
}

void
die(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(NULL, 1, fmt, ap);
	va_end(ap);
	diag_exit(status);
}

void
diag_exit(int status)
{
	exit(status);
}

void
diag_summary(void)
{
	size_t i;

	for (i = 0; i < state.kinds; i++) {
		char text[256];
		int k;

		if (state.said[i].held == 0)
			continue;
		k = snprintf(text, sizeof(text), "%s: %llu more messages like \"%.120s\"\n",
		    state.program, (unsigned long long)state.said[i].held, state.said[i].fmt);
		if (k > 0 && write(STDERR_FILENO, text, (size_t)k) < 0)
			return;
	}
}

void
diag_bug(const char *file, int line, const char *what)
{
	char text[512];
	int k = snprintf(text, sizeof(text), "%s: bug: %s:%d: not so: %s\n", state.program,
	    file, line, what);

	if (k > 0 && write(STDERR_FILENO, text, (size_t)k) < 0)
		abort();
	abort();
}

void *
xmalloc(size_t n)
{
	return xrealloc(NULL, n);
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);

	if (p == NULL)
		die(EX_OSERR, "out of memory");
	return p;
}

void *
xrealloc(void *p, size_t n)
{
	p = realloc(p, n > 0 ? n : 1);
	if (p == NULL)
		die(EX_OSERR, "out of memory");
	return p;
}

char *
xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *
xstrndup(const char *s, size_t n)
{
	char *p = xmalloc(n + 1);

	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&p, fmt, ap);
	va_end(ap);
	if (n < 0)
		die(EX_OSERR, "out of memory");
	return p;
}
