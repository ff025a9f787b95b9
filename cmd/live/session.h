/* session: what the parts of one session share. */
#ifndef NBMS_LIVE_SESSION_H
#define NBMS_LIVE_SESSION_H

#include "base/conflate.h"
#include "base/jsonw.h"
#include "base/lines.h"
#include "base/proc.h"
#include "db/standing.h"
#include "io/sign.h"
#include "live/job.h"

#define SESSION_POINTS 8192 /* subscribed to at a time */
#define SESSION_ALARMS 256  /* buildings whose alarms are watched */
#define SESSION_TASKS 2     /* under way at a time */

struct wanted; /* a point that is subscribed to */
struct heard;  /* a gateway that is listened to */
struct units;  /* composites that are subscribed to */

/* A control whose fate the session tells: as it was told last. */
struct watched {
	char request_id[CONTROL_ID];
	char state[16];
	when_t deadline; /* 0: somebody else's */
	struct watched *next;
};

/* A task under way. */
struct asked {
	struct proc proc;
	struct buf input; /* still to be written to it */
	char *kind;
	struct asked *next;
};

struct live {
	struct live_job *job;
	struct link *link; /* NULL: not connected yet */
	struct token_user user;
	char digest[SIGN_HEX];
	/* the request in hand */
	struct json *json, *message_json;
	json_value request;
	const char *name; /* of the request; "" where it has none */
	struct span id;   /* JSON to be echoed; p NULL: none */
	/* out */
	struct conflate *out;
	struct buf line, key;
	/* what it watches */
	struct wanted *wanted;
	struct heard *heard;
	struct units *units;
	struct standing *alarms[SESSION_ALARMS];
	size_t alarms_n;
	char *held[SESSION_ALARMS]; /* buildings whose controls are watched */
	size_t held_n;
	struct watched *controls;
	when_t looked; /* at the controls */
	struct asked *tasks;
	char **told; /* the results that were told, by task id */
	size_t told_n;
	when_t since;        /* it connected */
	const char *closing; /* why it ends; NULL: it goes on */
	int status;
};

/* ---- session.c ---- */

/* Ends the session once what is written has gone out, telling the reason. */
void live_end(struct live *s, const char *reason);

/* The line in s->line goes out; with a key it replaces an older one of that key. */
void live_say(struct live *s, struct jw *w, struct span key);

/* {"event":NAME ... : the object stays open, for live_say. */
struct jw live_event(struct live *s, const char *name);

/* ---- request.c ---- */

void live_request(struct live *s, struct span line);

/* {"reply":..,"id":..,"ok":true ... : the object stays open; then reply_end. */
struct jw reply_begin(struct live *s);
void reply_end(struct live *s, struct jw *w);
void reply_error(struct live *s, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The building the request names (C000003_B001, or B001 of one's own customer) that this user
 * sees, as a key in `to`; false: answered with an error. */
bool request_building(struct live *s, char to[THING_MAX]);

/* Comes in with a token. */
void live_connect(struct live *s, struct span token);

/* ---- points.c ---- */

void request_subscribe(struct live *s);
void request_unsubscribe(struct live *s);
void points_message(struct live *s, const struct mqtt_message *m);
bool points_are_seen(struct live *s); /* does the user still see what is subscribed to? */
void points_free(struct live *s);

/* ---- desk.c ---- */

void request_alarms(struct live *s);
void request_control(struct live *s);
void request_relinquish(struct live *s);
void request_held(struct live *s);
void desk_look(struct live *s, bool changed); /* tells what has changed */
bool desk_is_seen(struct live *s);
int desk_pace(const struct live *s); /* milliseconds to the next look */
void desk_free(struct live *s);

/* ---- ask.c ---- */

void request_task(struct live *s);
void ask_turn(struct live *s, bool changed); /* feeds and reaps; tells results */
void ask_free(struct live *s);

#endif
