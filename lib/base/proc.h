/*
 * proc: child processes: shell commands fed through one pipe and read through another.
 *
 * A command is run by bash with pipefail, so that a command that fails anywhere in `a | b`
 * makes the whole fail; with the signals of base/prog.h as they are by default, and with no
 * other descriptor of ours. The children stay in our process group: a terminal's Ctrl-C reaches
 * all of a pipeline at once.
 */
#ifndef NBMS_BASE_PROC_H
#define NBMS_BASE_PROC_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROC_PIPE                                                                             \
	(1 << 20) /* bytes asked for as a pipe's size; it stays smaller where the system says \
		     so */

struct proc {
	pid_t pid;  /* 0: none, or reaped */
	int in;     /* to its stdin, not blocking; -1 once closed */
	int out;    /* from its stdout; -1 once closed */
	int status; /* of waitpid(2), once reaped */
};

/*
 * Starts a command. env is a NULL-ended list of NAME=VALUE added to the environment, or NULL.
 * Both descriptors are the caller's from then on. False: reported.
 */
bool proc_start(struct proc *p, const char *command, char *const env[]);

/* Has it ended? Never waits; true again at every later call. */
bool proc_ended(struct proc *p);

/* Waits until it has. */
void proc_wait(struct proc *p);

/*
 * Runs a program, argv[0] by its name, with our own descriptors and waits for its end. True: it
 * ended with 0; otherwise it has been said.
 */
bool proc_run(char *const argv[]);

/* Closes a descriptor and makes it -1. */
void proc_close(int *fd);

#define PROC_TEXT 64

/* "exit status 74", "signal 9 (Killed)". Returns `to`. */
char *proc_describe(int status, char to[PROC_TEXT]);

/*
 * Who a process is, told apart from another that gets its number later: its start in ticks
 * since the boot (-1: there is none), and where its number counts: which boot of which machine,
 * and which of its containers (PID namespaces).
 */
#define PROC_BOOT_TEXT 80
int64_t proc_started(pid_t pid);
const char *proc_boot_id(char to[PROC_BOOT_TEXT]); /* empty where the system does not tell */

/*
 * poll(2) without its race: a signal of base/prog.h or the end of a child cuts it short, also
 * when it came since the last call. These signals wait in between, from the first proc_start or
 * proc_poll on. The result is poll's; 0 after a signal, with revents as they were.
 */
int proc_poll(struct pollfd *fds, size_t n, int timeout_ms);

/* Makes a pipe as large as PROC_PIPE if it is one and the system lets us. */
void proc_enlarge(int fd);

#endif
