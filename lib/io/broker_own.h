/* broker_own: what broker.c and its engines share; nobody else's. */
#ifndef NBMS_IO_BROKER_OWN_H
#define NBMS_IO_BROKER_OWN_H

#include "io/broker.h"

#include <sys/types.h>

#define BROKER_HOST_MAX 254
#define BROKER_FILES_MAX (BROKER_NODES_MAX + 8)
#define BROKER_MADE_MAX (BROKER_NODES_MAX + 3)
#define BROKER_PEM_MAX ((size_t)256 << 20)
#define BROKER_MESSAGE_MAX (16 << 20) /* as long as the longest line the programs take */
#define BROKER_INFLIGHT 100           /* of 98 KB each: 10 MB on its way to a receiver */

/* A file of the configuration. */
struct broker_file {
	const char *name;
	mode_t mode;
	struct span content;
	bool lines; /* a text: what differs may be shown */
};

/* The files, and what is composed for them: free with broker_files_free. */
struct broker_files {
	struct broker_file file[BROKER_FILES_MAX];
	size_t n;
	struct buf made[BROKER_MADE_MAX];
	size_t n_made;
};

struct broker_engine {
	const char *name;
	const char *(*wrong)(const struct broker *b); /* see broker_wrong */
	/* the i-th host that the broker's certificates name beside b->names; false: no more */
	bool (*host)(const struct broker *b, size_t i, char to[BROKER_HOST_MAX]);
	void (*grant)(const struct broker *b, struct broker_material *m, struct span thing,
	    struct span serial, bool first);
	void (*files)(
	    const struct broker *b, const struct broker_material *m, struct broker_files *to);
	bool (*runs)(const struct broker *b);
	bool (*reload)(const struct broker *b);
	void (*seen)(const struct broker *b,
	    void (*each)(void *ctx, struct span serial, when_t at), void *ctx);
	/* see broker_crowded; NULL: there are no shards */
	void (*crowded)(
	    const struct broker *b, void (*each)(void *ctx, int64_t shard), void *ctx);
	/* see broker_unwell; NULL: it says nothing of itself */
	void (*unwell)(const struct broker *b,
	    void (*each)(void *ctx, const char *node, const char *why), void *ctx);
};

extern const struct broker_engine broker_mosquitto, broker_nats;

/* Adds a file with content that the material holds; and one to be composed in the result. */
void broker_file_add(
    struct broker_files *to, const char *name, mode_t mode, const struct buf *content);
struct buf *broker_file_made(struct broker_files *to, size_t max);
void broker_file_close(struct broker_files *to, const char *name, mode_t mode);

/* The file as it is on the disk; false: not there. The caller frees `to` in any case. */
bool broker_file_read(const struct broker *b, const char *name, struct buf *to);

/* The process whose id a file below the directory holds, if it is one of that program now;
 * otherwise 0. */
long broker_process(const struct broker *b, const char *pid_file, const char *program);

#endif
