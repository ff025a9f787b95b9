/*
 * A POST: checked, noted in the audit, and handed to the program that owns the change, as
 * arguments (no shell sees them) and, where it reads records, as a record on its stdin.
 */
#include "base/clock.h"
#include "base/diag.h"
#include "base/out.h"
#include "db/audit.h"
#include "query/act.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define OUTPUT_MAX ((size_t)16 << 20)
#define MESSAGE_MAX 400

void
act_arg(struct act *a, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	must(a->argc + 1 < ACT_ARGS);
	va_start(ap, fmt);
	must(vasprintf(&text, fmt, ap) >= 0);
	va_end(ap);
	a->argv[a->argc++] = text;
}

struct span
act_text(const struct act *a, const char *name)
{
	struct span s = { 0 };

	(void)json_text(json_get(a->body, name), &s);
	return s;
}

void
act_option(struct act *a, const char *option, const char *member)
{
	struct span s = act_text(a, member);

	if (s.p != NULL)
		act_arg(a, "--%s=%.*s", option, SPAN_ARG(s));
}

/* ---- the body ---- */

static void __attribute__((noreturn, format(printf, 1, 2))) wrong(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	die(EX_USAGE, "%s", text);
}

static bool
is_plain(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7F)
			return false;
	return s.n > 0 && s.n <= ACT_TEXT_MAX;
}

static void
check_texts(const struct member *m, json_value v)
{
	struct span text;
	json_value each;

	if (json_kind_of(v) != JSON_ARRAY)
		wrong("%s: not a list", m->name);
	for (each = json_first(v); each.at != 0; each = json_next(each))
		if (!json_text(each, &text) || !is_plain(text))
			wrong("%s: not a list of short texts", m->name);
}

static void
check_member(const struct member *m, json_value v)
{
	struct span text;
	int64_t count;
	bool b;

	if (m->kind == MEMBER_TEXT && !json_text(v, &text))
		wrong("%s: not a string", m->name);
	else if (m->kind == MEMBER_TEXT && !is_plain(text))
		wrong("%s: empty, over %d bytes, or with control characters", m->name,
		    ACT_TEXT_MAX);
	else if (m->kind == MEMBER_COUNT && (!json_int(v, &count) || count < 0))
		wrong("%s: not a whole number", m->name);
	else if (m->kind == MEMBER_BOOL && !json_bool(v, &b))
		wrong("%s: not true or false", m->name);
	else if (m->kind == MEMBER_TEXTS)
		check_texts(m, v);
}

static const struct member *
find_member(const struct endpoint *e, struct span name)
{
	const struct member *m;

	for (m = e->members; m->name != NULL; m++)
		if (span_is(name, m->name))
			return m;
	return NULL;
}

static void
check_body(const struct act *a)
{
	const struct endpoint *e = a->request->endpoint;
	const struct member *m;
	struct json_member each;
	bool more;

	if (json_kind_of(a->body) != JSON_OBJECT)
		wrong("the body is not a JSON object");
	if (json_repeated(a->body).at != 0)
		wrong("%.*s: there twice", SPAN_ARG(json_name(json_repeated(a->body))));
	for (more = json_first_member(a->body, &each); more; more = json_next_member(&each)) {
		m = find_member(e, each.name);
		if (m == NULL)
			wrong("%.*s: no such member", SPAN_ARG(each.name));
		if (json_kind_of(each.value) != JSON_NULL || m->kind == MEMBER_ANY)
			check_member(m, each.value);
	}
	for (m = e->members; m->name != NULL; m++)
		if (m->required && json_get(a->body, m->name).at == 0)
			wrong("%s: missing", m->name);
}

/* The member "building": one that the user sees. */
static void
find_building(struct act *a)
{
	struct span key = act_text(a, "building");

	if (key.p == NULL)
		return;
	if (!token_sees_key(a->site, a->user, key) ||
	    !building_key_parse(key, &a->customer, &a->building))
		die(EX_NOINPUT, "no such building: %.*s", SPAN_ARG(key));
}

/* ---- the owner ---- */

/* The program of that name beside this one. */
static char *
beside(const char *name)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return xstrdup(name);
	self[n] = '\0';
	return xasprintf("%s/%s", dirname(self), name);
}

/* Without what the request said of itself: its token above all. */
static char **
environment(void)
{
	static const char *const gone[] = { "HTTP_",
		"GATEWAY_INTERFACE=", "QUERY_STRING=", "REQUEST_", "CONTENT_", "SCRIPT_",
		"PATH_INFO=", "PATH_TRANSLATED=" };
	size_t n = 0, k = 0, i, j;
	char **to;

	while (environ[n] != NULL)
		n++;
	to = xcalloc(n + 1, sizeof(*to));
	for (i = 0; i < n; i++) {
		for (j = 0; j < sizeof(gone) / sizeof(gone[0]); j++)
			if (strncmp(environ[i], gone[j], strlen(gone[j])) == 0)
				break;
		if (j == sizeof(gone) / sizeof(gone[0]))
			to[k++] = environ[i];
	}
	return to;
}

static int
file_of(struct span content)
{
	int fd = memfd_create("act", MFD_CLOEXEC);

	if (fd < 0 || !out_write_all(fd, content) || lseek(fd, 0, SEEK_SET) != 0)
		die(EX_OSERR, "memory: %s", strerror(errno));
	return fd;
}

static void
read_file(int fd, struct buf *to)
{
	char block[16384];
	ssize_t k;

	if (lseek(fd, 0, SEEK_SET) != 0)
		die(EX_OSERR, "memory: %s", strerror(errno));
	while ((k = read(fd, block, sizeof(block))) > 0)
		buf_put(to, (struct span){ block, (size_t)k });
}

/* Its exit status; what it prints in `out` and `err`. */
static int
call_owner(struct act *a, struct buf *out, struct buf *err)
{
	int in = file_of(buf_span(&a->input)), o = file_of(SPAN("")), e = file_of(SPAN(""));
	char *program = beside(a->argv[0]), **env = environment();
	posix_spawn_file_actions_t files;
	int status, wrongly;
	pid_t pid;

	must(posix_spawn_file_actions_init(&files) == 0);
	must(posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO) == 0 &&
	     posix_spawn_file_actions_adddup2(&files, o, STDOUT_FILENO) == 0 &&
	     posix_spawn_file_actions_adddup2(&files, e, STDERR_FILENO) == 0);
	wrongly = posix_spawn(&pid, program, &files, NULL, a->argv, env);
	posix_spawn_file_actions_destroy(&files);
	if (wrongly != 0)
		die(EX_OSERR, "%s: %s", program, strerror(wrongly));
	while (waitpid(pid, &status, 0) < 0)
		must(errno == EINTR);
	read_file(o, out);
	read_file(e, err);
	(void)close(in);
	(void)close(o);
	(void)close(e);
	free(program);
	free(env);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EX_SOFTWARE;
}

/* What it printed: each line a JSON text, or a string. */
static void
put_rows(struct act *a, struct jw *w, struct span rows)
{
	const char *end;
	json_value root;

	jw_key(w, "rows");
	jw_array(w);
	for (; rows.n > 0; rows.n -= (size_t)(end - rows.p), rows.p = end) {
		struct span line = { rows.p, rows.n };

		end = memchr(rows.p, '\n', rows.n);
		line.n = end != NULL ? (size_t)(end - rows.p) : rows.n;
		end = end != NULL ? end + 1 : rows.p + rows.n;
		if (line.n == 0)
			continue;
		if (json_parse_copy(a->json, line, &root))
			jw_raw(w, line);
		else
			jw_text(w, line);
	}
	jw_end(w);
}

static void
put_result(struct act *a, struct span rows)
{
	struct buf text = BUF(2 * OUTPUT_MAX);
	struct jw w = jw_begin(&text);

	jw_object(&w);
	jw_member_bool(&w, "ok", true);
	if (a->prints != NULL)
		jw_member_text(&w, a->prints,
		    span_trim((struct span){ rows.p,
			rows.n > 0 && rows.p[rows.n - 1] == '\n' ? rows.n - 1 : rows.n }));
	else
		put_rows(a, &w, rows);
	jw_end(&w);
	must(jw_finish(&w));
	out_line(buf_span(&text));
	buf_free(&text);
}

/* Why it refused: the message of its answer where that has one, or its last words. */
static void
message_of(struct act *a, struct span out, struct span err, char to[MESSAGE_MAX])
{
	struct span text = diag_last_words(err), told;
	json_value root;

	if (out.n > 0 && out.p[out.n - 1] == '\n')
		out.n--;
	if (json_parse_copy(a->json, out, &root) && json_text(json_get(root, "message"), &told))
		text = told;
	(void)snprintf(to, MESSAGE_MAX, "%.*s",
	    (int)(text.n < MESSAGE_MAX ? text.n : MESSAGE_MAX - 1), text.n > 0 ? text.p : "");
}

static int
perform(struct act *a, struct answer *answer)
{
	struct buf out = BUF(OUTPUT_MAX), err = BUF(OUTPUT_MAX);
	char path[64], message[MESSAGE_MAX];
	struct audit audit = { .at = clock_now(),
		.user = a->user->user,
		.customer = a->user->customer,
		.remote = a->request->remote,
		.action = endpoint_path(a->request->endpoint, path),
		.building = a->building,
		.request = buf_span(&a->kept),
		.of = (enum audit_of)a->of,
		.id = a->id };
	int status;

	audit_begin(a->site, &audit);
	status = call_owner(a, &out, &err);
	message_of(a, buf_span(&out), buf_span(&err), message);
	audit_end(a->site, &audit, status, status != 0 ? message : NULL);
	if (status == 0) {
		put_result(a, buf_span(&out));
	} else {
		diag("%s", message);
		if (status == EX_DATAERR) {
			answer->status = 409;
			(void)snprintf(answer->code, sizeof(answer->code), "refused");
		}
	}
	buf_wipe(&out);
	buf_free(&err);
	return status;
}

int
act_run(const struct request *r, struct db *site, struct answer *answer)
{
	struct act a = { .request = r,
		.user = r->o.user,
		.site = site,
		.dir = opt_state_dir(NULL),
		.json = json_new(),
		.input = BUF(2 * CGI_BODY_MAX),
		.kept = BUF(2 * CGI_BODY_MAX),
		.id_text = BUF(CGI_BODY_MAX) };
	struct json *body = json_new();
	int status;

	if (!json_parse_copy(body, buf_span(&r->body), &a.body))
		wrong("the body: %s", json_error(body));
	check_body(&a);
	find_building(&a);
	must(json_minify(json_raw(a.body), &a.kept));
	r->endpoint->act(&a);
	status = perform(&a, answer);
	while (a.argc > 0)
		free(a.argv[--a.argc]);
	json_free(a.json);
	json_free(body);
	buf_free(&a.input);
	buf_free(&a.kept);
	buf_free(&a.id_text);
	return status;
}
