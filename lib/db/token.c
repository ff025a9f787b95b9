#include "db/token.h"
#include "base/diag.h"
#include "base/jsonw.h"

static const char *const roles[] = { "viewer", "operator", "admin" };

const char *
token_role_name(enum token_role role)
{
	return roles[role];
}

bool
token_role_find(struct span name, enum token_role *role)
{
	for (int i = 0; i < 3; i++)
		if (span_is(name, roles[i])) {
			*role = (enum token_role)i;
			return true;
		}
	return false;
}

bool
token_user_is_valid(struct span user)
{
	if (user.n == 0 || user.n > 64)
		return false;
	for (size_t i = 0; i < user.n; i++) {
		char c = user.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || (c != '\0' && strchr("._@+-", c) != NULL)))
			return false;
	}
	return true;
}

static void
keep(char *to, size_t room, struct span text)
{
	size_t n = text.n < room ? text.n : room - 1;

	if (n > 0)
		memcpy(to, text.p, n);
	to[n] = '\0';
}

/* A role that is none (a row changed by hand) may do the least. */
static void
fill(struct token_user *u, struct span user, struct span customer, struct span name,
    struct span mail, struct span role)
{
	u->role = TOKEN_VIEWER;
	(void)token_role_find(role, &u->role);
	keep(u->user, sizeof(u->user), user);
	keep(u->customer, sizeof(u->customer), customer);
	keep(u->name, sizeof(u->name), name);
	keep(u->mail, sizeof(u->mail), mail);
}

const char *
token_check(struct db *site, const char *digest, when_t now, struct token_user *u)
{
	struct span user, customer, name, mail, role;
	when_t revoked;

	*u = (struct token_user){ 0 };
	if (!db_one(site, SQL_WEB_TOKEN_GET, "s", "wwttttt", digest, &u->expires, &revoked,
		&user, &customer, &name, &mail, &role))
		return "unknown-token";
	if (revoked != WHEN_NONE)
		return "revoked-token";
	if (u->expires != WHEN_NONE && u->expires <= now)
		return "expired-token";
	fill(u, user, customer, name, mail, role);
	return NULL;
}

bool
token_user_get(struct db *site, struct span user, struct token_user *u)
{
	struct span customer, name, mail, role;

	*u = (struct token_user){ .expires = WHEN_NONE };
	if (!db_one(site, SQL_WEB_USER_GET, "t", "tttt", user, &customer, &name, &mail, &role))
		return false;
	fill(u, user, customer, name, mail, role);
	return true;
}

bool
token_sees(struct db *site, const struct token_user *u, struct span building)
{
	int64_t one;

	return thing_part_is_valid(building) &&
	       db_one(site, SQL_BUILDING_HAS, "st", "i", u->customer, building, &one) &&
	       db_one(site, SQL_WEB_USER_BUILDING_HAS, "st", "i", u->user, building, &one);
}

bool
token_sees_key(struct db *site, const struct token_user *u, struct span building_key)
{
	struct span customer, building;

	return building_key_parse(building_key, &customer, &building) &&
	       span_is(customer, u->customer) && token_sees(site, u, building);
}

void
token_buildings(struct db *site, const struct token_user *u, token_building_fn *fn, void *ctx)
{
	struct rows *r = db_rows(site, SQL_WEB_USER_BUILDINGS, "ss", u->customer, u->user);
	struct span building, name, zone;

	while (rows_next(r, "ttt", &building, &name, &zone))
		fn(ctx, building, name, zone);
	rows_end(r);
}

bool
token_user_put(
    struct db *site, const struct token_user *u, const struct opt_list *buildings, when_t now)
{
	struct span name = { u->name[0] != '\0' ? u->name : NULL, strlen(u->name) };
	struct span mail = { u->mail[0] != '\0' ? u->mail : NULL, strlen(u->mail) };
	struct token_user old;
	bool there = token_user_get(site, span_of(u->user), &old);

	if (db_run(site, SQL_WEB_USER_PUT, "ssttsw", u->user, u->customer, name, mail,
		token_role_name(u->role), now) != 1)
		return false;
	if (buildings == NULL && there)
		return true;
	db_do(site, SQL_WEB_USER_BUILDING_DROP, "s", u->user);
	if (buildings == NULL || buildings->n == 0)
		db_do(site, SQL_WEB_USER_BUILDING_ADD, "ss", u->user, "*");
	for (size_t i = 0; buildings != NULL && i < buildings->n; i++)
		db_do(site, SQL_WEB_USER_BUILDING_ADD, "ss", u->user, buildings->items[i]);
	return true;
}

void
token_add(struct db *site, const char *digest, struct span user, when_t now, when_t expires)
{
	must(db_run(site, SQL_WEB_TOKEN_ADD, "stww", digest, user, now, expires) == 1);
}

void
token_used(struct db *site, const char *digest, when_t now)
{
	db_do(site, SQL_WEB_TOKEN_USED, "sw", digest, now);
}

int64_t
token_revoke(struct db *site, struct span which, struct span customer, when_t now)
{
	return db_run(site, SQL_WEB_TOKEN_REVOKE, "ttw", which, customer, now);
}

static void
cell_text(struct table *t, struct span text)
{
	if (text.p != NULL)
		table_text(t, text);
	else
		table_null(t);
}

static void
cell_when(struct table *t, when_t at)
{
	char text[WHEN_TEXT];

	table_str(t, at != WHEN_NONE ? when_format(text, NULL, at) : NULL);
}

static void
cell_buildings(struct table *t, struct db *site, struct span user)
{
	struct rows *r = db_rows(site, SQL_WEB_USER_BUILDING_LIST, "t", user);
	struct buf list = BUF(1 << 20);
	struct jw w = jw_begin(&list);
	struct span building;

	jw_array(&w);
	while (rows_next(r, "t", &building))
		jw_text(&w, building);
	rows_end(r);
	jw_end(&w);
	must(jw_finish(&w));
	table_json(t, buf_span(&list));
	buf_free(&list);
}

void
token_list(struct db *site, enum table_form form, struct span customer)
{
	static const char *const columns[] = { "token", "user", "customer", "name", "mail",
		"role", "buildings", "created", "expires", "revoked", "used" };
	struct table *t = table_begin(form, columns, sizeof(columns) / sizeof(columns[0]));
	struct rows *r = db_rows(site, SQL_WEB_TOKEN_LIST, "t", customer);
	struct span text[6];
	when_t at[4];

	while (rows_next(r, "ttttttwwww", &text[0], &text[1], &text[2], &text[3], &text[4],
	    &text[5], &at[0], &at[1], &at[2], &at[3])) {
		for (int i = 0; i < 6; i++)
			cell_text(t, text[i]);
		cell_buildings(t, site, text[1]);
		for (int i = 0; i < 4; i++)
			cell_when(t, at[i]);
	}
	rows_end(r);
	(void)table_end(t);
}
