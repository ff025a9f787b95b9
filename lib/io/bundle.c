#include "io/bundle.h"
#include "base/diag.h"
#include "base/files.h"
#include "base/jsonw.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_MAX 8192
#define TAR_MAX ((size_t)1 << 20)
#define TAR_BLOCK 512
#define FILES 4
#define KEEPALIVE 60

struct file {
	const char *name;
	mode_t mode;
	struct span content;
};

static void
config(const struct bundle *b, struct buf *to)
{
	struct jw w = jw_begin(to);
	char *up = xasprintf("nbms/up/%.*s", SPAN_ARG(b->thing));
	char *rule = xasprintf("$aws/rules/Rule_%.*s", SPAN_ARG(b->thing));

	jw_object(&w);
	jw_member_text(&w, "thing", b->thing);
	jw_member_str(&w, "host", b->host);
	jw_member_int(&w, "port", b->port);
	jw_member_text(&w, "client_id", b->thing);
	jw_member_str(&w, "publish", up);
	jw_member_str(&w, "publish_compatible", rule);
	jw_member_text(&w, "subscribe", b->thing);
	jw_member_int(&w, "qos", 1);
	jw_member_int(&w, "keepalive", KEEPALIVE);
	jw_member_int(&w, "period", b->period);
	jw_member_str(&w, "cafile", "root-ca.pem");
	jw_member_str(&w, "certfile", "certificate.pem");
	jw_member_str(&w, "keyfile", b->key.n > 0 ? "private.key" : NULL);
	jw_end(&w);
	must(jw_finish(&w));
	buf_putc(to, '\n');
	free(up);
	free(rule);
}

/* Fills `files`; text holds the configuration. Returns how many there are. */
static size_t
files_of(const struct bundle *b, struct buf *text, struct file files[FILES])
{
	size_t n = 0;

	config(b, text);
	files[n++] = (struct file){ "certificate.pem", 0644, b->certificate };
	if (b->key.n > 0)
		files[n++] = (struct file){ "private.key", 0600, b->key };
	files[n++] = (struct file){ "root-ca.pem", 0644, b->root };
	files[n++] = (struct file){ "mw.json", 0644, buf_span(text) };
	return n;
}

bool
bundle_write_dir(const char *dir, const struct bundle *b)
{
	struct buf text = BUF(CONFIG_MAX);
	struct file files[FILES];
	size_t i, n = files_of(b, &text, files);
	bool fine = dir_make(dir, 0700);

	for (i = 0; fine && i < n; i++) {
		char *path = xasprintf("%s/%s", dir, files[i].name);

		fine = file_new(path, files[i].mode, files[i].content);
		free(path);
	}
	buf_free(&text);
	return fine;
}

/* A ustar header: fields are NUL-padded text, numbers octal, the checksum taken with its own
 * field blank. */
static void
tar_header(struct buf *to, const char *name, mode_t mode, size_t size, when_t at, char kind)
{
	struct {
		char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8],
		    kind[1], link[100], magic[6], version[2], uname[32], gname[32], major[8],
		    minor[8], prefix[155], pad[12];
	} h = { 0 };
	const unsigned char *p = (const unsigned char *)&h;
	unsigned int sum = 0, i;

	static_assert(sizeof(h) == TAR_BLOCK, "a ustar header is one block");
	memcpy(h.name, name, strnlen(name, sizeof(h.name)));
	(void)snprintf(h.mode, sizeof(h.mode), "%07o", (unsigned)mode);
	(void)snprintf(h.uid, sizeof(h.uid), "%07o", 0U);
	(void)snprintf(h.gid, sizeof(h.gid), "%07o", 0U);
	(void)snprintf(h.size, sizeof(h.size), "%011zo", size);
	(void)snprintf(h.mtime, sizeof(h.mtime), "%011llo", (unsigned long long)at);
	memset(h.checksum, ' ', sizeof(h.checksum));
	h.kind[0] = kind;
	memcpy(h.magic, "ustar", sizeof(h.magic));
	memcpy(h.version, "00", sizeof(h.version));
	for (i = 0; i < sizeof(h); i++)
		sum += p[i];
	(void)snprintf(h.checksum, sizeof(h.checksum), "%06o", sum);
	buf_put(to, (struct span){ (const char *)&h, sizeof(h) });
}

static void
tar_pad(struct buf *to)
{
	static const char zeros[TAR_BLOCK];

	buf_put(to, (struct span){ zeros, (TAR_BLOCK - to->n % TAR_BLOCK) % TAR_BLOCK });
}

bool
bundle_write_tar(const char *path, const struct bundle *b)
{
	static const char end[2 * TAR_BLOCK];
	struct buf text = BUF(CONFIG_MAX), tar = BUF(TAR_MAX);
	struct file files[FILES];
	size_t i, n = files_of(b, &text, files);
	char *name = xasprintf("%.*s/", SPAN_ARG(b->thing));
	bool fine;

	tar_header(&tar, name, 0700, 0, b->made, '5');
	free(name);
	for (i = 0; i < n; i++) {
		name = xasprintf("%.*s/%s", SPAN_ARG(b->thing), files[i].name);
		tar_header(&tar, name, files[i].mode, files[i].content.n, b->made, '0');
		buf_put(&tar, files[i].content);
		tar_pad(&tar);
		free(name);
	}
	buf_put(&tar, (struct span){ end, sizeof(end) });
	must(!tar.full);
	fine = file_new(path, 0600, buf_span(&tar));
	buf_wipe(&tar);
	buf_free(&text);
	return fine;
}

static bool
read_member(const char *dir, const char *name, struct buf *to)
{
	char *path = xasprintf("%s/%s", dir, name);
	bool fine;

	buf_clear(to);
	fine = file_read(path, to);
	free(path);
	return fine;
}

bool
bundle_read(const char *dir, struct buf *certificate, struct buf *key, struct bundle *b)
{
	if (!read_member(dir, "certificate.pem", certificate)) {
		if (errno == ENOENT)
			diag("%s: its certificate is not there", dir);
		return false;
	}
	if (!read_member(dir, "private.key", key) && errno != ENOENT)
		return false;
	b->certificate = buf_span(certificate);
	b->key = buf_span(key);
	return true;
}

bool
bundle_sweep(const char *dir, struct span thing,
    bool (*keep)(void *ctx, struct span thing, struct span serial), void *ctx)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool fine = true;

	while (d != NULL && (e = readdir(d)) != NULL) {
		struct span serial = { e->d_name, strcspn(e->d_name, ".") };
		char *path = xasprintf("%s/%s", dir, e->d_name);

		if (serial.n > 0 && !keep(ctx, thing, serial))
			fine = dir_remove(path) && fine;
		free(path);
	}
	if (d != NULL)
		(void)closedir(d);
	return fine;
}
