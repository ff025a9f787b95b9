#include "io/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define GZ_BUFFER (128U << 10)

struct source {
	int fd;
	gzFile gz; /* NULL: not compressed */
	uint64_t size;
	struct lines *lines;
};

/* zlib's own troubles (damaged data, a file that ends too soon) are said as an I/O error. */
static ssize_t
inflate_some(void *ctx, char *to, size_t n)
{
	const struct source *s = ctx;
	int k, fault = Z_OK;

	k = gzread(s->gz, to, (unsigned)(n < GZ_BUFFER ? n : GZ_BUFFER));
	if (k == 0)
		(void)gzerror(s->gz, &fault);
	if (k > 0 || (k == 0 && fault == Z_OK))
		return k;
	if (errno == 0 || fault == Z_BUF_ERROR)
		errno = EIO;
	return -1;
}

static bool
ends_with(const char *name, const char *tail)
{
	size_t n = strlen(name), t = strlen(tail);

	return n > t && strcmp(name + n - t, tail) == 0;
}

struct source *
source_open(const char *name, size_t max)
{
	bool in = strcmp(name, "-") == 0;
	struct source *s = xcalloc(1, sizeof(*s));
	struct stat st;

	s->fd = in ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0 || fstat(s->fd, &st) != 0 || S_ISDIR(st.st_mode)) {
		diag("%s: cannot open: %s", name, strerror(s->fd < 0 ? errno : EISDIR));
		source_close(s);
		return NULL;
	}
	s->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	if (!in && ends_with(name, ".gz")) {
		if ((s->gz = gzdopen(s->fd, "rb")) == NULL)
			die(EX_OSERR, "out of memory");
		(void)gzbuffer(s->gz, GZ_BUFFER);
		s->lines = lines_open_fn(inflate_some, s, name, max);
	} else {
		s->lines = lines_open(s->fd, in ? "<stdin>" : name, max);
	}
	return s;
}

void
source_close(struct source *s)
{
	if (s == NULL)
		return;
	lines_free(s->lines);
	if (s->gz != NULL)
		(void)gzclose(s->gz);
	else if (s->fd > STDIN_FILENO)
		(void)close(s->fd);
	free(s);
}

struct lines *
source_lines(struct source *s)
{
	return s->lines;
}

uint64_t
source_size(const struct source *s)
{
	return s->size;
}

uint64_t
source_position(const struct source *s)
{
	return s->gz != NULL ? (uint64_t)gzoffset(s->gz) : lines_offset(s->lines);
}
