/*
 * Preloaded into a program: the power fails at its $POWER_CUT-th fdatasync. What that call
 * would have made durable is taken away from the file, as a disk may that was never told to
 * keep it, and the process is gone. An fsync before tells what of the file was durable already.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static off_t kept;
static ino_t file;

static void
remember(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return;
	kept = st->st_size;
	file = st->st_ino;
}

int
fsync(int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
	struct stat st;

	if (fstat(fd, &st) == 0)
		remember(&st);
	return real(fd);
}

int
fdatasync(int fd)
{
	static int calls;
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
	const char *cut = getenv("POWER_CUT");
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -1;
	if (cut != NULL && ++calls == atoi(cut)) {
		if (ftruncate(fd, st.st_ino == file ? kept : 0) != 0)
			abort();
		(void)kill(getpid(), SIGKILL);
	}
	remember(&st);
	return real(fd);
}
