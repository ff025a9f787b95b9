#include "base/proc.h"
#include "base/diag.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

void
proc_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void
proc_enlarge(int fd)
{
	(void)fcntl(fd, F_SETPIPE_SZ, PROC_PIPE);
}

/* The signals that proc_poll lets in, and their state outside it. */
static void
watched_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGUSR1);
}

static void
on_child(int sig)
{
	(void)sig;
}

/*
 * From now on the signals wait until proc_poll lets them in. True: they did already. SIGCHLD
 * needs a handler: an ignored signal ends no poll, and children of a process that ignores it
 * leave no status.
 */
static bool
hold_signals(void)
{
	static bool held;
	struct sigaction sa = { .sa_handler = on_child };
	sigset_t watched;

	if (held)
		return true;
	sigemptyset(&sa.sa_mask);
	watched_signals(&watched);
	must(sigaction(SIGCHLD, &sa, NULL) == 0 && sigprocmask(SIG_BLOCK, &watched, NULL) == 0);
	held = true;
	return false;
}

/* Delivers what waits; false: nothing did. */
static bool
let_in(void)
{
	sigset_t watched, waiting;
	bool any = false;

	watched_signals(&watched);
	must(sigpending(&waiting) == 0);
	for (int sig = 1; sig < NSIG; sig++)
		any =
		    any || (sigismember(&watched, sig) == 1 && sigismember(&waiting, sig) == 1);
	if (any)
		must(sigprocmask(SIG_UNBLOCK, &watched, NULL) == 0 &&
		     sigprocmask(SIG_BLOCK, &watched, NULL) == 0);
	return any;
}

/* A copy of the environment with more at its end; free the array, not the texts. */
static char **
with_environment(char *const more[])
{
	size_t n = 0, m = 0;
	char **all;

	while (environ != NULL && environ[n] != NULL)
		n++;
	while (more != NULL && more[m] != NULL)
		m++;
	all = xcalloc(n + m + 1, sizeof(*all));
	/* the first of a name counts for getenv(3) and for shells the last: ours alone may stay
	 */
	if (m > 0)
		memcpy(all, more, m * sizeof(*all));
	for (size_t i = 0, at = m; i < n; i++) {
		size_t k;

		for (k = 0; k < m; k++)
			if (strncmp(environ[i], more[k], strcspn(more[k], "=") + 1) == 0)
				break;
		if (k == m)
			all[at++] = environ[i];
	}
	return all;
}

/* These have only memory to ask for. */
static void
need(int error)
{
	if (error != 0)
		die(EX_OSERR, "cannot start a command: %s", strerror(error));
}

/* 0 or an error number. */
static int
spawn(struct proc *p, const char *command, char *const env[], int in, int out)
{
	char *argv[] = { (char[]){ "bash" }, (char[]){ "-o" }, (char[]){ "pipefail" },
		(char[]){ "-c" }, xstrdup(command), NULL };
	char **all = with_environment(env);
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t defaults, none;
	int e;

	watched_signals(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigemptyset(&none);
	need(posix_spawn_file_actions_init(&files));
	need(posix_spawnattr_init(&attr));
	need(posix_spawnattr_setsigdefault(&attr, &defaults));
	need(posix_spawnattr_setsigmask(&attr, &none));
	need(posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK));
	need(posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO));
	need(posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO));
	e = posix_spawnp(&p->pid, argv[0], &files, &attr, argv, all);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	free(all);
	free(argv[4]);
	return e;
}

bool
proc_start(struct proc *p, const char *command, char *const env[])
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };
	int e = 0;

	(void)hold_signals();
	*p = (struct proc){ .in = -1, .out = -1 };
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		e = errno;
	if (e == 0)
		e = spawn(p, command, env, in[0], out[1]);
	proc_close(&in[0]);
	proc_close(&out[1]);
	if (e != 0) {
		diag("cannot start %s: %s", command, strerror(e));
		proc_close(&in[1]);
		proc_close(&out[0]);
		p->pid = 0;
		return false;
	}
	proc_enlarge(in[1]);
	(void)fcntl(in[1], F_SETFL, O_NONBLOCK);
	p->in = in[1];
	p->out = out[0];
	return true;
}

static bool
reap(struct proc *p, int flags)
{
	pid_t got;

	if (p->pid == 0)
		return true;
	do
		got = waitpid(p->pid, &p->status, flags);
	while (got < 0 && errno == EINTR);
	must(got >= 0); /* nobody else reaps our children */
	if (got == 0)
		return false;
	p->pid = 0;
	return true;
}

bool
proc_ended(struct proc *p)
{
	return reap(p, WNOHANG);
}

void
proc_wait(struct proc *p)
{
	(void)reap(p, 0);
}

bool
proc_run(char *const argv[])
{
	struct proc p = { .in = -1, .out = -1 };
	char text[PROC_TEXT];
	posix_spawnattr_t attr;
	sigset_t defaults;
	int e;

	watched_signals(&defaults);
	sigaddset(&defaults, SIGPIPE);
	must(posix_spawnattr_init(&attr) == 0 &&
	     posix_spawnattr_setsigdefault(&attr, &defaults) == 0 &&
	     posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF) == 0);
	e = posix_spawnp(&p.pid, argv[0], NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	if (e != 0) {
		diag("cannot start %s: %s", argv[0], strerror(e));
		return false;
	}
	proc_wait(&p);
	if (p.status != 0)
		diag("%s: ended with %s", argv[0], proc_describe(p.status, text));
	return p.status == 0;
}

char *
proc_describe(int status, char to[PROC_TEXT])
{
	if (WIFSIGNALED(status))
		(void)snprintf(to, PROC_TEXT, "signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else
		(void)snprintf(to, PROC_TEXT, "exit status %d", WEXITSTATUS(status));
	return to;
}

/* The 22nd field of proc(5)'s stat; the second is in brackets and may hold anything. */
int64_t
proc_started(pid_t pid)
{
	char path[64], text[1024], *at;
	long long ticks = -1;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return -1;
	at = fgets(text, sizeof(text), f) != NULL ? strrchr(text, ')') : NULL;
	(void)fclose(f);
	/* one that has ended and waits to be reaped is no more */
	if (at == NULL || at[1] == '\0' || at[2] == 'Z' || at[2] == 'X')
		return -1;
	for (int field = 2; field < 22 && at != NULL; field++)
		at = strchr(at + 1, ' ');
	if (at != NULL)
		ticks = strtoll(at, NULL, 10);
	return ticks;
}

const char *
proc_boot_id(char to[PROC_BOOT_TEXT])
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	char boot[37] = "", space[32];
	ssize_t n = readlink("/proc/self/ns/pid", space, sizeof(space) - 1);

	if (f != NULL) {
		if (fgets(boot, sizeof(boot), f) == NULL)
			boot[0] = '\0';
		(void)fclose(f);
	}
	space[n > 0 ? n : 0] = '\0'; /* pid:[4026531836] */
	to[0] = '\0';
	if (boot[0] != '\0' && n > 0)
		(void)snprintf(to, PROC_BOOT_TEXT, "%s %s", boot, space);
	return to;
}

int
proc_poll(struct pollfd *fds, size_t n, int timeout_ms)
{
	struct timespec limit = { .tv_sec = timeout_ms / 1000,
		.tv_nsec = timeout_ms % 1000 * 1000000L };
	sigset_t watched, open;
	int k;

	/* ppoll itself delivers nothing while a descriptor is ready; and what came before has
	 * to be looked at by the caller, as it will not end the poll any more */
	if (!hold_signals() || let_in())
		return 0;
	watched_signals(&watched);
	must(sigprocmask(SIG_BLOCK, NULL, &open) == 0);
	for (int sig = 1; sig < NSIG; sig++)
		if (sigismember(&watched, sig) == 1)
			sigdelset(&open, sig);
	k = ppoll(fds, n, timeout_ms < 0 ? NULL : &limit, &open);
	if (k < 0 && errno != EINTR)
		die(EX_OSERR, "poll: %s", strerror(errno));
	return k < 0 ? 0 : k;
}
