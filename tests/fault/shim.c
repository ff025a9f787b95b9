/*
 * Preloaded into a program: its system calls and allocations fail on purpose.
 *
 *   FAULT_CALL     read (pread too), write (pwrite), sync (fsync, fdatasync, syncfs), rename,
 *                  open, truncate, mkdir, unlink, malloc (calloc, realloc, C++'s new)
 *   FAULT_AT       the N-th such call, from 1
 *   FAULT_EVERY    set: every N-th
 *   FAULT_HOW      short (a read or write of one byte), or EIO ENOSPC EINTR EACCES EMFILE...
 *   FAULT_BYTES    instead of these: after so many bytes in all the disk is full for good
 *   FAULT_PROGRAM  only in a process of that name, and not in what it forks: the shells
 *                  between programs are left alone, and jq, which aborts for want of
 *                  memory, in its own process
 *   FAULT_OWN      set: only what the program itself allocates, not what libraries do for it
 *   FAULT_STRUCK   a file that is made when a call fails: known is when all had their turn
 *
 * Calls on descriptors 0 to 2 count like any other, but messages on stderr come through: what a
 * program says of its trouble is what is looked at.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* No headers' prototypes for what glibc keeps for itself or for checked builds. */
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
ssize_t __read_chk(int fd, void *to, size_t n, size_t room);
ssize_t __pread_chk(int fd, void *to, size_t n, off_t at, size_t room);
ssize_t __pread64_chk(int fd, void *to, size_t n, off64_t at, size_t room);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);

static struct {
	bool on, every, is_short;
	const char *call;
	long at, n;
	int error;
	long bytes; /* -1: no bound */
	const char *struck;
	pid_t pid;
	uintptr_t own_from, own_to; /* the program's code; 0: all of it counts */
} fault = { .bytes = -1 };

static int
error_of(const char *name)
{
	static const struct {
		const char *name;
		int error;
	} errors[] = { { "EIO", EIO }, { "ENOSPC", ENOSPC }, { "EINTR", EINTR },
		{ "EACCES", EACCES }, { "ENOMEM", ENOMEM }, { "EMFILE", EMFILE } };

	for (size_t i = 0; name != NULL && i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(name, errors[i].name) == 0)
			return errors[i].error;
	return EIO;
}

/* The first object is the program. */
static int
find_own(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    (info->dlpi_phdr[i].p_flags & PF_X) != 0) {
			fault.own_from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			fault.own_to = fault.own_from + info->dlpi_phdr[i].p_memsz;
		}
	return 1;
}

/* Once the program's own libraries are there, before its main. */
__attribute__((constructor)) static void
begin(void)
{
	const char *program = getenv("FAULT_PROGRAM"), *at = getenv("FAULT_AT"),
		   *bytes = getenv("FAULT_BYTES"), *how = getenv("FAULT_HOW");

	if (program != NULL && strcmp(program, program_invocation_short_name) != 0)
		return;
	fault.call = getenv("FAULT_CALL");
	fault.at = at != NULL ? atol(at) : 1;
	fault.every = getenv("FAULT_EVERY") != NULL;
	fault.is_short = how != NULL && strcmp(how, "short") == 0;
	fault.error = error_of(how);
	fault.struck = getenv("FAULT_STRUCK");
	if (bytes != NULL)
		fault.bytes = atol(bytes);
	if (getenv("FAULT_OWN") != NULL)
		(void)dl_iterate_phdr(find_own, NULL);
	fault.pid = getpid();
	fault.on = fault.call != NULL || fault.bytes >= 0;
}

static void
tell(void)
{
	int saved = errno;
	long fd;

	if (fault.struck == NULL)
		return;
	fd = syscall(SYS_openat, AT_FDCWD, fault.struck, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0)
		(void)syscall(SYS_close, fd);
	fault.struck = NULL;
	errno = saved;
}

/* Is it this call's turn? errno is set then. */
static bool
strikes(const char *call)
{
	if (!fault.on || fault.call == NULL || strcmp(call, fault.call) != 0)
		return false;
	if (getpid() != fault.pid)
		return false;
	fault.n++;
	if (fault.every ? fault.n % fault.at != 0 : fault.n != fault.at)
		return false;
	tell();
	errno = fault.error;
	return true;
}

/* How much of a write of n bytes goes through; 0: none, and errno is set. */
static size_t
let_through(int fd, size_t n)
{
	struct stat st;

	if (!fault.on || fd == STDERR_FILENO || getpid() != fault.pid)
		return n;
	if (fault.bytes >= 0) {
		if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
			return n;
		if ((size_t)fault.bytes >= n) {
			fault.bytes -= (long)n;
			return n;
		}
		n = (size_t)fault.bytes;
		fault.bytes = 0;
		tell();
		errno = ENOSPC;
		return n;
	}
	if (!strikes("write"))
		return n;
	return fault.is_short ? 1 : 0;
}

static size_t
let_in(size_t n)
{
	if (n == 0 || !strikes("read"))
		return n;
	return fault.is_short ? 1 : 0;
}

#define REAL(type, name, ...)             \
	static type (*real)(__VA_ARGS__); \
	if (real == NULL)                 \
	real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

ssize_t
read(int fd, void *to, size_t n)
{
	REAL(ssize_t, "read", int, void *, size_t);
	size_t k = let_in(n);

	return k == 0 && n > 0 ? -1 : real(fd, to, k);
}

ssize_t
__read_chk(int fd, void *to, size_t n, size_t room)
{
	(void)room;
	return read(fd, to, n);
}

ssize_t
pread(int fd, void *to, size_t n, off_t at)
{
	REAL(ssize_t, "pread", int, void *, size_t, off_t);
	size_t k = let_in(n);

	return k == 0 && n > 0 ? -1 : real(fd, to, k, at);
}

ssize_t
pread64(int fd, void *to, size_t n, off64_t at)
{
	return pread(fd, to, n, at);
}

ssize_t
__pread_chk(int fd, void *to, size_t n, off_t at, size_t room)
{
	(void)room;
	return pread(fd, to, n, at);
}

ssize_t
__pread64_chk(int fd, void *to, size_t n, off64_t at, size_t room)
{
	(void)room;
	return pread(fd, to, n, at);
}

ssize_t
write(int fd, const void *from, size_t n)
{
	REAL(ssize_t, "write", int, const void *, size_t);
	size_t k = let_through(fd, n);

	return k == 0 && n > 0 ? -1 : real(fd, from, k);
}

ssize_t
pwrite(int fd, const void *from, size_t n, off_t at)
{
	REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
	size_t k = let_through(fd, n);

	return k == 0 && n > 0 ? -1 : real(fd, from, k, at);
}

ssize_t
pwrite64(int fd, const void *from, size_t n, off64_t at)
{
	return pwrite(fd, from, n, at);
}

int
fsync(int fd)
{
	REAL(int, "fsync", int);
	return strikes("sync") ? -1 : real(fd);
}

int
fdatasync(int fd)
{
	REAL(int, "fdatasync", int);
	return strikes("sync") ? -1 : real(fd);
}

int
syncfs(int fd)
{
	REAL(int, "syncfs", int);
	return strikes("sync") ? -1 : real(fd);
}

int
rename(const char *from, const char *to)
{
	REAL(int, "rename", const char *, const char *);
	return strikes("rename") ? -1 : real(from, to);
}

int
ftruncate(int fd, off_t n)
{
	REAL(int, "ftruncate", int, off_t);
	return strikes("truncate") ? -1 : real(fd, n);
}

int
ftruncate64(int fd, off64_t n)
{
	return ftruncate(fd, n);
}

int
mkdir(const char *path, mode_t mode)
{
	REAL(int, "mkdir", const char *, mode_t);
	return strikes("mkdir") ? -1 : real(path, mode);
}

int
unlink(const char *path)
{
	REAL(int, "unlink", const char *);
	return strikes("unlink") ? -1 : real(path);
}

static int
open_at(int dir, const char *path, int flags, mode_t mode)
{
	REAL(int, "openat", int, const char *, int, ...);
	return strikes("open") ? -1 : real(dir, path, flags, mode);
}

static mode_t
mode_of(int flags, va_list ap)
{
	return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(ap, mode_t) : 0;
}

#define OPEN(name)                                           \
	int name(const char *path, int flags, ...)           \
	{                                                    \
		va_list ap;                                  \
		mode_t mode;                                 \
                                                             \
		va_start(ap, flags);                         \
		mode = mode_of(flags, ap);                   \
		va_end(ap);                                  \
		return open_at(AT_FDCWD, path, flags, mode); \
	}
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                        \
	int name(int dir, const char *path, int flags, ...) \
	{                                                   \
		va_list ap;                                 \
		mode_t mode;                                \
                                                            \
		va_start(ap, flags);                        \
		mode = mode_of(flags, ap);                  \
		va_end(ap);                                 \
		return open_at(dir, path, flags, mode);     \
	}
OPENAT(openat)
OPENAT(openat64)

int
__open_2(const char *path, int flags)
{
	return open_at(AT_FDCWD, path, flags, 0);
}

int
__open64_2(const char *path, int flags)
{
	return open_at(AT_FDCWD, path, flags, 0);
}

int
__openat_2(int dir, const char *path, int flags)
{
	return open_at(dir, path, flags, 0);
}

/* Of an allocation, by where it returns to. */
static bool
refuses(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

	if (fault.own_to != 0 && (at < fault.own_from || at >= fault.own_to))
		return false;
	if (!strikes("malloc"))
		return false;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t n)
{
	return refuses(__builtin_return_address(0)) ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return refuses(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return refuses(__builtin_return_address(0)) ? NULL : __libc_realloc(p, n);
}
