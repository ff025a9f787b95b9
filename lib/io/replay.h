/*
 * replay: captured logs into the stream, as fast as it goes or at a multiple of the pace they
 * were captured at.
 *
 * Marks come after every 256 records, at the end, and once a second while the pace makes it
 * wait: the same logs give the same stream, byte for byte.
 */
#ifndef NBMS_IO_REPLAY_H
#define NBMS_IO_REPLAY_H

#include "io/intake.h"

/*
 * The files in turn, "-" being stdin, with a bar on stderr where that is a terminal; speed 0:
 * as fast as it goes. Returns 0, or EX_NOINPUT or EX_IOERR, which was reported.
 */
int replay_files(struct intake *in, size_t n, const char *const names[], double speed);

#endif
