/*
 * audit: who changed what from outside, when, from where; what stood before and after. A change
 * is noted before it is made, so that one that is cut off is seen to have been.
 */
#ifndef NBMS_DB_AUDIT_H
#define NBMS_DB_AUDIT_H

#include "base/buf.h"
#include "base/when.h"
#include "db/engine.h"

/* What a change is to, for looking at it before and after. */
enum audit_of {
	AUDIT_NOTHING,
	AUDIT_ALARM,
	AUDIT_SCHEDULE,
	AUDIT_CALENDAR,
	AUDIT_MANUAL,
	AUDIT_COMPOSITE,
	AUDIT_ZONE,
	AUDIT_ENDPOINT,
	AUDIT_USER,
	AUDIT_CONTROL
};

struct audit {
	when_t at;
	const char *user, *customer, *remote, *action;
	struct span building; /* B001; p NULL: none in particular */
	struct span request;  /* JSON */
	enum audit_of of;
	struct span id; /* of what is changed */
	/* of audit_begin, for audit_end */
	int64_t row;
};

/* Both are a transaction of their own. */
void audit_begin(struct db *site, struct audit *a);
void audit_end(struct db *site, const struct audit *a, int status, const char *message);

#endif
