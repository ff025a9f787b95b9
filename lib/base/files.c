#include "base/files.h"
#include "base/diag.h"
#include "base/out.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_CHUNK 65536
#define TREE_FDS 16

static bool
refused(const char *path, const char *doing)
{
	int why = errno;

	diag("%s: cannot %s: %s", path, doing, strerror(why));
	errno = why;
	return false;
}

bool
file_read(const char *path, struct buf *to)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char chunk[READ_CHUNK];
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? false : refused(path, "open");
	while ((n = read(fd, chunk, sizeof(chunk))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			buf_put(to, (struct span){ chunk, (size_t)n });
	if (n == 0 && to->full)
		n = -1, errno = EFBIG;
	if (n < 0)
		(void)refused(path, "read");
	explicit_bzero(chunk, sizeof(chunk)); /* it may have been a key */
	(void)close(fd);
	return n == 0;
}

static bool
write_new(const char *path, mode_t mode, struct span content, bool sync)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	bool fine;

	if (fd < 0)
		return refused(path, "make");
	fine = out_write_all(fd, content) && (!sync || fsync(fd) == 0);
	if (!fine)
		(void)refused(path, "write");
	if (close(fd) != 0 && fine)
		fine = refused(path, "write");
	if (!fine)
		(void)unlink(path);
	return fine;
}

bool
file_new(const char *path, mode_t mode, struct span content)
{
	return write_new(path, mode, content, false);
}

static bool
copy_bytes(int in, int out)
{
	char chunk[READ_CHUNK];
	ssize_t n;

	while ((n = read(in, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || !out_write_all(out, (struct span){ chunk, (size_t)n }))
			return false;
	}
	return true;
}

bool
file_copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
	struct stat st;
	bool fine = in >= 0 && fstat(in, &st) == 0;

	if (!fine)
		(void)refused(from, "read");
	if (fine)
		out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    st.st_mode & 0777);
	if (fine && out < 0)
		fine = refused(to, "make");
	else if (fine && !copy_bytes(in, out))
		fine = refused(to, "write");
	if (out >= 0 && close(out) != 0 && fine)
		fine = refused(to, "write");
	if (in >= 0)
		(void)close(in);
	return fine;
}

static bool
sync_directory_of(const char *path)
{
	char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool fine = fd >= 0 && fsync(fd) == 0;

	if (!fine)
		(void)refused(copy, "sync");
	if (fd >= 0)
		(void)close(fd);
	free(copy);
	return fine;
}

bool
file_replace(const char *path, mode_t mode, struct span content)
{
	char *tmp = xasprintf("%s.%ld.tmp", path, (long)getpid());
	bool fine;

	(void)unlink(tmp); /* of an earlier process of this number */
	fine = write_new(tmp, mode, content, true);
	if (fine && rename(tmp, path) != 0) {
		fine = refused(path, "replace");
		(void)unlink(tmp);
	}
	free(tmp);
	return fine && sync_directory_of(path);
}

bool
dir_make(const char *path, mode_t mode)
{
	char *copy, *slash;
	bool fine = true;

	if (mkdir(path, mode) == 0 || errno == EEXIST)
		return true;
	copy = xstrdup(path);
	for (slash = strchr(copy + 1, '/'); fine && slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, mode) != 0 && errno != EEXIST)
			fine = refused(copy, "make the directory");
		*slash = '/';
	}
	free(copy);
	if (fine && mkdir(path, mode) != 0 && errno != EEXIST)
		fine = refused(path, "make the directory");
	return fine;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	if (remove(path) == 0 || errno == ENOENT)
		return 0;
	(void)refused(path, "remove");
	return -1;
}

bool
dirs_mirror(const char *from, const char *to, const char *path)
{
	const char *slash;
	bool fine = true;

	for (slash = strchr(path, '/'); fine && slash != NULL; slash = strchr(slash + 1, '/')) {
		char *ours = xasprintf("%s/%.*s", from, (int)(slash - path), path);
		char *theirs = xasprintf("%s/%.*s", to, (int)(slash - path), path);
		struct stat st = { .st_mode = 0700 };

		(void)stat(ours, &st);
		if (mkdir(theirs, st.st_mode & 0777) != 0 && errno != EEXIST)
			fine = refused(theirs, "make the directory");
		free(ours);
		free(theirs);
	}
	return fine;
}

bool
dir_remove(const char *path)
{
	if (nftw(path, remove_one, TREE_FDS, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT)
		return true;
	return refused(path, "remove");
}

bool
file_sync_all(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool fine = fd >= 0 && syncfs(fd) == 0;

	if (!fine)
		(void)refused(path, "sync");
	if (fd >= 0)
		(void)close(fd);
	return fine;
}
