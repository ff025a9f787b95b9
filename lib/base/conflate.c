#include "base/conflate.h"
#include "base/diag.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define uthash_fatal(msg) die(EX_OSERR, "out of memory")
#include <uthash.h>

struct item {
	struct item *next;
	char *key; /* NULL: none */
	size_t key_n;
	char *line; /* with its LF */
	size_t n;
	UT_hash_handle hh;
};

struct conflate {
	struct item *first, **last; /* in the order they are written */
	struct item *by_key;
	size_t done; /* bytes of the first that have been written */
	size_t bytes, max;
	uint64_t replaced;
};

struct conflate *
conflate_new(size_t max_bytes)
{
	struct conflate *c = xcalloc(1, sizeof(*c));

	c->last = &c->first;
	c->max = max_bytes;
	return c;
}

static void
drop_first(struct conflate *c)
{
	struct item *i = c->first;

	c->first = i->next;
	if (c->first == NULL)
		c->last = &c->first;
	if (i->key != NULL)
		/* one with a key is in there: NOLINTNEXTLINE(clang-analyzer-*) */
		HASH_DEL(c->by_key, i);
	c->bytes -= i->n;
	free(i->key);
	free(i->line);
	free(i);
}

void
conflate_free(struct conflate *c)
{
	if (c == NULL)
		return;
	while (c->first != NULL)
		drop_first(c);
	free(c);
}

static void
set_line(struct conflate *c, struct item *i, struct span line)
{
	c->bytes -= i->n;
	i->line = xrealloc(i->line, line.n + 1);
	memcpy(i->line, line.p, line.n);
	i->line[line.n] = '\n';
	i->n = line.n + 1;
	c->bytes += i->n;
}

/* One whose beginning is out already has to be finished as it is. */
static bool
can_change(const struct conflate *c, const struct item *i)
{
	return i != c->first || c->done == 0;
}

bool
conflate_put(struct conflate *c, struct span key, struct span line)
{
	struct item *i = NULL;

	if (key.p != NULL)
		HASH_FIND(hh, c->by_key, key.p, key.n, i);
	if (i != NULL && can_change(c, i)) {
		set_line(c, i, line);
		c->replaced++;
		return true;
	}
	if (key.p == NULL && c->bytes + line.n + 1 > c->max)
		return false;
	if (i != NULL) {
		HASH_DEL(c->by_key, i);
		free(i->key);
		i->key = NULL;
	}
	i = xcalloc(1, sizeof(*i));
	set_line(c, i, line);
	*c->last = i;
	c->last = &i->next;
	if (key.p != NULL) {
		i->key = xmalloc(key.n + 1);
		memcpy(i->key, key.p, key.n);
		i->key_n = key.n;
		HASH_ADD_KEYPTR(hh, c->by_key, i->key, i->key_n, i);
	}
	return true;
}

bool
conflate_waits(const struct conflate *c)
{
	return c->first != NULL;
}

size_t
conflate_bytes(const struct conflate *c)
{
	return c->bytes - c->done;
}

uint64_t
conflate_replaced(const struct conflate *c)
{
	return c->replaced;
}

/* Whole small lines are gathered to one write. */
static size_t
gather(const struct conflate *c, char to[PIPE_BUF])
{
	size_t n = 0, from = c->done;

	for (const struct item *i = c->first; i != NULL && n < PIPE_BUF; i = i->next) {
		size_t k = i->n - from < PIPE_BUF - n ? i->n - from : PIPE_BUF - n;

		memcpy(to + n, i->line + from, k);
		n += k;
		from = 0;
	}
	return n;
}

static void
wrote(struct conflate *c, size_t k)
{
	c->done += k;
	while (c->first != NULL && c->done >= c->first->n) {
		c->done -= c->first->n;
		drop_first(c);
	}
}

int64_t
conflate_write(struct conflate *c, int fd)
{
	char piece[PIPE_BUF];
	int64_t total = 0;

	while (c->first != NULL) {
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		ssize_t k;

		if (poll(&p, 1, 0) <= 0 || (p.revents & (POLLOUT | POLLERR | POLLHUP)) == 0)
			break;
		k = write(fd, piece, gather(c, piece));
		if (k < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (k < 0)
			return -1;
		wrote(c, (size_t)k);
		total += k;
	}
	return total;
}
