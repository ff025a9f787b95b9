/*
 * alarm: the life of one alarm, as ISA-18.2 (IEC 62682) describes it; the words are those of
 * OPC 10000-9.
 *
 * What happened to an alarm is a set of events, each at its own time. Its state is what one
 * gets by applying them in order of time, so that the order they came in, and how often, plays
 * no part; whoever keeps the set (lib/db/alarm.h) applies a late event by going back to the
 * time it belongs to.
 *
 * Events of one instant (gateways often write whole minutes) are applied in the order in which
 * none is idle: of a raise and a clear, the clear comes first where the alarm was active
 * before, otherwise the raise.
 */
#ifndef NBMS_BMS_ALARM_H
#define NBMS_BMS_ALARM_H

#include "base/span.h"
#include "base/when.h"

#define ALARM_LEVELS 4 /* 1 critical, 2 major, 3 minor, 4 warning */
#define ALARM_ID_TEXT 17
#define ALARM_EARLIER 8 /* episodes before this one that are looked at for chattering */

enum alarm_event {
	ALARM_RAISE = 1, /* the condition is there; while it stands: an update */
	ALARM_UPDATE,    /* its level, value or text changed; ignored where it does not stand */
	ALARM_CLEAR,
	ALARM_ACK,
	ALARM_SHELVE, /* by an operator, for a time */
	ALARM_UNSHELVE,
	ALARM_SUPPRESS, /* by logic: what it says follows from another alarm */
	ALARM_UNSUPPRESS,
	ALARM_OUT_OF_SERVICE, /* by maintenance */
	ALARM_IN_SERVICE,
	ALARM_EXPIRE, /* time came: the shelf ends */
	ALARM_SETTLE  /* time came: a chattering alarm has stood still */
};

/* The event's name in records and tables: "raise", "out-of-service". NULL: no such event. */
const char *alarm_event_name(enum alarm_event event);
bool alarm_event_find(struct span name, enum alarm_event *event);

enum alarm_shelf { ALARM_NOT_SHELVED, ALARM_SHELVED_FOR_A_TIME, ALARM_SHELVED_ONCE };

struct alarm_input {
	when_t at;
	enum alarm_event event;
	int level;        /* 1 ... 4; 0: not told */
	int64_t priority; /* -1: not told */
	/*
	 * shelve: when the shelf ends at the latest; expire: the end meant; settle and ack: the
	 * raise time of the episode meant, WHEN_NONE in an ack: whichever stands.
	 */
	when_t until;
	bool once;       /* shelve: ends when the alarm clears, too */
	uint64_t digest; /* of all the event says: the same event twice has the same */
	uint64_t says;   /* raise and update: of what it says of the alarm, without the time */
};

struct alarm_state {
	bool active, acked;
	bool suppressed, out_of_service;
	enum alarm_shelf shelf;
	when_t shelved_until;
	bool told; /* people have been told of this episode */
	bool held; /* they have not, because it chatters */
	int level;
	int64_t priority;
	uint64_t says;   /* as in the last raise or update: a repetition is idle */
	when_t episode;  /* its raise time; WHEN_NONE: never raised */
	when_t cleared;  /* WHEN_NONE: active, or never raised */
	when_t acked_at; /* WHEN_NONE: not acknowledged */
	when_t earlier[ALARM_EARLIER]; /* raise times of the episodes before, newest first */
};

/* Chattering: people hear of an alarm raised `raises` times within `window` seconds (2 ...
 * ALARM_EARLIER + 1) no more until it has stood for `window` seconds. raises 0: no limit. */
struct alarm_limits {
	int64_t raises;
	int64_t window;
};

/* What an event did. */
struct alarm_effect {
	bool changed; /* false: nothing (no such episode, already so) */
	bool tell;    /* people are to hear of it */
	enum alarm_event
	    transition; /* as what it goes into history: a raise may be an update */
	when_t episode;
};

/* An alarm that nothing has happened to. */
struct alarm_state alarm_fresh(void);

/*
 * Applies the events of one instant, n of them, all with the same `at`, no digest twice; they
 * are put into the order they were applied in, and effects[i] is what events[i] did, states[i]
 * what the alarm was after it.
 */
void alarm_apply(struct alarm_state *s, struct alarm_input events[], size_t n,
    const struct alarm_limits *limits, struct alarm_effect effects[],
    struct alarm_state states[]);

/* Would an acknowledgement of this episode count? False: it is over and another one stands, or
 * none was raised, or it is acknowledged already. */
bool alarm_can_ack(const struct alarm_state *s, when_t episode);

/* The event that time itself brings: at *in.at, which has to be applied once time has come to
 * it. False: none. */
bool alarm_wakes(
    const struct alarm_state *s, const struct alarm_limits *limits, struct alarm_input *in);

/* The state's name: normal, unacknowledged, acknowledged, returned (to normal,
 * unacknowledged), shelved, suppressed, out-of-service. */
const char *alarm_state_name(const struct alarm_state *s);

/* May people hear of it? Not shelved, suppressed, out of service or held. */
bool alarm_is_heard(const struct alarm_state *s);

/* The bits of a state in one number, and back, for storing. */
int64_t alarm_flags(const struct alarm_state *s);
void alarm_set_flags(struct alarm_state *s, int64_t flags);

/* 64 bits over texts with their lengths, for digests and ids, the same on every machine; eight
 * bytes at a time, multiplied and folded. Against accidents, not against malice: an id is no
 * secret. Begin with ALARM_HASH. */
#define ALARM_HASH UINT64_C(0xcbf29ce484222325)
uint64_t alarm_hash(uint64_t hash, struct span s);
uint64_t alarm_hash_number(uint64_t hash, int64_t v);

/* The episode's id, 16 hexadecimal digits made from building, alarm point and raise time: the
 * same wherever and whenever it is made. Returns `to`. */
char *alarm_episode_id(char to[ALARM_ID_TEXT], struct span customer, struct span building,
    struct span alarm_point_id, when_t raised);

#endif
