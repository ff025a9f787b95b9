#include "store/backup.h"
#include "base/diag.h"
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIST_MAX ((size_t)256 << 20)

bool
backup_digest(const char *path, char to[SIGN_HEX], int64_t *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char digest[SIGN_SHA256];
	void *p = MAP_FAILED;
	struct stat st;
	size_t n = 0;

	if (fd >= 0 && fstat(fd, &st) == 0 && (n = (size_t)st.st_size) > 0)
		p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd < 0 || (n > 0 && p == MAP_FAILED)) {
		diag("%s: cannot read: %s", path, strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return false;
	}
	sign_sha256(digest, (struct span){ n > 0 ? p : "", n });
	(void)sign_hex(to, digest);
	*bytes = (int64_t)n;
	if (n > 0)
		(void)munmap(p, n);
	(void)close(fd);
	return true;
}

/* A path that stays in the backup: relative, without "..", in characters that are there. */
static bool
path_is_fine(struct span path)
{
	size_t i;

	if (path.n == 0 || path.p[0] == '/' || memchr(path.p, '\0', path.n) != NULL)
		return false;
	for (i = 0; i + 1 < path.n; i++)
		if (path.p[i] == '.' && path.p[i + 1] == '.' &&
		    (i == 0 || path.p[i - 1] == '/') &&
		    (i + 2 == path.n || path.p[i + 2] == '/'))
			return false;
	return true;
}

static bool
take_line(struct backup_list *list, json_value root)
{
	struct backup_file *f;
	struct span path, sha256, source = { NULL, 0 };
	int64_t bytes;

	if (json_int(json_get(root, "backup"), &list->form))
		return json_int(json_get(root, "site_schema"), &list->site_schema) &&
		       json_int(json_get(root, "month_schema"), &list->month_schema) &&
		       json_int(json_get(root, "done"), &list->done) &&
		       json_int(json_get(root, "spool"), &list->spool);
	if (!json_text(json_get(root, "path"), &path) || !path_is_fine(path) ||
	    !json_text(json_get(root, "sha256"), &sha256) || sha256.n != SIGN_HEX - 1 ||
	    !json_int(json_get(root, "bytes"), &bytes))
		return false;
	(void)json_text(json_get(root, "source"), &source);
	list->files = xrealloc(list->files, (list->n + 1) * sizeof(*list->files));
	f = &list->files[list->n++];
	*f = (struct backup_file){ .path = xstrndup(path.p, path.n), .bytes = bytes };
	memcpy(f->sha256, sha256.p, sha256.n);
	if (source.p != NULL)
		f->source = xstrndup(source.p, source.n);
	return true;
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(
	    ((const struct backup_file *)a)->path, ((const struct backup_file *)b)->path);
}

static bool
take_lines(struct backup_list *list, const char *path, struct span text)
{
	struct json *json = json_new();
	struct where at = { path, 0 };
	bool fine = true;

	while (fine && text.n > 0) {
		const char *lf = memchr(text.p, '\n', text.n);
		struct span line = { text.p, lf != NULL ? (size_t)(lf - text.p) : text.n };
		json_value root;

		at.line++;
		fine = lf != NULL && json_parse_copy(json, line, &root) &&
		       json_kind_of(root) == JSON_OBJECT && take_line(list, root);
		if (!fine)
			diag_at(&at, "not a line of a backup's list");
		text.p += line.n + 1;
		text.n -= fine ? line.n + 1 : text.n;
	}
	json_free(json);
	return fine;
}

bool
backup_list_read(struct backup_list *list, const char *dir)
{
	char *path = xasprintf("%s/%s", dir, BACKUP_LIST);
	struct buf text = BUF(LIST_MAX);
	bool fine;

	*list = (struct backup_list){ 0 };
	errno = 0;
	fine = file_read(path, &text);
	if (!fine && errno == ENOENT)
		diag("%s: no backup, or one that was not finished: there is no %s", dir,
		    BACKUP_LIST);
	fine = fine && take_lines(list, path, buf_span(&text));
	if (fine && list->form != BACKUP_FORM) {
		diag("%s: not a list of form %d", path, BACKUP_FORM);
		fine = false;
	}
	if (list->n > 1)
		qsort(list->files, list->n, sizeof(*list->files), by_path);
	buf_free(&text);
	free(path);
	if (!fine)
		backup_list_free(list);
	return fine;
}

void
backup_list_free(struct backup_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		free(list->files[i].path);
		free(list->files[i].source);
	}
	free(list->files);
	*list = (struct backup_list){ 0 };
}

const struct backup_file *
backup_list_find(const struct backup_list *list, const char *path)
{
	struct backup_file wanted = { .path = (char *)(uintptr_t)path };

	if (list->n == 0)
		return NULL;
	return bsearch(&wanted, list->files, list->n, sizeof(*list->files), by_path);
}
