/*
 * token: users from outside (sessions, the web page, requests) and the tokens they come with.
 *
 * A user belongs to one customer, has a role, and sees all of the customer's buildings or some
 * of them. A token is handed out once; here is only its SHA-256 in hexadecimal (its digest,
 * sign_token_digest in io/sign.h), so that whoever reads nbms.db cannot come in with what is
 * there.
 */
#ifndef NBMS_DB_TOKEN_H
#define NBMS_DB_TOKEN_H

#include "base/opt.h"
#include "base/table.h"
#include "base/when.h"
#include "bms/thing.h"
#include "db/engine.h"

#define TOKEN_TEXT 256 /* bytes that hold any text of a user, NUL included */
#define TOKEN_ID 12    /* digits of a digest that name a token where it is listed */

/* Each may do what those before it may: a viewer reads; an operator commands, acknowledges,
 * shelves and edits schedules; an admin minds users and endpoints. */
enum token_role { TOKEN_VIEWER, TOKEN_OPERATOR, TOKEN_ADMIN };

const char *token_role_name(enum token_role role);
bool token_role_find(struct span name, enum token_role *role);

struct token_user {
	char user[TOKEN_TEXT], customer[THING_PART_MAX + 1];
	char name[TOKEN_TEXT], mail[TOKEN_TEXT]; /* empty: not known */
	enum token_role role;
	when_t expires; /* of the token; WHEN_NONE: never */
};

/* NULL: it is good, and u says whose it is. Otherwise why not, a constant code: unknown-token,
 * revoked-token, expired-token. */
const char *token_check(struct db *site, const char *digest, when_t now, struct token_user *u);

/* May they see that building (its number, B001) of their own customer? */
bool token_sees(struct db *site, const struct token_user *u, struct span building);

/* The same of C000003_B001, which may be another customer's. */
bool token_sees_key(struct db *site, const struct token_user *u, struct span building_key);

/* The registered buildings they see, in order; texts are borrowed until fn returns. */
typedef void token_building_fn(
    void *ctx, struct span building, struct span name, struct span timezone);
void token_buildings(
    struct db *site, const struct token_user *u, token_building_fn *fn, void *ctx);

/* A user of that name, without a token; false: there is none. */
bool token_user_get(struct db *site, struct span user, struct token_user *u);

/* 1 to 64 letters, digits and . _ @ + - */
bool token_user_is_valid(struct span user);

/*
 * The rest needs an open transaction. token_user_put makes or changes a user; buildings: NULL
 * keeps those that are there (a new user sees all); an empty name or mail keeps what is there.
 * False: the user is another customer's.
 */
bool token_user_put(
    struct db *site, const struct token_user *u, const struct opt_list *buildings, when_t now);
void token_add(
    struct db *site, const char *digest, struct span user, when_t now, when_t expires);
void token_used(struct db *site, const char *digest, when_t now);

/* Revokes a token by its listed name, or all of a user; customer p NULL: whosever. Returns how
 * many. */
int64_t token_revoke(struct db *site, struct span which, struct span customer, when_t now);

/* Users and their tokens as rows; customer p NULL: all. */
void token_list(struct db *site, enum table_form form, struct span customer);

#endif
