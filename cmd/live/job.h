/* job: what the verbs of nbms-live share. */
#ifndef NBMS_LIVE_JOB_H
#define NBMS_LIVE_JOB_H

#include "base/opt.h"
#include "base/records.h"
#include "base/table.h"
#include "db/control.h"
#include "db/session.h"
#include "db/token.h"
#include "io/mqtt.h"

struct live_job {
	/* options */
	const char *dir, *token_file, *learn;
	const char *building, *point, *value, *by, *role, *customer, *name, *mail, *expires;
	const char *out, *channels;
	struct opt_list buildings, topics;
	struct mqtt_options mqtt;
	struct records records;
	struct table_options form;
	int64_t priority, minutes, wait, stall, fresh;
	/* state */
	struct db *site;
	bool own_broker; /* mqtt was filled in from what is known of the site's broker */
};

/* Each gets the operands and returns an exit status. */
int verb_session(struct live_job *job, int argc, char *argv[]);
int verb_token(struct live_job *job, int argc, char *argv[]);
int verb_feed(struct live_job *job, int argc, char *argv[]);
int verb_sweep(struct live_job *job, int argc, char *argv[]);
int verb_control(struct live_job *job, int argc, char *argv[]);
int verb_relinquish(struct live_job *job, int argc, char *argv[]);

/* A building's zone, from the registry; UTC (NULL) where it is not there. */
const struct zone *job_zone(struct live_job *job, struct span building_key);

/*
 * link: one process's line to the gateways: its row among the connections, its client of the
 * broker, and what is under way to gateways. Whatever the gateways have to be told is published
 * at QoS 1 and counts once the broker has acknowledged it.
 */
struct link;

typedef void link_message_fn(void *ctx, const struct mqtt_message *m);

/* Connects, in time: nothing here waits. customer NULL: the site's own. What dead sessions have
 * left is taken over and released. */
struct link *link_open(struct live_job *job, const char *user, const char *customer,
    link_message_fn *handler, void *ctx);

/* Releases all that is held, waits a few seconds until that is acknowledged, and frees. What
 * could not be told is left for the next one to find. */
void link_close(struct link *l);

const char *link_id(const struct link *l);
bool link_connected(const struct link *l);
size_t link_under_way(const struct link *l); /* messages not acknowledged */

/* A turn: sends and reads; between turns poll(2) for link_poll, for at most link_timeout ms. */
struct pollfd link_poll(const struct link *l);
int link_timeout(const struct link *l);
void link_turn(struct link *l);

/* The same with its own poll. */
void link_wait(struct link *l, int ms);

/* Wants or no longer wants points of a gateway; what has to be told is sent. A transaction is
 * made. */
void link_hold(struct link *l, struct span thing, const struct span points[], size_t n);
void link_leave(struct link *l, struct span thing, const struct span points[], size_t n);

/* Sends a control; ends: acknowledged, the control has expired (control_end). */
void link_control(struct link *l, const struct control *c, bool ends);

/* Hears nbms/live/<thing>, or no more; the text is borrowed meanwhile. */
void link_listen(struct link *l, const char *topic);
void link_ignore(struct link *l, const char *topic);

/*
 * Asks for a value to be written, for whoever was checked to be allowed to: checks the point
 * and the value, notes it in `control`, and sends it. NULL, with *c filled (texts in `text`) or
 * an error's code with *why in words.
 */
struct steer {
	struct span building_key, point_id;
	json_value value; /* null relinquishes */
	int64_t priority, minutes;
	const char *user;
};

#define STEER_MINUTES 60             /* a value is held so long, unless told otherwise */
#define STEER_MINUTES_MAX (7 * 1440) /* and at most */
#define STEER_ANSWER 30 /* seconds a gateway has to answer, unless --wait says otherwise */

const char *steer(struct link *l, struct live_job *job, const struct steer *s, struct buf *text,
    struct control *c, const char **why);

/* The members of a control as sessions and commands tell it, into an object that is open. */
struct jw;
void steer_write(struct jw *w, const struct control *c, const struct zone *zone);

#endif
