/*
 * source: a named input as lines: a file, "-" for stdin, or a file compressed with gzip, told
 * by its name's end `.gz`.
 */
#ifndef NBMS_IO_SOURCE_H
#define NBMS_IO_SOURCE_H

#include "base/lines.h"

struct source;

/* NULL where it cannot be opened, which was reported. max: as in lines_open. */
struct source *source_open(const char *name, size_t max);
void source_close(struct source *s);

struct lines *source_lines(struct source *s);

/* Bytes of the file, and how many of them have been read; size 0 where that is not known. */
uint64_t source_size(const struct source *s);
uint64_t source_position(const struct source *s);

#endif
