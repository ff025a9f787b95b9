#include "base/sandbox.h"
#include "base/diag.h"
#include "base/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__has_feature)
#define HAS_ASAN __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#else
#define HAS_ASAN 0
#endif

/* Of kernel 6.2, and so not in Debian 12's headers. */
#define ACCESS_TRUNCATE (UINT64_C(1) << 14)

#define WRITES                                                              \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |    \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |     \
	    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |   \
	    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

/* The bits of a file that is no directory. */
#define FILE_WRITES (LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE)

void
sandbox_keep_secrets(void)
{
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
#if !HAS_ASAN
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* --- files --- */

/* What this kernel's Landlock can forbid of what we want forbidden; 0: it has none. */
static uint64_t
handled(enum sandbox_profile profile)
{
	long abi =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	uint64_t all = WRITES;

	if (abi < 1)
		return 0;
	if (abi >= 2)
		all |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		all |= ACCESS_TRUNCATE;
	if (profile != SANDBOX_SESSION)
		all |= LANDLOCK_ACCESS_FS_EXECUTE;
	return all;
}

/* Writing below a directory; of a file, below the one it stands in. A device or a pipe is open
 * already, and where it cannot be named, nothing is lost. */
static bool
allow(int ruleset, const char *place, uint64_t all)
{
	struct landlock_path_beneath_attr rule = { .allowed_access =
						       all & ~LANDLOCK_ACCESS_FS_EXECUTE };
	const char *slash = strrchr(place, '/');
	struct stat st = { 0 };
	bool there = stat(place, &st) == 0, fine;
	bool special = there && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
	char *path;

	if (special)
		rule.allowed_access &= FILE_WRITES;
	if (there && !S_ISREG(st.st_mode))
		path = xstrdup(place);
	else if (slash == NULL)
		path = xstrdup(".");
	else
		path = xstrndup(place, slash > place ? (size_t)(slash - place) : 1);
	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	fine = rule.parent_fd >= 0 && syscall(SYS_landlock_add_rule, ruleset,
					  LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	/* what is not there is not written either */
	fine = fine || special || (rule.parent_fd < 0 && errno == ENOENT);
	if (!fine)
		diag("%s: cannot be left writable: %s", path, strerror(errno));
	if (rule.parent_fd >= 0)
		(void)close(rule.parent_fd);
	free(path);
	return fine;
}

static bool
wall_files(enum sandbox_profile profile, const char *const places[])
{
	static const char *const always[] = { "/tmp", "/var/tmp", "/dev/null", NULL };
	const struct landlock_ruleset_attr attr = { .handled_access_fs = handled(profile) };
	int ruleset;
	bool fine = true;

	if (attr.handled_access_fs == 0)
		return false;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		return false;
	if (profile != SANDBOX_ALONE) {
		for (size_t i = 0; always[i] != NULL; i++)
			if (access(always[i], F_OK) == 0)
				fine =
				    allow(ruleset, always[i], attr.handled_access_fs) && fine;
		for (size_t i = 0; places != NULL && places[i] != NULL; i++)
			fine = allow(ruleset, places[i], attr.handled_access_fs) && fine;
		if (metrics_path() != NULL)
			fine = allow(ruleset, metrics_path(), attr.handled_access_fs) && fine;
	}
	fine = fine && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	(void)close(ruleset);
	return fine;
}

/* --- system calls --- */

/* What no program of ours has a use for, and who breaks in would. */
static const int never[] = { SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev), SCMP_SYS(pidfd_getfd), SCMP_SYS(kcmp), SCMP_SYS(mount),
	SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(move_mount),
	SCMP_SYS(open_tree), SCMP_SYS(fsopen), SCMP_SYS(unshare), SCMP_SYS(setns),
	SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd),
	SCMP_SYS(io_uring_setup), SCMP_SYS(init_module), SCMP_SYS(finit_module),
	SCMP_SYS(delete_module), SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load),
	SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(setuid),
	SCMP_SYS(setgid), SCMP_SYS(setreuid), SCMP_SYS(setregid), SCMP_SYS(setresuid),
	SCMP_SYS(setresgid), SCMP_SYS(setgroups), SCMP_SYS(capset), SCMP_SYS(personality),
	SCMP_SYS(reboot), SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(sethostname),
	SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(clock_adjtime),
	SCMP_SYS(adjtimex), SCMP_SYS(mknod), SCMP_SYS(mknodat), SCMP_SYS(acct),
	SCMP_SYS(quotactl), SCMP_SYS(syslog), SCMP_SYS(open_by_handle_at) };

static const int no_programs[] = { SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork),
	SCMP_SYS(vfork) };

static const int no_servers[] = { SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(accept),
	SCMP_SYS(accept4) };

/* A process that never connects: what it has open already is all. */
static const int no_peers[] = { SCMP_SYS(socket), SCMP_SYS(connect), SCMP_SYS(bind),
	SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4) };

static bool
forbid(scmp_filter_ctx filter, const int calls[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 0) != 0)
			return false;
	return true;
}

#define FORBID(filter, calls) forbid(filter, calls, sizeof(calls) / sizeof((calls)[0]))

/* A thread may be made, another process may not. clone3 keeps its flags where a filter cannot
 * look: told that there is no such call, the C library makes threads with clone. */
static bool
forbid_processes(scmp_filter_ctx filter)
{
	return FORBID(filter, no_programs) &&
	       seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0 &&
	       seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
		   SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0)) == 0;
}

/* But the network, this machine's own sockets, and netlink, by which addresses are looked up.
 */
static bool
forbid_other_sockets(scmp_filter_ctx filter)
{
	bool fine = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
			SCMP_A0(SCMP_CMP_GT, AF_NETLINK, 0)) == 0 &&
		    seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 2,
			SCMP_A0(SCMP_CMP_NE, AF_NETLINK, 0),
			SCMP_A1(SCMP_CMP_MASKED_EQ, 0xF, SOCK_RAW)) == 0;

	for (unsigned family = 0; fine && family < AF_NETLINK; family++)
		if (family != AF_UNIX && family != AF_INET && family != AF_INET6)
			fine = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket),
				   1, SCMP_A0(SCMP_CMP_EQ, family, 0)) == 0;
	return fine;
}

static bool
wall_calls(enum sandbox_profile profile)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	bool fine = filter != NULL && FORBID(filter, never);

	if (fine && profile != SANDBOX_SESSION)
		fine = forbid_processes(filter);
	if (fine && profile == SANDBOX_ALONE)
		fine = FORBID(filter, no_peers);
	else if (fine)
		fine = FORBID(filter, no_servers) && forbid_other_sockets(filter);
	fine = fine && seccomp_load(filter) == 0;
	if (filter != NULL)
		seccomp_release(filter);
	return fine;
}

void
sandbox_enter(enum sandbox_profile profile, const char *const places[])
{
	bool files, calls;

	if (HAS_ASAN)
		return;
	sandbox_keep_secrets();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		die(EX_OSERR, "cannot give up rights: %s", strerror(errno));
	files = wall_files(profile, places);
	calls = wall_calls(profile);
	if (!files || !calls)
		diag("this system has no %s%s%s: goes on with fewer walls around it",
		    files ? "" : "Landlock", !files && !calls ? " and no " : "",
		    calls ? "" : "seccomp");
}
