/*
 * lease: one of several processes that stand by for one another, on this machine or on others,
 * has it at a time (db_lease). It goes to another when its process or its connection to the
 * database is no more, when the process does not run, or when it is left.
 */
#ifndef NBMS_DB_LEASE_H
#define NBMS_DB_LEASE_H

#include <stdbool.h>

struct lease;

/* A database that cannot be reached ends the program as db_open does. dir and name have to
 * outlive it. */
struct lease *lease_open(const char *dir, const char *name);
void lease_close(struct lease *l); /* NULL is fine */

/* Is it this process's? Asks the database five times a second at most, and not at all in the
 * first second after it was left. */
bool lease_take(struct lease *l);
void lease_leave(struct lease *l);

/* Ends the program with EX_TEMPFAIL where another has taken it from this one, which did not run
 * for a while. Asks nobody; NULL is fine. */
void lease_check(const struct lease *l);

#endif
