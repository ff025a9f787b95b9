/* sandbox: what each profile forbids is tried, in a process of its own. */
#include "base/sandbox.h"
#include "base/diag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char inside[64], outside[64];

/* Each returns 0, or the error. */

static int
write_to(const char *dir, int flags)
{
	char path[96];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/file", dir);
	fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0600);
	if (fd < 0)
		return errno;
	(void)close(fd);
	return 0;
}

static int
write_inside(void)
{
	return write_to(inside, O_CREAT);
}

static int
write_outside(void)
{
	return write_to(outside, O_CREAT);
}

static int
change_outside(void)
{
	return write_to(outside, O_TRUNC);
}

static int
remove_outside(void)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/file", outside);
	return unlink(path) == 0 ? 0 : errno;
}

static int
read_outside(void)
{
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? close(fd) : errno;
}

static int
write_null(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	return fd >= 0 ? close(fd) : errno;
}

static int
start_program(void)
{
	char *argv[] = { (char[]){ "true" }, NULL };

	(void)execv("/bin/true", argv);
	return errno;
}

static int
make_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? errno : waitpid(pid, NULL, 0) == pid ? 0 : errno;
}

static void *
nothing(void *unused)
{
	return unused;
}

static int
make_thread(void)
{
	pthread_t t;
	int e = pthread_create(&t, NULL, nothing, NULL);

	return e != 0 ? e : pthread_join(t, NULL);
}

static int
make_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 ? close(fd) : errno;
}

static int
make_raw_socket(void)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);

	return fd >= 0 ? close(fd) : errno;
}

static int
make_other_socket(void)
{
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 ? close(fd) : errno;
}

static int
serve(void)
{
	const struct sockaddr_in any = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), e = 0;

	if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) != 0)
		e = errno;
	if (fd >= 0)
		(void)close(fd);
	return e;
}

static int
trace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : errno;
}

static int
change_user(void)
{
	return setuid(getuid()) == 0 ? 0 : errno;
}

static int
mount_something(void)
{
	return mount("none", "/mnt", "tmpfs", 0, NULL) == 0 ? 0 : errno;
}

static int
is_closed(void)
{
	return prctl(PR_GET_DUMPABLE) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0
											  : 1;
}

/* What an attempt in a process with that profile ends with; 125: it cannot be told. */
static int
within(enum sandbox_profile profile, int (*attempt)(void))
{
	const char *const places[] = { inside, NULL };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		sandbox_enter(profile, places);
		_exit(attempt());
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

static bool
has_landlock(void)
{
	return within(SANDBOX_CLIENT, write_outside) != 0;
}

static void
forbids_programs_and_servers(void **state)
{
	(void)state;
	assert_int_equal(within(SANDBOX_CLIENT, start_program), EPERM);
	assert_int_equal(within(SANDBOX_CLIENT, make_process), EPERM);
	assert_int_equal(within(SANDBOX_CLIENT, serve), EPERM);
	assert_int_equal(within(SANDBOX_CLIENT, make_raw_socket), EPERM);
	assert_int_equal(within(SANDBOX_CLIENT, make_other_socket), EPERM);
	assert_int_equal(within(SANDBOX_CLIENT, trace), EPERM);
	assert_int_equal(within(SANDBOX_CLIENT, change_user), EPERM);
	assert_int_equal(within(SANDBOX_CLIENT, mount_something), EPERM);
	assert_int_equal(within(SANDBOX_CLIENT, is_closed), 0);
}

static void
leaves_what_is_needed(void **state)
{
	(void)state;
	assert_int_equal(within(SANDBOX_CLIENT, make_socket), 0);
	assert_int_equal(within(SANDBOX_CLIENT, make_thread), 0);
	assert_int_equal(within(SANDBOX_CLIENT, write_inside), 0);
	assert_int_equal(within(SANDBOX_CLIENT, read_outside), 0);
	assert_int_equal(within(SANDBOX_CLIENT, write_null), 0);
	assert_int_equal(within(SANDBOX_SESSION, start_program), 0);
	assert_int_equal(within(SANDBOX_SESSION, make_process), 0);
	assert_int_equal(within(SANDBOX_SESSION, make_thread), 0);
}

static void
an_engine_for_rules_is_alone(void **state)
{
	(void)state;
	assert_int_equal(within(SANDBOX_ALONE, make_socket), EPERM);
	assert_int_equal(within(SANDBOX_ALONE, start_program), EPERM);
	assert_int_equal(within(SANDBOX_ALONE, make_process), EPERM);
}

static void
forbids_writing_elsewhere(void **state)
{
	(void)state;
	if (!has_landlock())
		skip();
	assert_int_equal(write_outside(), 0);
	assert_int_equal(within(SANDBOX_CLIENT, write_outside), EACCES);
	assert_int_equal(within(SANDBOX_CLIENT, change_outside), EACCES);
	assert_int_equal(within(SANDBOX_CLIENT, remove_outside), EACCES);
	assert_int_equal(within(SANDBOX_SESSION, write_outside), EACCES);
	assert_int_equal(within(SANDBOX_ALONE, write_inside), EACCES);
	assert_int_equal(remove_outside(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(leaves_what_is_needed),
		cmocka_unit_test(forbids_programs_and_servers),
		cmocka_unit_test(an_engine_for_rules_is_alone),
		cmocka_unit_test(forbids_writing_elsewhere) };
#if defined(__SANITIZE_ADDRESS__)
	size_t n = 1; /* nothing is given up there: see the header */
#else
	size_t n = sizeof(tests) / sizeof(tests[0]);
#endif
	int failed;

	/* outside is not below /tmp, which stays open */
	(void)snprintf(inside, sizeof(inside), "/tmp/nbms-sandbox.XXXXXX");
	(void)snprintf(outside, sizeof(outside), "/dev/shm/nbms-sandbox.XXXXXX");
	diag_begin("test_sandbox");
	assert_non_null(mkdtemp(inside));
	assert_non_null(mkdtemp(outside));
	failed = _cmocka_run_group_tests("tests", tests, n, NULL, NULL);
	(void)write_inside();
	(void)remove_outside();
	(void)rmdir(outside);
	(void)snprintf(outside, sizeof(outside), "%s", inside);
	(void)remove_outside();
	(void)rmdir(inside);
	return failed;
}
