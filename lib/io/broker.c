#include "io/broker.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/files.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/lines.h"
#include "base/out.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SITE_PORT 8884
#define QUEUE ((int64_t)1 << 30)
#define CONFIG_MAX 16384
#define MESSAGE_MAX (16 << 20) /* as long as the longest line the programs take */
#define INFLIGHT 100           /* of 98 KB each: 10 MB on its way to a receiver */
#define AUTOSAVE 10            /* seconds of queue a crash of the broker may cost */
#define DAY 86400
#define SERVER_DAYS 730
#define SITE_DAYS 3650 /* mosquitto reads the authorities of a listener only when it starts */
#define RENEW_DAYS 30  /* made anew so long before the end */
#define NAMES_MAX 60
#define RELOAD_WAIT 5000000000 /* nanoseconds for a broker to answer SIGHUP */
#define PEM_FILE_MAX ((size_t)256 << 20)

void
broker_defaults(struct broker *b)
{
	b->port = b->port != 0 ? b->port : BROKER_PORT;
	b->site_port = b->site_port != 0 ? b->site_port : SITE_PORT;
	b->queue = b->queue != 0 ? b->queue : QUEUE;
}

void
broker_save(const struct broker *b, struct buf *text)
{
	struct jw w = jw_begin(text);
	size_t i;

	jw_object(&w);
	jw_member_str(&w, "out", b->out);
	jw_key(&w, "names");
	jw_array(&w);
	for (i = 0; i < b->names.n; i++)
		jw_str(&w, b->names.items[i]);
	jw_end(&w);
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

bool
broker_load(struct broker *b, struct buf *text)
{
	struct json *j = json_new();
	json_value root, name;
	bool fine = json_parse_copy(j, buf_span(text), &root);

	*b = (struct broker){ 0 };
	if (fine && buf_reserve(text, text->n + 64)) {
		b->out = keep(text, json_get(root, "out"));
		name = json_first(json_get(root, "names"));
		for (; json_kind_of(name) != JSON_NONE; name = json_next(name))
			opt_list_add(&b->names, keep(text, name));
		b->user = keep(text, json_get(root, "user"));
		b->plugin = keep(text, json_get(root, "plugin"));
		(void)json_bool(json_get(root, "rsa"), &b->rsa);
		(void)json_int(json_get(root, "port"), &b->port);
		(void)json_int(json_get(root, "site_port"), &b->site_port);
		(void)json_int(json_get(root, "websocket"), &b->websocket);
		(void)json_int(json_get(root, "queue"), &b->queue);
	}
	json_free(j);
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

bool
broker_material(const struct broker *b, struct pki *pki, const char *pki_dir, bool anew,
    struct broker_material *m)
{
	struct buf empty = BUF(PEM_FILE_MAX), site_key = BUF(PKI_PEM_MAX);
	const char *names[NAMES_MAX + 4] = { NULL };
	const enum pki_key kind = b->rsa ? PKI_RSA_2048 : PKI_EC_P256;
	const struct pki_request server = { .role = PKI_SERVER,
		.cn = span_of(b->names.items[0]),
		.key = kind,
		.names = names,
		.days = SERVER_DAYS };
	const struct pki_request site = { .role = PKI_PINNED,
		.cn = SPAN(BROKER_SITE_USER),
		.key = PKI_EC_P256,
		.days = SITE_DAYS };
	char *crl = xasprintf("%s/crl.pem", pki_dir);
	size_t n = 0;
	bool fine;

	*m = (struct broker_material){ .acl = BUF(BROKER_ACL_MAX),
		.ca = empty,
		.crl = empty,
		.server = empty,
		.server_key = empty,
		.site = empty };
	for (; n < b->names.n && n < NAMES_MAX; n++)
		names[n] = b->names.items[n];
	names[n++] = "localhost";
	names[n++] = "127.0.0.1";
	names[n] = "::1";
	buf_put(&m->ca, pki_chain(pki));
	buf_put(&m->ca, pki_root(pki));
	fine = own_certificate(
		   pki, pki_dir, "server", &server, anew, &m->server, &m->server_key) &&
	       own_certificate(pki, pki_dir, "site", &site, false, &m->site, &site_key) &&
	       file_read(crl, &m->crl);
	buf_wipe(&site_key);
	free(crl);
	return fine;
}

void
broker_material_free(struct broker_material *m)
{
	buf_free(&m->acl);
	buf_free(&m->ca);
	buf_free(&m->crl);
	buf_free(&m->server);
	buf_wipe(&m->server_key);
	buf_free(&m->site);
}

/* mosquitto takes lines as they are: the name is a thing's, of safe bytes only. */
void
broker_grant(struct broker_material *m, struct span thing)
{
	buf_printf(&m->acl,
	    "\nuser %.*s\n"
	    "topic write nbms/up/%.*s\n"
	    "topic write $aws/rules/Rule_%.*s\n"
	    "topic read %.*s\n",
	    SPAN_ARG(thing), SPAN_ARG(thing), SPAN_ARG(thing), SPAN_ARG(thing));
}

static const char acl_head[] =
    "# Made by nbms-device from its registry: changes here do not last.\n"
    "user " BROKER_SITE_USER "\n"
    "topic read nbms/up/#\n"
    "topic read $aws/rules/#\n"
    "topic readwrite nbms/live/#\n"
    "topic write +\n"
    "topic read $SYS/#\n";

static void
put_listener(struct buf *to, const struct broker *b, int64_t port, const char *extra)
{
	buf_printf(to,
	    "\nlistener %lld%s\n"
	    "certfile %s/server.pem\n"
	    "keyfile %s/server.key\n"
	    "tls_version tlsv1.2\n"
	    "ciphers ECDHE+AESGCM:ECDHE+CHACHA20\n"
	    "require_certificate true\n"
	    "use_identity_as_username true\n",
	    (long long)port, extra, b->out, b->out);
}

static void
put_gateways(struct buf *to, const struct broker *b, int64_t port)
{
	put_listener(to, b, port, "");
	buf_printf(to,
	    "cafile %s/ca.pem\n"
	    "crlfile %s/crl.pem\n"
	    "use_username_as_clientid true\n",
	    b->out, b->out);
}

static void
put_config(struct buf *to, const struct broker *b)
{
	buf_printf(to,
	    "# Made by nbms-device broker: changes here do not last.\n"
	    "per_listener_settings false\n"
	    "allow_anonymous false\n"
	    "acl_file %s/acl\n"
	    "pid_file %s/data/mosquitto.pid\n"
	    "persistence true\n"
	    "persistence_location %s/data/\n"
	    "autosave_interval %d\n"
	    "max_queued_messages 1000000\n"
	    "max_queued_bytes %lld\n"
	    "max_inflight_messages %d\n"
	    "max_packet_size %d\n"
	    "set_tcp_nodelay true\n"
	    "log_dest stderr\n"
	    "log_type error\n"
	    "log_type warning\n"
	    "log_type notice\n"
	    "log_timestamp_format %%Y-%%m-%%dT%%H:%%M:%%S%%z\n",
	    b->out, b->out, b->out, AUTOSAVE, (long long)b->queue, INFLIGHT, MESSAGE_MAX);
	if (geteuid() == 0)
		buf_printf(to, "user %s\n", b->user != NULL ? b->user : "root");
	if (b->plugin != NULL && strcmp(b->plugin, "none") != 0)
		buf_printf(to,
		    "plugin %s\n"
		    "plugin_opt_seen %s/data/seen.ndjson\n"
		    "plugin_opt_crl %s/crl.pem\n"
		    "plugin_opt_reloaded %s/data/reloaded\n",
		    b->plugin, b->out, b->out, b->out);
	buf_puts(to, "\n# gateways");
	put_gateways(to, b, b->port);
	if (b->websocket != 0) {
		put_gateways(to, b, b->websocket);
		buf_puts(to, "protocol websockets\n");
	}
	buf_puts(to, "\n# the site's own programs");
	put_listener(to, b, b->site_port, " 127.0.0.1");
	buf_printf(to, "cafile %s/site.pem\n", b->out);
}

/* --- the files --- */

#define FILES 7

struct file {
	const char *name;
	mode_t mode;
	struct span content;
};

/* made holds the two texts composed here; the rest is borrowed from m. */
static void
files_of(const struct broker *b, const struct broker_material *m, struct buf made[2],
    struct file files[FILES])
{
	made[0] = BUF(CONFIG_MAX);
	made[1] = BUF(BROKER_ACL_MAX);
	put_config(&made[0], b);
	buf_puts(&made[1], acl_head);
	buf_put(&made[1], buf_span(&m->acl));
	must(!made[0].full && !made[1].full && !m->acl.full);
	files[0] = (struct file){ "mosquitto.conf", 0644, buf_span(&made[0]) };
	files[1] = (struct file){ "acl", 0600, buf_span(&made[1]) };
	files[2] = (struct file){ "ca.pem", 0644, buf_span(&m->ca) };
	files[3] = (struct file){ "crl.pem", 0644, buf_span(&m->crl) };
	files[4] = (struct file){ "server.pem", 0644, buf_span(&m->server) };
	files[5] = (struct file){ "server.key", 0600, buf_span(&m->server_key) };
	files[6] = (struct file){ "site.pem", 0644, buf_span(&m->site) };
}

static bool
read_old(const struct broker *b, const char *name, struct buf *to)
{
	char *path = xasprintf("%s/%s", b->out, name);
	bool there;

	*to = BUF(PEM_FILE_MAX);
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
apply_one(const struct broker *b, const struct file *f, bool *changed)
{
	char *path = xasprintf("%s/%s", b->out, f->name);
	struct buf old;
	bool fine = true;

	if (!read_old(b, f->name, &old) || !span_eq(buf_span(&old), f->content)) {
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
	struct file files[FILES];
	struct buf made[2];
	bool fine = dir_make(b->out, 0755) && dir_make(data, 0700) && give_to(data, b->user);
	size_t i;

	*changed = false;
	files_of(b, m, made, files);
	for (i = 0; fine && i < FILES; i++)
		fine = apply_one(b, &files[i], changed);
	buf_free(&made[0]);
	buf_free(&made[1]);
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
	struct file files[FILES];
	struct buf made[2], old;
	size_t i, differ = 0;

	files_of(b, m, made, files);
	for (i = 0; i < FILES; i++) {
		bool there = read_old(b, files[i].name, &old);

		if (!there || !span_eq(buf_span(&old), files[i].content)) {
			differ++;
			out_printf(
			    "%s/%s: %s\n", b->out, files[i].name, there ? "differs" : "new");
			if (i < 2 && there) { /* the rest is PEM: nothing to read there */
				print_missing(buf_span(&old), files[i].content, '-');
				print_missing(files[i].content, buf_span(&old), '+');
			}
		}
		buf_wipe(&old);
	}
	buf_free(&made[0]);
	buf_free(&made[1]);
	return differ;
}

/* A number in a file may by now be any process's: only mosquitto is sent the signal. */
static bool
is_mosquitto(long pid)
{
	char *path = xasprintf("/proc/%ld/comm", pid);
	struct buf comm = BUF(256);
	bool is = file_read(path, &comm) && span_starts(buf_span(&comm), "mosquitto");

	free(path);
	buf_free(&comm);
	return is;
}

static long
running(const struct broker *b)
{
	struct buf text;
	long pid = 0;

	if (read_old(b, "data/mosquitto.pid", &text))
		pid = strtol(buf_text(&text), NULL, 10);
	buf_free(&text);
	return pid > 1 && is_mosquitto(pid) ? pid : 0;
}

bool
broker_runs(const struct broker *b)
{
	return running(b) != 0;
}

/* Waits until the broker's plugin says something new. */
static void
await_reload(const struct broker *b, struct span before)
{
	int64_t deadline = clock_monotonic() + RELOAD_WAIT;
	const struct timespec pause = { .tv_nsec = 2000000 };
	bool done = false;

	while (!done && clock_monotonic() < deadline) {
		struct buf now;

		(void)nanosleep(&pause, NULL);
		done = read_old(b, "data/reloaded", &now) && now.n > 0 &&
		       !span_eq(buf_span(&now), before);
		buf_free(&now);
	}
	if (!done)
		diag("%s: the broker has not said that it read its lists again", b->out);
}

bool
broker_reload(const struct broker *b)
{
	long pid = running(b);
	struct buf before;
	bool tells = read_old(b, "data/reloaded", &before);
	bool sent = pid != 0 && kill((pid_t)pid, SIGHUP) == 0;

	if (sent && tells)
		await_reload(b, buf_span(&before));
	buf_free(&before);
	return sent;
}

bool
broker_differs(const struct broker *b, const struct broker_material *m)
{
	struct file files[FILES];
	struct buf made[2], old;
	bool differs = false;
	size_t i;

	files_of(b, m, made, files);
	for (i = 0; i < FILES && !differs; i++) {
		differs = !read_old(b, files[i].name, &old) ||
			  !span_eq(buf_span(&old), files[i].content);
		buf_wipe(&old);
	}
	buf_free(&made[0]);
	buf_free(&made[1]);
	return differs;
}

void
broker_seen(
    const struct broker *b, void (*each)(void *ctx, struct span serial, when_t at), void *ctx)
{
	char *path = xasprintf("%s/data/seen.ndjson", b->out);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct json *j = json_new();
	struct lines *in = fd >= 0 ? lines_open(fd, path, 0) : NULL;
	struct span line, serial;
	json_value root;
	int64_t at;

	while (in != NULL && lines_next(in, &line) == LINES_LINE)
		if (json_parse(j, line, &root) &&
		    json_text(json_get(root, "serial"), &serial) &&
		    json_int(json_get(root, "at"), &at))
			each(ctx, serial, at);
	lines_free(in);
	json_free(j);
	if (fd >= 0)
		(void)close(fd);
	free(path);
}
