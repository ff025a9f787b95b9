#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAGIC 0x314A424E /* "NBJ1" */
#define MESSAGE_MAX ((uint32_t)256 << 20)

/* Which save the journal follows. */
struct header {
	uint32_t magic;
	uint32_t waits; /* messages from gateways that nobody was there for: no save has them */
	uint64_t ino;
	int64_t seconds, nanoseconds; /* of its last change */
};

struct entry {
	uint32_t magic;
	uint32_t topic, payload; /* bytes; the topic's NUL included */
	uint8_t qos, retain, zero[2];
};

struct journal {
	char *path, *saved;
	int fd;
	struct header header;
	off_t left;        /* up to there an earlier broker's messages, */
	bool waits_down;   /* of which those to gateways have not gone out */
	bool waits_up;     /* nobody has subscribed to what gateways send */
	int saves_to_wait; /* until what was replayed is in a save for sure */
	off_t end;
};

static struct header
look(const char *saved)
{
	struct header h = { .magic = MAGIC };
	struct stat st;

	if (stat(saved, &st) == 0) {
		h.ino = (uint64_t)st.st_ino;
		h.seconds = st.st_mtim.tv_sec;
		h.nanoseconds = st.st_mtim.tv_nsec;
	}
	return h;
}

static bool
is_same(const struct header *a, const struct header *b)
{
	return a->ino == b->ino && a->seconds == b->seconds && a->nanoseconds == b->nanoseconds;
}

/* Goes on with what is there, as of that save. */
static bool
note(struct journal *j, struct header h)
{
	h.waits = j->waits_up;
	if (pwrite(j->fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h))
		return false;
	j->header = h;
	return true;
}

/* The save's new name is on the disk before the journal forgets what it covers. */
static bool
sync_folder(const char *saved)
{
	char path[PATH_MAX];
	int fd;
	bool fine;

	(void)snprintf(path, sizeof(path), "%s", saved);
	fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fine = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		(void)close(fd);
	return fine;
}

/* Begins behind a save. */
static bool
start_anew(struct journal *j, const struct header *h)
{
	if (!sync_folder(j->saved) || ftruncate(j->fd, 0) != 0 || !note(j, *h))
		return false;
	j->end = (off_t)sizeof(*h);
	j->left = 0;
	return true;
}

/* An entry and its texts at an offset; the caller frees *texts. False: there is no whole one.
 */
static bool
read_entry(const struct journal *j, off_t at, struct entry *e, char **texts)
{
	size_t n;

	if (pread(j->fd, e, sizeof(*e), at) != (ssize_t)sizeof(*e) || e->magic != MAGIC ||
	    e->topic == 0 || e->topic > UINT16_MAX + 1 || e->payload > MESSAGE_MAX)
		return false;
	n = (size_t)e->topic + e->payload;
	*texts = malloc(n);
	if (*texts != NULL && pread(j->fd, *texts, n, at + (off_t)sizeof(*e)) == (ssize_t)n &&
	    (*texts)[e->topic - 1] == '\0')
		return true;
	free(*texts);
	return false;
}

static off_t
length(const struct entry *e)
{
	return (off_t)sizeof(*e) + (off_t)e->topic + (off_t)e->payload;
}

static bool
is_up(const char *topic)
{
	return strncmp(topic, "nbms/up/", 8) == 0 || topic[0] == '$';
}

/* Where the whole entries end, and whether there are any of each kind. */
static void
survey(struct journal *j)
{
	struct entry e;
	char *texts;

	j->end = (off_t)sizeof(struct header);
	while (read_entry(j, j->end, &e, &texts)) {
		j->waits_down = j->waits_down || !is_up(texts);
		j->end += length(&e);
		free(texts);
	}
	j->left = j->end;
}

struct journal *
journal_open(const char *path, const char *saved)
{
	struct journal *j = calloc(1, sizeof(*j));
	const struct header now = look(saved);

	if (j == NULL)
		return NULL;
	j->path = strdup(path);
	j->saved = strdup(saved);
	j->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (j->path == NULL || j->saved == NULL || j->fd < 0) {
		journal_close(j);
		return NULL;
	}
	/* until someone subscribes, the broker has nobody to keep messages for */
	j->waits_up = true;
	j->end = 0;
	if (pread(j->fd, &j->header, sizeof(j->header), 0) == (ssize_t)sizeof(j->header) &&
	    j->header.magic == MAGIC && (j->header.waits != 0 || is_same(&j->header, &now)))
		survey(j);
	/* what was torn off may not be read behind a shorter entry; a later save has all that
	 * came before it */
	if (j->end > 0 ? ftruncate(j->fd, j->end) == 0 && note(j, now) : start_anew(j, &now))
		return j;
	journal_close(j);
	return NULL;
}

void
journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	if (j->fd >= 0)
		(void)close(j->fd);
	free(j->path);
	free(j->saved);
	free(j);
}

/* After a save: what it covers is forgotten, but not what has yet to be published. */
static bool
follow(struct journal *j)
{
	const struct header now = look(j->saved);

	if (is_same(&now, &j->header))
		return true;
	if (!j->waits_up && !j->waits_down && --j->saves_to_wait < 0) {
		j->saves_to_wait = 0;
		return start_anew(j, &now);
	}
	return note(j, now);
}

bool
journal_put(struct journal *j, const struct journal_message *m)
{
	const struct entry e = { .magic = MAGIC,
		.topic = (uint32_t)strlen(m->topic) + 1,
		.payload = (uint32_t)m->n,
		.qos = (uint8_t)m->qos,
		.retain = m->retain };
	const struct iovec parts[] = { { (void *)(uintptr_t)&e, sizeof(e) },
		{ (void *)(uintptr_t)m->topic, e.topic },
		{ (void *)(uintptr_t)m->payload, m->n } };
	ssize_t n;

	if (!follow(j))
		return false;
	n = pwritev(j->fd, parts, 3, j->end);
	if (n >= 0 && n != (ssize_t)length(&e))
		errno = ENOSPC;
	if (n != (ssize_t)length(&e) || fdatasync(j->fd) != 0) {
		int why = errno;

		(void)!ftruncate(j->fd, j->end);
		errno = why;
		return false;
	}
	j->end += n;
	return true;
}

size_t
journal_replay(struct journal *j, bool up, journal_publish *publish)
{
	bool *waits = up ? &j->waits_up : &j->waits_down;
	off_t at = (off_t)sizeof(struct header), end = up ? j->end : j->left;
	struct entry e;
	char *texts;
	size_t n = 0;
	bool fine = true;

	while (*waits && fine && at < end && read_entry(j, at, &e, &texts)) {
		const struct journal_message m = { texts, texts + e.topic, e.payload, e.qos,
			e.retain != 0 };

		if (is_up(texts) == up) {
			fine = publish(&m);
			n += fine;
		}
		at += length(&e);
		free(texts);
	}
	if (*waits && fine) {
		*waits = false;
		/* the next save may be older than what was published just now */
		j->saves_to_wait = 1;
		(void)note(j, j->header);
	}
	return n;
}
