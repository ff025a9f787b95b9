/* lib/io/spool: numbering, segments, reading from anywhere, what a crash leaves behind,
 * trimming. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "io/spool.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/nbms-spool-XXXXXX";

/* A fresh folder under the same name's pattern; what another case left is removed by
 * remove_dir. */
static int
make_dir(void **state)
{
	(void)state;
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int
remove_dir(void **state)
{
	char *command = xasprintf("rm -rf %s", dir);
	FILE *p = popen(command, "r");

	(void)state;
	free(command);
	return p != NULL ? pclose(p) : -1;
}

static char *
segment(uint64_t first)
{
	return xasprintf("%s/spool/%016" PRIu64 ".ndjson", dir, first);
}

/* Appends n records of about 60 bytes in one batch. */
static void
append(struct spool *s, uint64_t n)
{
	struct buf lines = BUF(1 << 20);
	uint64_t i;

	for (i = 0; i < n; i++)
		buf_printf(&lines,
		    "{\"seq\":%" PRIu64 ",\"thing\":\"C_B_1\",\"message\":{\"x\":%" PRIu64
		    "}}\n",
		    spool_next_seq(s) + i, (spool_next_seq(s) + i) * 7);
	spool_write(s, buf_span(&lines), n);
	assert_int_equal(spool_durable(s), spool_next_seq(s) - n);
	spool_sync(s);
	assert_int_equal(spool_durable(s), spool_next_seq(s));
	buf_free(&lines);
}

/* Reads all below `end` from `from`: they are first..last, each once, and whole. */
static void
expect(uint64_t from, uint64_t end, uint64_t first, uint64_t last)
{
	struct spool_reader *r = spool_read(dir, from);
	struct span line;
	uint64_t seq, want = first;
	char text[100];

	assert_non_null(r);
	while (spool_reader_next(r, end, &line, &seq)) {
		assert_int_equal(seq, want);
		(void)snprintf(text, sizeof(text),
		    "{\"seq\":%" PRIu64 ",\"thing\":\"C_B_1\",\"message\":{\"x\":%" PRIu64 "}}",
		    seq, seq * 7);
		assert_true(span_is(line, text));
		want++;
	}
	assert_int_equal(want, last + 1);
	spool_reader_free(r);
}

static void
add_bytes(const char *path, const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_APPEND);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
}

static void
records_come_back_from_any_seq(void **state)
{
	struct spool *s = spool_open(dir, 256, 0);
	struct spool_reader *r;
	struct span line;
	uint64_t seq;
	int i;

	(void)state;
	assert_int_equal(spool_next_seq(s), 1);
	r = spool_read(dir, 0);
	assert_false(spool_reader_next(r, spool_next_seq(s), &line, &seq));
	for (i = 0; i < 10; i++)
		append(s, 5);
	expect(0, UINT64_MAX, 1, 50);
	expect(23, UINT64_MAX, 23, 50);
	expect(50, 51, 50, 50);
	expect(51, UINT64_MAX, 51, 50);
	expect(10, 20, 10, 19);
	/* one that was there before them follows the live end over segments */
	for (i = 1; i <= 50; i++) {
		assert_true(spool_reader_next(r, spool_next_seq(s), &line, &seq));
		assert_int_equal(seq, i);
	}
	append(s, 1);
	assert_false(spool_reader_next(r, 51, &line, &seq));
	assert_true(spool_reader_next(r, 52, &line, &seq));
	spool_reader_free(r);
	spool_close(s);
	s = spool_open(dir, 256, 0);
	assert_int_equal(spool_next_seq(s), 52);
	spool_close(s);
}

/* What a crash may leave behind the last good record, and how it is cut off. */
static void
torn_tails_are_cut_off(void **state)
{
	static const struct {
		const char *tail;
		size_t n;
	} tails[] = {
		{ "{\"seq\":6,\"thi", 13 },
		{ "{\"seq\":6,\"thing\":\"\0\0\0\0\0\"}\n", 26 },
		{ "\0\0\0\0\0\0\0\0", 8 },
		{ "\n", 1 },
		{ "{\"seq\":6,\"a\":}\n{\"seq\":7,\"a\":[}\n", 31 },
		{ "{\"seq\":5,\"again\":1}\n", 20 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		struct spool *s;
		struct stat before, after;
		char *path;

		remove_dir(NULL);
		make_dir(NULL);
		s = spool_open(dir, 0, 0);
		append(s, 5);
		spool_close(s);
		path = segment(1);
		assert_int_equal(stat(path, &before), 0);
		add_bytes(path, tails[i].tail, tails[i].n);
		expect(1, 6, 1, 5);
		s = spool_open(dir, 0, 0);
		assert_int_equal(stat(path, &after), 0);
		assert_int_equal(after.st_size, before.st_size);
		assert_int_equal(spool_next_seq(s), 6);
		append(s, 2);
		spool_close(s);
		expect(0, UINT64_MAX, 1, 7);
		free(path);
	}
}

static void
whole_records_nobody_synced_are_kept(void **state)
{
	struct spool *s = spool_open(dir, 0, 0);
	char *path = segment(1);
	static const char more[] =
	    "{\"seq\":6,\"thing\":\"C_B_1\",\"message\":{\"x\":42}}\n{\"seq\":7,";

	(void)state;
	append(s, 5);
	spool_close(s);
	add_bytes(path, more, sizeof(more) - 1);
	s = spool_open(dir, 0, 0);
	assert_int_equal(spool_next_seq(s), 7);
	spool_close(s);
	expect(0, UINT64_MAX, 1, 6);
	free(path);
}

static void
damage_in_the_middle_loses_no_more_than_that(void **state)
{
	struct spool *s = spool_open(dir, 0, 0);
	struct spool_reader *r;
	struct span line;
	uint64_t seq, n = 0;
	char *path = segment(1);
	int fd;

	(void)state;
	append(s, 10);
	spool_close(s);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "XXXXXXXXXXXX", 12, 200), 12);
	close(fd);
	s = spool_open(dir, 0, 0);
	assert_int_equal(spool_next_seq(s), 11);
	spool_close(s);
	r = spool_read(dir, 0);
	while (spool_reader_next(r, UINT64_MAX, &line, &seq))
		n++;
	assert_in_range(n, 8, 10);
	assert_int_equal(seq, 10);
	spool_reader_free(r);
	free(path);
}

/* The status a child ends with that opens the spool while we have it. */
static void
two_writers_cannot_share(void **state)
{
	struct spool *s = spool_open(dir, 0, 0);
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		(void)!freopen("/dev/null", "w", stderr);
		(void)spool_open(dir, 0, 0);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EX_TEMPFAIL);
	spool_close(s);
}

static void
numbers_go_on_above_what_is_done(void **state)
{
	struct spool *s = spool_open(dir, 0, 9);

	(void)state;
	append(s, 2);
	spool_close(s);
	expect(0, UINT64_MAX, 10, 11);
	s = spool_open(dir, 0, 20);
	append(s, 2);
	spool_close(s);
	expect(12, UINT64_MAX, 21, 22);
	s = spool_open(dir, 0, 22);
	assert_int_equal(spool_next_seq(s), 23);
	spool_close(s);
}

static void
count_removed(void *ctx, const struct spool_segment *segment_removed)
{
	uint64_t *last = ctx;

	*last = segment_removed->last;
}

static void
trimming_stops_at_the_checkpoint(void **state)
{
	static const struct {
		struct spool_limits limits;
		uint64_t removed; /* up to this record; segments hold five */
	} cases[] = {
		{ { .done = 0, .max_age = -1, .max_bytes = 0 }, 0 },
		{ { .done = 4, .max_age = -1, .max_bytes = 0 }, 0 },
		{ { .done = 14, .max_age = -1, .max_bytes = 0 }, 10 },
		{ { .done = 50, .max_age = 3600, .max_bytes = -1 }, 0 },
		{ { .done = 50, .max_age = -1, .max_bytes = 1000 }, 30 },
		{ { .done = 100, .max_age = -1, .max_bytes = 0 }, 45 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spool *s;
		uint64_t removed = 0;
		int k;

		remove_dir(NULL);
		make_dir(NULL);
		s = spool_open(dir, 1, 0);
		for (k = 0; k < 10; k++)
			append(s, 5);
		spool_trim(dir, &cases[i].limits, count_removed, &removed);
		assert_int_equal(removed, cases[i].removed);
		append(s, 1);
		spool_close(s);
		expect(0, UINT64_MAX, removed + 1, 51);
		expect(1, UINT64_MAX, removed + 1, 51);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    records_come_back_from_any_seq, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(torn_tails_are_cut_off, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
		    whole_records_nobody_synced_are_kept, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
		    damage_in_the_middle_loses_no_more_than_that, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(two_writers_cannot_share, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
		    numbers_go_on_above_what_is_done, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
		    trimming_stops_at_the_checkpoint, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
