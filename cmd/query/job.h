/*
 * job: what the parts of nbms-query share: the one table of endpoints, from which the command
 * line, requests over CGI, --help and openapi.json all come.
 */
#ifndef NBMS_QUERY_JOB_H
#define NBMS_QUERY_JOB_H

#include "base/buf.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/opt.h"
#include "db/query.h"

/* A parameter of questions: an option on the command line, a name in a query string. */
struct param {
	char letter;
	const char *name, *arg;
	enum opt_kind kind;
	size_t offset; /* in struct query_options */
	const char *help;
};

enum param_name {
	PARAM_BUILDING,
	PARAM_POINT,
	PARAM_ATTR,
	PARAM_THING,
	PARAM_FROM,
	PARAM_TO,
	PARAM_BY,
	PARAM_THAN,
	PARAM_AT,
	PARAM_SCHEDULE,
	PARAM_TASK,
	PARAM_STATE,
	PARAM_ALARM,
	PARAM_MAX_POINTS,
	PARAM_LIMIT,
	PARAM_AFTER,
	PARAM_ALL,
	PARAM_PROBLEMS,
	PARAMS
};

extern const struct param params[PARAMS];

/* A member of a POST's body. */
enum member_kind { MEMBER_TEXT, MEMBER_COUNT, MEMBER_BOOL, MEMBER_TEXTS, MEMBER_ANY };

struct member {
	const char *name; /* NULL ends a list */
	enum member_kind kind;
	bool required;
	const char *help;
};

struct act;

enum shape {
	SHAPE_ROWS,   /* an array of objects */
	SHAPE_OBJECT, /* one */
	SHAPE_TEXT    /* what it prints, as it is: JSON */
};

struct endpoint {
	const char *group, *name; /* api/GROUP/NAME, or api/NAME where group is "" */
	const char
	    *command; /* on the command line; NULL: a POST, whose owner is called there */
	enum shape shape;
	bool open;            /* needs no token */
	bool html;            /* can be asked for as a page */
	bool secret;          /* is not to be kept by anybody */
	enum token_role role; /* at least */
	enum query_about about;
	uint64_t takes; /* parameters, as bits 1 << PARAM_... */
	void (*answer)(struct query *q);
	int (*check)(const struct query_options *o, bool brief); /* SHAPE_TEXT with options */
	void (*act)(struct act *a); /* a POST; ends the program where it cannot be asked for */
	const struct member *members;
	const char *help;
};

extern const struct endpoint endpoints[]; /* ended by name NULL */

/* Which of them an option was given for, but the endpoint does not take: its name, or NULL. */
const char *endpoint_not_taken(const struct endpoint *e, const struct query_options *o);

/* api/GROUP/NAME and a command's name; NULL: no such. */
const struct endpoint *endpoint_of_path(struct span path);

/* group/name, or name. Returns `to`. */
char *endpoint_path(const struct endpoint *e, char to[64]);

/* The description of everything (OpenAPI 3.1), to stdout. */
void openapi_print(struct query *q);

/*
 * Is all well? 0: yes, 1: something should be looked at, 2: something is broken. Rows to
 * stdout; brief: {"health":"ok"} or {"health":"degraded"} alone, for everybody to see.
 */
int health_check(const struct query_options *o, bool brief);

/* ---- requests (RFC 3875) ---- */

#define CGI_LIMIT 10000      /* rows, unless asked for fewer or more */
#define CGI_LIMIT_MAX 100000 /* rows */
#define CGI_QUERY_MAX 8192   /* bytes of a query string */
#define CGI_BODY_MAX ((size_t)1 << 20)
#define CGI_SECONDS 20 /* that a question may take */

enum cgi_method { CGI_GET, CGI_HEAD, CGI_POST, CGI_OPTIONS, CGI_OTHER };

struct request {
	enum cgi_method method;
	const struct endpoint *endpoint;
	struct query_options o;
	char *pairs; /* the query string, decoded in place: o's texts */
	struct buf body;
	const char *token;  /* NULL: none was sent */
	const char *origin; /* NULL: none was sent */
	bool same_origin, known_origin;
	const char *etags; /* If-None-Match, or NULL */
	const char *remote;
	const char *type; /* of the answer */
};

/* What an error is answered with. */
struct refusal {
	int status; /* 0: none */
	const char *code;
	char message[512];
};

__attribute__((format(printf, 4, 5))) bool refuse(
    struct refusal *why, int status, const char *code, const char *fmt, ...);

/* Reads the request from the environment and stdin. False: `why` is set. */
bool request_read(struct request *r, struct refusal *why);
void request_free(struct request *r);

/* Answers the one request that the environment holds; an exit status. */
int cgi_run(void);

/* How a child of cgi_run tells it more than an exit status can. Shared memory. */
struct answer {
	int status; /* of HTTP; 0: by the exit status */
	char code[32];
	char next[1024]; /* the mark of the next page; empty: there is none */
};

/* The owners of changes (act.h). */
void act_ack(struct act *a);
void act_shelve(struct act *a);
void act_unshelve(struct act *a);
void act_send(struct act *a);
void act_schedule(struct act *a);
void act_zone(struct act *a);
void act_endpoint(struct act *a);
void act_user(struct act *a);
void act_revoke(struct act *a);
void act_control(struct act *a);
void act_relinquish(struct act *a);

extern const struct member ack_members[], shelve_members[], unshelve_members[], send_members[],
    schedule_members[], zone_members[], endpoint_members[], user_members[], revoke_members[],
    control_members[], relinquish_members[];

/* Runs a POST; an exit status. */
int act_run(const struct request *r, struct db *site, struct answer *a);

#endif
