#include "base/out.h"
#include "base/diag.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HELD ((size_t)64 << 10)

static struct {
	char p[HELD];
	size_t n;
	bool closed;
} held;

bool
out_write_all(int fd, struct span s)
{
	while (s.n > 0) {
		ssize_t k = write(fd, s.p, s.n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0 && errno == EAGAIN) {
			struct pollfd ready = { .fd = fd, .events = POLLOUT };

			(void)poll(&ready, 1, -1);
			continue;
		}
		if (k < 0)
			return false;
		s.p += k;
		s.n -= (size_t)k;
	}
	return true;
}

void
out_failed(void)
{
	held.n = 0;
	held.closed = true;
	if (errno == EPIPE)
		diag_exit(EX_IOERR);
	die(EX_IOERR, "stdout: %s", strerror(errno));
}

static void
send(struct span s)
{
	if (held.closed)
		return;
	if (!out_write_all(STDOUT_FILENO, s))
		out_failed();
}

void
out_flush(void)
{
	size_t n = held.n;

	held.n = 0;
	send((struct span){ held.p, n });
}

void
out_need_reader(void)
{
	struct pollfd p = { .fd = STDOUT_FILENO };

	if (held.closed || poll(&p, 1, 0) != 1 || (p.revents & POLLERR) == 0)
		return;
	errno = EPIPE;
	out_failed();
}

void
out_put(struct span s)
{
	if (s.n > HELD - held.n)
		out_flush();
	if (s.n > HELD) {
		send(s);
		return;
	}
	if (s.n == 0)
		return;
	memcpy(held.p + held.n, s.p, s.n);
	held.n += s.n;
}

void
out_puts(const char *text)
{
	out_put(span_of(text));
}

void
out_line(struct span s)
{
	out_put(s);
	out_put(SPAN("\n"));
}

void
out_printf(const char *fmt, ...)
{
	char small[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	must(n >= 0);
	if ((size_t)n < sizeof(small)) {
		out_put((struct span){ small, (size_t)n });
		return;
	}
	char *all = xmalloc((size_t)n + 1);
	va_start(ap, fmt);
	(void)vsnprintf(all, (size_t)n + 1, fmt, ap);
	va_end(ap);
	out_put((struct span){ all, (size_t)n });
	free(all);
}

void
out_close(void)
{
	if (held.closed)
		return;
	out_flush();
	held.closed = true;
	if (close(STDOUT_FILENO) != 0 && errno != EBADF)
		die(EX_IOERR, "stdout: %s", strerror(errno));
}

bool
out_is_terminal(void)
{
	return isatty(STDOUT_FILENO) == 1;
}
