/* Requests of a realtime session, a line each, as an operator of one of two customers: every
 * line has one answer, and none about the other customer's building. The broker is one that is
 * never there. */
#include "fuzz.h"
#include "live/session.h"

#include "db/registry.h"
#include "db/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct live_job job = {
	.learn = "true", .priority = 8, .minutes = 60, .stall = 30, .fresh = 60
};
static struct token_user operator;

/* nbms-live.c's own, which has a main. */
const struct zone *
job_zone(struct live_job *j, struct span building_key)
{
	(void)j;
	(void)building_key;
	return zone_find(SPAN("Asia/Seoul"));
}

static void
ignore(void *ctx, const struct mqtt_message *m)
{
	(void)ctx;
	(void)m;
}

static void
put_building(const char *customer, const char *building, const char *name)
{
	struct building b = { .customer = span_of(customer),
		.building = span_of(building),
		.timezone = SPAN("Asia/Seoul") };
	struct thing t;

	customer_put(job.site, b.customer, SPAN("someone"));
	must(building_put(job.site, &b));
	must(thing_parse(span_of(name), &t) && thing_put(job.site, &t, SPAN(""), 1664841600));
}

static void
begin(void)
{
	static char dir[] = "/tmp/nbms-fuzz-live.XXXXXX";
	struct token_user u = { 0 };

	diag_begin("fuzz_live");
	must(mkdtemp(dir) != NULL);
	(void)setenv("NBMS_DIR", dir, 1);
	job.dir = dir;
	job.mqtt.host = "127.0.0.1";
	job.mqtt.port = 1;
	job.mqtt.topics = &job.topics;
	job.site = site_open(dir, DB_WRITE);
	db_begin(job.site);
	put_building("C000003", "B001", "C000003_B001_01");
	put_building("C000004", "B001", "C000004_B001_01");
	(void)strcpy(u.user, "kim");
	(void)strcpy(u.customer, "C000003");
	u.role = TOKEN_OPERATOR;
	must(token_user_put(job.site, &u, NULL, 1664841600));
	db_commit(job.site);
	operator= u;
	must(freopen("/dev/null", "w", stdout) != NULL);
}

static struct live *
session(void)
{
	static struct live s = { .job = &job };

	if (s.link != NULL)
		return &s;
	begin();
	s.line = BUF(1 << 22);
	s.key = BUF(4096);
	s.out = conflate_new(16 << 20);
	s.json = json_new();
	s.message_json = json_new();
	s.user = operator;
	s.link = link_open(&job, s.user.user, s.user.customer, ignore, &s);
	return &s;
}

/* Takes the answers away, and looks at them. */
static void
read_answers(struct live *s)
{
	static char text[1 << 16];
	static int fd = -1;
	ssize_t n;

	if (fd < 0)
		fd = memfd_create("answers", 0);
	must(fd >= 0 && ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	while (conflate_waits(s->out))
		must(conflate_write(s->out, fd) >= 0);
	n = pread(fd, text, sizeof(text), 0);
	must(n >= 0 && memmem(text, (size_t)n, "\"building\":\"C000004", 19) == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span text = { (const char *)data, n }, line;
	struct live *s = session();
	size_t asked = 0;

	while (fuzz_line(&text, &line) && ++asked <= 8) {
		struct buf copy = BUF(1 << 22);

		buf_put(&copy, line);
		s->name = "";
		s->id = (struct span){ 0 };
		/* not what starts programs */
		if (line.n > 0 && strstr(buf_text(&copy), "learning") == NULL &&
		    strstr(buf_text(&copy), "optimizing") == NULL &&
		    strstr(buf_text(&copy), "tender") == NULL) {
			live_request(s, buf_span(&copy));
			must(conflate_bytes(s->out) > 0);
		}
		read_answers(s);
		buf_free(&copy);
	}
	return 0;
}
