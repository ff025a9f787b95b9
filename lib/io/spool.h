/*
 * spool: the durable stream of envelopes: NDJSON segments DIR/spool/<first seq, 16
 * digits>.ndjson.
 *
 * Records are numbered from 1 without gaps; each line begins {"seq":N, . One process writes
 * (the folder is locked); any number read, from any seq. What is written and not yet durable is
 * never shown to the writer's own reader. After a crash the writer cuts off a torn tail, which
 * nobody was told was kept.
 *
 * Trouble: the writer ends the program, and a record it was given last has then not been kept:
 * EX_TEMPFAIL where another process writes, EX_IOERR for a full or failing disk, EX_NOPERM,
 * EX_CANTCREAT.
 */
#ifndef NBMS_IO_SPOOL_H
#define NBMS_IO_SPOOL_H

#include "base/lines.h"
#include "base/span.h"
#include "base/when.h"

#include <stdint.h>

#define SPOOL_SEGMENT                                                           \
	((int64_t)64 << 20) /* default bytes after which a new segment is begun \
			     */
#define SPOOL_LINE_MAX (LINES_MAX + (4U << 10)) /* the longest record, in its envelope */

/* The folder of a state directory's spool; to be freed. */
char *spool_folder(const char *dir);

struct spool;

/*
 * Makes DIR/spool if need be; says what it cut off. segment_bytes 0: SPOOL_SEGMENT. Numbers go
 * on above `done`, the highest checkpoint, also where the spool ends before it (it was removed,
 * or is a backup's): a record with a number that someone has done already would be passed over.
 */
struct spool *spool_open(const char *dir, int64_t segment_bytes, uint64_t done);
void spool_close(struct spool *s);

/* The number the next record gets. */
uint64_t spool_next_seq(const struct spool *s);

/* All records below it are on the disk. */
uint64_t spool_durable(const struct spool *s);

/* Appends n records, whole lines numbered from spool_next_seq on; the disk may begin with them.
 */
void spool_write(struct spool *s, struct span lines, uint64_t n);

/* Returns once all that was written is on the disk. */
void spool_sync(struct spool *s);

/* Where a record begins in the spool's files. */
struct spool_place {
	uint64_t seq;     /* its number */
	uint64_t segment; /* the first number of its segment, */
	int64_t at;       /* and the bytes before it there */
};

/* Of the next record. */
struct spool_place spool_place(const struct spool *s);

struct spool_reader;

/* Reads from `from` on, or from the first record there is after it, which is said; 0: from the
 * first there is. NULL: there is no spool (reported). */
struct spool_reader *spool_read(const char *dir, uint64_t from);
void spool_reader_free(struct spool_reader *r);

/*
 * The next record numbered below `end`; false: there is none (yet). The line is without LF and
 * borrowed until the next call. Damaged lines are said and passed over. UINT64_MAX as end reads
 * what there is, up to a line still being written.
 */
bool spool_reader_next(struct spool_reader *r, uint64_t end, struct span *line, uint64_t *seq);

/* The lowest number that spool_reader_next may give next. */
uint64_t spool_reader_position(const struct spool_reader *r);

/* Goes on from there, without reading what is passed over. */
void spool_reader_seek(struct spool_reader *r, const struct spool_place *to);

/* Which segments may go: those wholly at or below `done`, and older than max_age or too many
 * for max_bytes. */
struct spool_limits {
	uint64_t done;     /* the lowest checkpoint */
	int64_t max_age;   /* seconds since it was last written; -1: no matter */
	int64_t max_bytes; /* of all segments together; -1: no matter */
};

struct spool_segment {
	uint64_t first, last; /* records */
	int64_t bytes;
	when_t written;
};

typedef void spool_segment_fn(void *ctx, const struct spool_segment *segment);

/* Tells of the segments in order, the last of which may grow; `last` is then UINT64_MAX. */
void spool_each(const char *dir, spool_segment_fn *segment, void *ctx);

/* The path of a segment; to be freed. */
char *spool_path(const char *dir, uint64_t first);

/* Does a process write to it? */
bool spool_is_written(const char *dir);

/* Removes them, oldest first, and tells of each; the segment written last always stays. */
void spool_trim(
    const char *dir, const struct spool_limits *limits, spool_segment_fn *removed, void *ctx);

#endif
