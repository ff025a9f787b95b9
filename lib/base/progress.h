/*
 * progress: a bar on stderr for work that takes long, where stderr is a terminal; otherwise
 * nothing at all.
 */
#ifndef NBMS_BASE_PROGRESS_H
#define NBMS_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool shown;
	const char *what;    /* borrowed: a file's name */
	uint64_t total;      /* bytes; 0: not known */
	int64_t began, last; /* clock_monotonic */
};

void progress_begin(struct progress *p, const char *what, uint64_t total);

/* Cheap enough for every record: it draws at most ten times a second. */
void progress_at(struct progress *p, uint64_t done, uint64_t records);

/* Takes the bar away. */
void progress_end(struct progress *p);

#endif
