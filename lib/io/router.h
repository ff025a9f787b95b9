/*
 * router: records to the commands that their kind (bms/dispatch.h) or a rule (base/rule.h)
 * names, through sinks (base/sink.h). Only the head of a record is looked at, unless rules have
 * to be asked.
 */
#ifndef NBMS_IO_ROUTER_H
#define NBMS_IO_ROUTER_H

#include "base/records.h"
#include "bms/dispatch.h"

struct router;

struct router *router_new(enum dispatch_by key);
void router_free(struct router *r);

/* In this order: every route; its copies and rules, and the table, in any order. NULL, or what
 * is wrong. Texts are borrowed. */
const char *router_add(struct router *r, const char *name, const char *command);
const char *router_copies(struct router *r, struct span name, size_t copies);
const char *router_rule(struct router *r, struct span name, const char *program);

/* Compiles the rules. False: one does not compile (said). Before router_table and router_start.
 */
bool router_compile(struct router *r);

/* A line of the user's table. */
const char *router_table(struct router *r, json_value line);

/* Starts the commands. False: one could not be started (said). line_max and ledger as for
 * sinks_new. */
bool router_start(struct router *r, size_t line_max, struct reject *ledger);

/*
 * Every record that can be read from a descriptor, until its end, a stop, or the death of a
 * sink; then the end of input to the sinks, and their ends. Says what was passed over. Returns
 * the status: see sinks_end, or EX_IOERR.
 */
int router_run(struct router *r, struct records *records, int fd, const char *name);

#endif
