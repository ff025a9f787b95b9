#include "base/diag.h"
#include "base/when.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
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

enum level { INFO, WARNING, ERROR, CRITICAL };

static const struct {
	const char *name;
	char priority; /* of syslog(3), as sd-daemon(3) has it */
} levels[] = { { "info", '6' }, { "warning", '4' }, { "error", '3' }, { "critical", '2' } };

static bool
wants_json(void)
{
	const char *log = getenv("NBMS_LOG");

	return log != NULL && strcmp(log, "json") == 0;
}

/* Is stderr the journal? systemd.exec(5): JOURNAL_STREAM is its device and inode, in decimal.
 */
static bool
is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
		return false;
	(void)snprintf(ours, sizeof(ours), "%llu:%llu", (unsigned long long)st.st_dev,
	    (unsigned long long)st.st_ino);
	return strcmp(stream, ours) == 0;
}

/* A text that diag_mask went over, as a JSON string; cut where there is no room. */
static size_t
put_quoted(char *to, size_t room, const char *text)
{
	size_t n = 0;

	to[n++] = '"';
	for (; *text != '\0' && n + 3 < room; text++) {
		if (*text == '"' || *text == '\\')
			to[n++] = '\\';
		to[n++] = *text;
	}
	while (n > 1 && *text != '\0' && ((unsigned char)to[n - 1] & 0xC0) == 0x80)
		n--; /* not within a character */
	if (n > 1 && *text != '\0' && ((unsigned char)to[n - 1] & 0xC0) == 0xC0)
		n--;
	to[n++] = '"';
	return n;
}

static size_t
as_json(char *to, size_t room, enum level level, const struct where *at, const char *text)
{
	struct timespec now = { 0 };
	char time[WHEN_TEXT];
	char source[512];
	size_t n;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* the log's time is the real one */
	n = (size_t)snprintf(to, room, "{\"time\":\"%s\",\"level\":\"%s\",\"program\":\"%s\",",
	    when_format_ms(time, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000),
	    levels[level].name, state.program);
	if (at != NULL && at->source != NULL) {
		(void)snprintf(source, sizeof(source), "%s", at->source);
		diag_mask(source, strlen(source));
		n += (size_t)snprintf(to + n, room - n, "\"source\":");
		n += put_quoted(to + n, sizeof(source) * 2, source);
		to[n++] = ',';
		if (at->line > 0)
			n += (size_t)snprintf(
			    to + n, room - n, "\"line\":%llu,", (unsigned long long)at->line);
	}
	n += (size_t)snprintf(to + n, room - n, "\"message\":");
	n += put_quoted(to + n, room - n - 2, text);
	to[n++] = '}';
	return n;
}

static size_t
as_text(char *to, size_t room, const struct where *at, const char *text)
{
	int k;

	if (at == NULL || at->source == NULL)
		k = snprintf(to, room, "%s: %s", state.program, text);
	else if (at->line == 0)
		k = snprintf(to, room, "%s: %s: %s", state.program, at->source, text);
	else
		k = snprintf(to, room, "%s: %s:%llu: %s", state.program, at->source,
		    (unsigned long long)at->line, text);
	diag_mask(to, k > 0 && (size_t)k < room ? (size_t)k : room - 1);
	return k > 0 && (size_t)k < room ? (size_t)k : room - 1;
}

/* One line, one write. */
static void
emit(enum level level, const struct where *at, const char *text)
{
	char line[MESSAGE_MAX];
	size_t n = 0, room = sizeof(line) - 4;

	if (is_journal())
		n = (size_t)snprintf(line, room, "<%c>", levels[level].priority);
	n += wants_json() ? as_json(line + n, room - n, level, at, text)
			  : as_text(line + n, room - n, at, text);
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return; /* nobody is listening, and there is nowhere left to say so */
}

__attribute__((format(printf, 4, 0))) static void
say(enum level level, const struct where *at, uint64_t count, const char *fmt, va_list ap)
{
	char text[MESSAGE_MAX / 2];
	size_t room = sizeof(text) - 40, n;
	int k = vsnprintf(text, room, fmt, ap);

	n = k < 0 ? 0 : (size_t)k < room ? (size_t)k : room - 1;
	text[n] = '\0';
	diag_mask(text, n);
	if (count > SAID_IN_FULL)
		(void)snprintf(
		    text + n, sizeof(text) - n, " (%llu like this)", (unsigned long long)count);
	emit(level, at, text);
}

void
diag(const char *fmt, ...)
{
	uint64_t count = count_said(fmt);
	va_list ap;

	if (count == 0)
		return;
	va_start(ap, fmt);
	say(WARNING, NULL, count, fmt, ap);
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
	say(WARNING, at, count, fmt, ap);
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
	say(WARNING, at, count, fmt, ap);
	va_end(ap);
}

void
diag_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(INFO, NULL, 1, fmt, ap);
	va_end(ap);
}

void
die(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(ERROR, NULL, 1, fmt, ap);
	va_end(ap);
	diag_exit(status);
}

void
diag_exit(int status)
{
	exit(status);
}

static struct span
without(struct span s, const char *start)
{
	size_t n = strlen(start);

	return span_starts(s, start) ? (struct span){ s.p + n, s.n - n } : s;
}

struct span
diag_last_words(struct span said)
{
	const char *at;

	while (said.n > 0 && said.p[said.n - 1] == '\n')
		said.n--;
	if (said.n == 0)
		return SPAN("");
	at = memrchr(said.p, '\n', said.n);
	if (at != NULL)
		said = (struct span){ at + 1, said.n - (size_t)(at + 1 - said.p) };
	at = memmem(said.p, said.n, ": ", 2);
	if (span_starts(said, "nbms-") && at != NULL)
		said = (struct span){ at + 2, said.n - (size_t)(at + 2 - said.p) };
	said = without(said, "<stdin>:1: ");
	at = memmem(said.p, said.n, " (see nbms-", 11);
	if (at != NULL)
		said.n = (size_t)(at - said.p);
	return said;
}

void
diag_summary(void)
{
	size_t i;

	for (i = 0; i < state.kinds; i++)
		if (state.said[i].held > 0)
			diag_note("%llu more messages like \"%.120s\"",
			    (unsigned long long)state.said[i].held, state.said[i].fmt);
}

void
diag_bug(const char *file, int line, const char *what)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "bug: %s:%d: not so: %s", file, line, what);
	diag_mask(text, strlen(text));
	emit(CRITICAL, NULL, text);
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
