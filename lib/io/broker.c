#include "base/clock.h"
#include "base/diag.h"
#include "base/files.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/out.h"
#include "io/broker_own.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SITE_PORT 8884
#define QUEUE ((int64_t)1 << 30)
#define SHARDS 4
#define DAY 86400
#define SERVER_DAYS 730
#define SITE_DAYS 3650 /* mosquitto reads the authorities of a listener only when it starts */
#define RENEW_DAYS 30  /* made anew so long before the end */
#define NAMES_MAX 60

static const struct broker_engine *
engine_named(const struct broker *b)
{
	static const struct broker_engine *const engines[] = { &broker_mosquitto,
		&broker_nats };
	size_t i;

	for (i = 0; i < sizeof(engines) / sizeof(engines[0]); i++)
		if (strcmp(b->engine, engines[i]->name) == 0)
			return engines[i];
	return NULL;
}

/* Once broker_wrong has looked. */
static const struct broker_engine *
engine(const struct broker *b)
{
	const struct broker_engine *e = engine_named(b);

	must(e != NULL);
	return e;
}

const char *
broker_wrong(const struct broker *b)
{
	const struct broker_engine *e = engine_named(b);

	return e != NULL ? e->wrong(b) : "--engine: mosquitto or nats";
}

void
broker_defaults(struct broker *b)
{
	b->engine = b->engine != NULL ? b->engine : broker_mosquitto.name;
	b->shards = b->shards != 0 ? b->shards : SHARDS;
	b->port = b->port != 0 ? b->port : BROKER_PORT;
	b->site_port = b->site_port != 0 ? b->site_port : SITE_PORT;
	b->queue = b->queue != 0 ? b->queue : QUEUE;
}

static void
save_list(struct jw *w, const char *name, const struct opt_list *list)
{
	size_t i;

	jw_key(w, name);
	jw_array(w);
	for (i = 0; i < list->n; i++)
		jw_str(w, list->items[i]);
	jw_end(w);
}

void
broker_save(const struct broker *b, struct buf *text)
{
	struct jw w = jw_begin(text);

	jw_object(&w);
	jw_member_str(&w, "engine", b->engine);
	jw_member_str(&w, "out", b->out);
	save_list(&w, "names", &b->names);
	save_list(&w, "nodes", &b->nodes);
	jw_member_int(&w, "shards", b->shards);
	jw_member_int(&w, "port", b->port);
	jw_member_int(&w, "site_port", b->site_port);
	jw_member_int(&w, "websocket", b->websocket);
	jw_member_int(&w, "queue", b->queue);
	jw_member_bool(&w, "rsa", b->rsa);
	jw_member_str(&w, "user", b->user);
	jw_member_str(&w, "plugin", b->plugin);
	jw_end(&w);
	must(jw_finish(&w));
}

/* A copy at the end of `text`, which has had room made for all of them. */
static const char *
keep(struct buf *text, json_value v)
{
	struct span s;
	const char *at = text->p + text->n;

	if (!json_text(v, &s))
		return NULL;
	buf_put(text, s);
	buf_putc(text, '\0');
	return at;
}

static void
load_list(struct opt_list *list, struct buf *text, json_value array)
{
	json_value v = json_first(array);

	for (; json_kind_of(v) != JSON_NONE; v = json_next(v))
		opt_list_add(list, keep(text, v));
}

bool
broker_load(struct broker *b, struct buf *text)
{
	struct json *j = json_new();
	json_value root;
	bool fine = json_parse_copy(j, buf_span(text), &root);

	*b = (struct broker){ 0 };
	if (fine && buf_reserve(text, text->n + 64)) {
		b->out = keep(text, json_get(root, "out"));
		b->engine = keep(text, json_get(root, "engine"));
		load_list(&b->names, text, json_get(root, "names"));
		load_list(&b->nodes, text, json_get(root, "nodes"));
		(void)json_int(json_get(root, "shards"), &b->shards);
		b->user = keep(text, json_get(root, "user"));
		b->plugin = keep(text, json_get(root, "plugin"));
		(void)json_bool(json_get(root, "rsa"), &b->rsa);
		(void)json_int(json_get(root, "port"), &b->port);
		(void)json_int(json_get(root, "site_port"), &b->site_port);
		(void)json_int(json_get(root, "websocket"), &b->websocket);
		(void)json_int(json_get(root, "queue"), &b->queue);
	}
	json_free(j);
	b->engine = b->engine != NULL ? b->engine : broker_mosquitto.name;
	return fine && b->out != NULL && !text->full;
}

/* NAME.pem, NAME.key and the root in DIR/NAME: read, or issued. */
static bool
own_certificate(struct pki *pki, const char *pki_dir, const char *name,
    const struct pki_request *req, bool anew, struct buf *pem, struct buf *key)
{
	char *dir = xasprintf("%s/%s", pki_dir, name);
	char *pem_path = xasprintf("%s/%s.pem", dir, name);
	char *key_path = xasprintf("%s/%s.key", dir, name);
	char *root_path = xasprintf("%s/root-ca.pem", dir);
	struct certificate c;
	const char *why;
	bool fine = true;

	if (anew || !file_read(pem_path, pem) || !file_read(key_path, key) ||
	    !pki_key_fits(buf_span(key), buf_span(pem)) || !pki_read(buf_span(pem), &c) ||
	    c.not_after < clock_now() + RENEW_DAYS * DAY) {
		buf_clear(pem);
		buf_clear(key);
		must(pki_issue(pki, req, &c, pem, key, &why));
		fine = dir_make(dir, 0700) && file_replace(key_path, 0600, buf_span(key)) &&
		       file_replace(pem_path, 0644, buf_span(pem)) &&
		       file_replace(root_path, 0644, pki_root(pki));
	}
	free(dir);
	free(pem_path);
	free(key_path);
	free(root_path);
	return fine;
}

/* What the broker's certificates say: as it is called, where it is, itself. */
struct own_names {
	const char *list[NAMES_MAX + 4];
	char hosts[BROKER_NODES_MAX][BROKER_HOST_MAX];
};

static void
own_names(const struct broker *b, struct own_names *to)
{
	size_t n = 0, i;

	for (; n < b->names.n && n < NAMES_MAX - BROKER_NODES_MAX; n++)
		to->list[n] = b->names.items[n];
	for (i = 0; i < BROKER_NODES_MAX && engine(b)->host(b, i, to->hosts[i]); i++)
		to->list[n++] = to->hosts[i];
	to->list[n++] = "localhost";
	to->list[n++] = "127.0.0.1";
	to->list[n++] = "::1";
	to->list[n] = NULL;
}

bool
broker_material(const struct broker *b, struct pki *pki, const char *pki_dir, bool anew,
    struct broker_material *m)
{
	struct buf empty = BUF(BROKER_PEM_MAX), site_key = BUF(PKI_PEM_MAX);
	struct own_names names;
	const enum pki_key kind = b->rsa ? PKI_RSA_2048 : PKI_EC_P256;
	const struct pki_request server = { .role = PKI_SERVER,
		.cn = span_of(b->names.items[0]),
		.key = kind,
		.names = names.list,
		.days = SERVER_DAYS };
	const struct pki_request site = { .role = PKI_PINNED,
		.cn = SPAN(BROKER_SITE_USER),
		.key = PKI_EC_P256,
		.days = SITE_DAYS };
	const struct pki_request route = { .role = PKI_NODE,
		.cn = SPAN("nbms-route"),
		.key = PKI_EC_P256,
		.names = names.list,
		.days = SITE_DAYS };
	char *crl = xasprintf("%s/crl.pem", pki_dir);
	bool fine;

	*m = (struct broker_material){ .grants = BUF(BROKER_ACL_MAX),
		.ca = empty,
		.crl = empty,
		.server = empty,
		.server_key = empty,
		.site = empty,
		.route = empty,
		.route_key = empty };
	own_names(b, &names);
	buf_put(&m->ca, pki_chain(pki));
	buf_put(&m->ca, pki_root(pki));
	fine = own_certificate(
		   pki, pki_dir, "server", &server, anew, &m->server, &m->server_key) &&
	       own_certificate(pki, pki_dir, "site", &site, false, &m->site, &site_key) &&
	       (engine(b) != &broker_nats || own_certificate(pki, pki_dir, "route", &route,
						 anew, &m->route, &m->route_key)) &&
	       file_read(crl, &m->crl);
	buf_wipe(&site_key);
	free(crl);
	return fine;
}

void
broker_grant(
    const struct broker *b, struct broker_material *m, struct span thing, struct span serial)
{
	bool first = !span_is(thing, m->granted);

	must(thing.n < sizeof(m->granted));
	memcpy(m->granted, thing.p, thing.n);
	m->granted[thing.n] = '\0';
	engine(b)->grant(b, m, thing, serial, first);
}

void
broker_material_free(struct broker_material *m)
{
	buf_free(&m->grants);
	buf_free(&m->ca);
	buf_free(&m->crl);
	buf_free(&m->server);
	buf_wipe(&m->server_key);
	buf_free(&m->site);
	buf_free(&m->route);
	buf_wipe(&m->route_key);
}

/* --- the files --- */

void
broker_file_add(
    struct broker_files *to, const char *name, mode_t mode, const struct buf *content)
{
	must(to->n < BROKER_FILES_MAX && !content->full);
	to->file[to->n++] = (struct broker_file){ name, mode, buf_span(content), false };
}

struct buf *
broker_file_made(struct broker_files *to, size_t max)
{
	must(to->n_made < BROKER_MADE_MAX);
	to->made[to->n_made] = BUF(max);
	return &to->made[to->n_made++];
}

void
broker_file_close(struct broker_files *to, const char *name, mode_t mode)
{
	broker_file_add(to, name, mode, &to->made[to->n_made - 1]);
	to->file[to->n - 1].lines = true;
}

static void
files_of(const struct broker *b, const struct broker_material *m, struct broker_files *files)
{
	*files = (struct broker_files){ .n = 0 };
	must(!m->grants.full);
	engine(b)->files(b, m, files);
}

static void
files_free(struct broker_files *files)
{
	while (files->n_made > 0)
		buf_free(&files->made[--files->n_made]);
}

bool
broker_file_read(const struct broker *b, const char *name, struct buf *to)
{
	char *path = xasprintf("%s/%s", b->out, name);
	bool there;

	*to = BUF(BROKER_PEM_MAX);
	there = file_read(path, to);
	free(path);
	return there;
}

static bool
give_to(const char *path, const char *user)
{
	const struct passwd *pw = user != NULL ? getpwnam(user) : NULL;

	if (user == NULL)
		return true;
	if (pw != NULL && lchown(path, pw->pw_uid, pw->pw_gid) == 0)
		return true;
	diag("%s: cannot give to %s: %s", path, user,
	    pw == NULL ? "no such user" : strerror(errno));
	return false;
}

static bool
apply_one(const struct broker *b, const struct broker_file *f, bool *changed)
{
	char *path = xasprintf("%s/%s", b->out, f->name);
	struct buf old;
	bool fine = true;

	if (!broker_file_read(b, f->name, &old) || !span_eq(buf_span(&old), f->content)) {
		fine = file_replace(path, f->mode, f->content) && give_to(path, b->user);
		*changed = true;
	}
	buf_wipe(&old);
	free(path);
	return fine;
}

bool
broker_apply(const struct broker *b, const struct broker_material *m, bool *changed)
{
	char *data = xasprintf("%s/data", b->out);
	struct broker_files files;
	bool fine = dir_make(b->out, 0755) && dir_make(data, 0700) && give_to(data, b->user);
	size_t i;

	*changed = false;
	files_of(b, m, &files);
	for (i = 0; fine && i < files.n; i++)
		fine = apply_one(b, &files.file[i], changed);
	files_free(&files);
	free(data);
	return fine;
}

static int
compare_lines(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

	return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

/* The lines of a text in order of their bytes; the caller frees. */
static struct span *
sorted_lines(struct span text, size_t *n)
{
	size_t room = 1, i;
	struct span *lines;

	for (i = 0; i < text.n; i++)
		room += text.p[i] == '\n';
	lines = xcalloc(room, sizeof(*lines));
	for (*n = 0; text.n > 0; (*n)++) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t len = end != NULL ? (size_t)(end - text.p) : text.n;

		lines[*n] = (struct span){ text.p, len };
		text.p += end != NULL ? len + 1 : len;
		text.n -= end != NULL ? len + 1 : len;
	}
	qsort(lines, *n, sizeof(*lines), compare_lines);
	return lines;
}

/* Lines of `a` that `b` has not, each after the sign. */
static void
print_missing(struct span a, struct span b, char sign)
{
	size_t n, m, i;
	struct span *x = sorted_lines(a, &n), *y = sorted_lines(b, &m);

	for (i = 0; i < n; i++)
		if (x[i].n > 0 && bsearch(&x[i], y, m, sizeof(*y), compare_lines) == NULL)
			out_printf("%c%.*s\n", sign, SPAN_ARG(x[i]));
	free(x);
	free(y);
}

size_t
broker_diff(const struct broker *b, const struct broker_material *m)
{
	struct broker_files files;
	struct buf old;
	size_t i, differ = 0;

	files_of(b, m, &files);
	for (i = 0; i < files.n; i++) {
		bool there = broker_file_read(b, files.file[i].name, &old);

		if (!there || !span_eq(buf_span(&old), files.file[i].content)) {
			differ++;
			out_printf("%s/%s: %s\n", b->out, files.file[i].name,
			    there ? "differs" : "new");
			if (files.file[i].lines && there) {
				print_missing(buf_span(&old), files.file[i].content, '-');
				print_missing(files.file[i].content, buf_span(&old), '+');
			}
		}
		buf_wipe(&old);
	}
	files_free(&files);
	return differ;
}

bool
broker_differs(const struct broker *b, const struct broker_material *m)
{
	struct broker_files files;
	struct buf old;
	bool differs = false;
	size_t i;

	files_of(b, m, &files);
	for (i = 0; i < files.n && !differs; i++) {
		differs = !broker_file_read(b, files.file[i].name, &old) ||
			  !span_eq(buf_span(&old), files.file[i].content);
		buf_wipe(&old);
	}
	files_free(&files);
	return differs;
}

long
broker_process(const struct broker *b, const char *pid_file, const char *program)
{
	struct buf text, comm = BUF(256);
	char *path;
	long pid = 0;

	if (broker_file_read(b, pid_file, &text))
		pid = strtol(buf_text(&text), NULL, 10);
	buf_free(&text);
	/* the number may by now be any process's */
	path = xasprintf("/proc/%ld/comm", pid);
	if (pid <= 1 || !file_read(path, &comm) || !span_starts(buf_span(&comm), program))
		pid = 0;
	free(path);
	buf_free(&comm);
	return pid;
}

bool
broker_runs(const struct broker *b)
{
	return engine(b)->runs(b);
}

bool
broker_reload(const struct broker *b)
{
	return engine(b)->reload(b);
}

void
broker_seen(
    const struct broker *b, void (*each)(void *ctx, struct span serial, when_t at), void *ctx)
{
	engine(b)->seen(b, each, ctx);
}

void
broker_crowded(const struct broker *b, void (*each)(void *ctx, int64_t shard), void *ctx)
{
	if (engine(b)->crowded != NULL)
		engine(b)->crowded(b, each, ctx);
}

void
broker_unwell(const struct broker *b,
    void (*each)(void *ctx, const char *node, const char *why), void *ctx)
{
	if (engine(b)->unwell != NULL)
		engine(b)->unwell(b, each, ctx);
}
