/* Where the files are. */
#include "base/diag.h"
#include "db/engine_sqlite.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static char *
site_path(const char *dir)
{
	return xasprintf("%s/nbms.db", dir);
}

static char *
month_path(const char *dir, struct span building_key, const char *month)
{
	return xasprintf("%s/history/%.*s/%s.db", dir, SPAN_ARG(building_key), month);
}

static bool
exists(const char *path, enum db_family family)
{
	(void)family;
	return access(path, F_OK) == 0;
}

static int64_t
bytes(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
is_month_file(const char *name)
{
	static const char shape[] = "0000-00.db";
	size_t i;

	for (i = 0; shape[i] != '\0'; i++)
		if (shape[i] == '0' ? name[i] < '0' || name[i] > '9' : name[i] != shape[i])
			return false;
	return name[i] == '\0';
}

static size_t
months(const char *dir, struct span building_key, char ***names)
{
	char *folder = xasprintf("%s/history/%.*s", dir, SPAN_ARG(building_key));
	DIR *d = opendir(folder);
	struct dirent *e;
	size_t n = 0;

	free(folder);
	*names = NULL;
	while (d != NULL && (e = readdir(d)) != NULL) {
		if (!is_month_file(e->d_name))
			continue;
		*names = xrealloc(*names, (n + 1) * sizeof(**names));
		(*names)[n++] = xstrndup(e->d_name, strlen("YYYY-MM"));
	}
	if (d != NULL)
		(void)closedir(d);
	if (n > 0)
		qsort(*names, n, sizeof(**names), by_name);
	return n;
}

/* SQLite's companions go first: without them the file is still whole. */
static bool
remove_files(const char *path)
{
	static const char *const tails[] = { "-shm", "-wal", "" };
	bool fine = true;
	size_t i;

	for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		char *each = xasprintf("%s%s", path, tails[i]);

		if (unlink(each) != 0 && errno != ENOENT) {
			diag("%s: cannot remove: %s", each, strerror(errno));
			fine = false;
		}
		free(each);
	}
	return fine;
}

const struct engine_places sqlite_places = {
	.site_path = site_path,
	.month_path = month_path,
	.exists = exists,
	.bytes = bytes,
	.months = months,
	.remove = remove_files,
};
