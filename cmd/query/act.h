/* act: a POST on its way to the program that owns the change. */
#ifndef NBMS_QUERY_ACT_H
#define NBMS_QUERY_ACT_H

#include "bms/thing.h"
#include "query/job.h"

#define ACT_ARGS 48
#define ACT_WAIT 10       /* seconds that a gateway may take to answer */
#define ACT_TEXT_MAX 4096 /* bytes of a text in a body */

struct act {
	const struct request *request;
	const struct token_user *user;
	struct db *site;
	const char *dir;
	struct json *json; /* for one thing at a time */
	json_value body;
	struct buf kept;                /* the body, as the audit keeps it */
	struct span customer, building; /* of the member "building"; p NULL: there was none */
	/* what the endpoint's function fills in */
	char *argv[ACT_ARGS];
	int argc;
	struct buf input;
	int of; /* enum audit_of */
	struct span id;
	struct buf id_text; /* where it is none of the body's */
	const char *prints; /* the member that its output is, where that is no rows */
};

/* One more argument, the first of them the program. */
void act_arg(struct act *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --option=member's text, where it is there. As one argument: no text can pass for an option.
 */
void act_option(struct act *a, const char *option, const char *member);

/* p NULL: it is not there. */
struct span act_text(const struct act *a, const char *name);

#endif
