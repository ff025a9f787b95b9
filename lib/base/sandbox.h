/*
 * sandbox: what a program gives up before it listens to the outside, so that whoever gets hold
 * of it through a parser or a library has little in hand.
 *
 * Two walls, each as far as the kernel has it. Landlock (kernel 5.13): files are made and
 * changed only where sandbox_enter is told, and in /tmp and /var/tmp, where SQLite sorts;
 * nothing is executed. seccomp: no program is started, nothing is traced, mounted or loaded, no
 * identity changed, and what the profile says of sockets. A forbidden call fails with EPERM or
 * EACCES; the program is not killed. In any case the process gains no rights through execve,
 * leaves no core file, and cannot be looked into by others of its user.
 *
 * What is missing is said in one line, and the program goes on. In builds with the address
 * sanitizer nothing is given up: its checks at the end need to look into the process.
 */
#ifndef NBMS_BASE_SANDBOX_H
#define NBMS_BASE_SANDBOX_H

enum sandbox_profile {
	SANDBOX_ALONE,  /* no sockets, no programs, no files: the process that runs jq rules */
	SANDBOX_CLIENT, /* makes connections, takes none; starts nothing */
	SANDBOX_SESSION /* the same, but starts programs, which stand within the same walls */
};

/*
 * After set-up, before the first byte from outside, and before any thread is started. places,
 * NULL-ended: directories in which, and files beside which, is written from now on; what is not
 * there cannot be. The file of --metrics needs not be named. Cannot be undone.
 */
void sandbox_enter(enum sandbox_profile profile, const char *const places[]);

/* No core file, and no other process looks into this one: for who reads a private key. (Its own
 * /proc/self/fd is shut then too, where it does not run as root.) sandbox_enter does it. */
void sandbox_keep_secrets(void);

#endif
