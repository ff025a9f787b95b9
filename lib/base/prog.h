/*
 * prog: the beginning and the end of every program.
 *
 * prog_begin names the program, ignores SIGPIPE and SIGXFSZ, turns SIGTERM and SIGINT into a
 * flag and SIGUSR1 into a request for the counts. prog_end flushes and checks stdout and gives
 * main its exit status. In between, prog_counts is where records are counted; in = out +
 * rejected + duplicate once all is done, and prog_end aborts a program whose sum is wrong after
 * a complete run (status 0).
 */
#ifndef NBMS_BASE_PROG_H
#define NBMS_BASE_PROG_H

#include <stdbool.h>
#include <stdint.h>

struct prog_counts {
	uint64_t in;        /* records read */
	uint64_t out;       /* records understood and done */
	uint64_t rejected;  /* records in the reject ledger, or reported where there is none */
	uint64_t duplicate; /* records already done in an earlier run */
};

void prog_begin(const char *name);
int prog_end(int status);

struct prog_counts *prog_counts(void);

/* Prints the counts at the end (the option --count of programs that read records). */
void prog_print_counts_at_end(void);

/* Rejected records end the run with EX_DATAERR instead of EX_REJECTED (the option --strict). */
void prog_strict(void);

/* Has SIGTERM or SIGINT come, or prog_stop been called? */
bool prog_stopping(void);
void prog_stop(void);

/* Between records, or at least every second: answers SIGUSR1, and writes the metrics when it
 * is time to. */
void prog_tick(void);

#endif
