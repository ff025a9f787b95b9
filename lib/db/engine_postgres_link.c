#include "db/engine_postgres.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#define SQL_MAX ((size_t)16 << 20)
#define ARGS_MAX 4

static struct link *links;

static char *
cut(const char *from, size_t n)
{
	return xstrndup(from, n);
}

static bool
site_name_is_valid(const char *name)
{
	size_t n =
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return n > 0 && n <= SITE_NAME_MAX && name[n] == '\0';
}

struct url
url_parse(const char *path)
{
	const char *mark = strchr(path, '#'), *key, *month;
	struct url u = { .url =
			     cut(path, mark != NULL ? (size_t)(mark - path) : strlen(path)) };

	if (mark == NULL) {
		u.site = xstrdup("nbms");
		return u;
	}
	key = strchr(++mark, '/');
	u.site = cut(mark, key != NULL ? (size_t)(key - mark) : strlen(mark));
	if (!site_name_is_valid(u.site))
		die(EX_USAGE,
		    "the URL of the database: after # stands a site's name: letters, digits, _ "
		    "and -, %d of them at most: %s",
		    SITE_NAME_MAX, u.site);
	if (key != NULL && (month = strchr(++key, '/')) != NULL) {
		u.key = cut(key, (size_t)(month - key));
		u.month = xstrdup(month + 1);
	}
	return u;
}

void
url_free(struct url *u)
{
	free(u->url);
	free(u->site);
	free(u->key);
	free(u->month);
}

/* A URL is seen by whoever sees the process or its log, so that no password stands in it. Where
 * it cannot be read there may be one all the same: what libpq quotes of it is left out. */
static void
check_url(const char *url)
{
	char *error = NULL;
	PQconninfoOption *options, *o;
	bool secret = false;

	engine_postgres_lib_load();
	options = PQconninfoParse(url, &error);
	if (options == NULL)
		die(EX_USAGE, "the URL of the database: %.*s",
		    error != NULL ? (int)strcspn(error, ":\"\n") : 9,
		    error != NULL ? error : "no memory");
	for (o = options; o->keyword != NULL; o++)
		/* libpq's own mark of what is not to be shown */
		secret =
		    secret || (o->dispchar[0] == '*' && o->val != NULL && o->val[0] != '\0');
	PQconninfoFree(options);
	if (secret)
		die(EX_USAGE, "the URL of the database has a password in it: that belongs "
			      "into a file (~/.pgpass, PGPASSFILE, passfile= or service=)");
}

/* One line of what libpq says. */
static const char *
in_one_line(char *text)
{
	size_t n = strlen(text);
	char *p;

	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	for (p = text; *p != '\0'; p++)
		if (*p == '\n' || *p == '\t')
			*p = ' ';
	return text;
}

static bool
is_one_of(const char *code, const char *const list[])
{
	for (; *list != NULL; list++)
		if (strncmp(code, *list, strlen(*list)) == 0)
			return true;
	return false;
}

/* By the SQLSTATE, Appendix A of PostgreSQL's manual: does trying again help, is there no room,
 * or is a person needed? */
static int
status_of(const char *code)
{
	/* a lost connection, a transaction that has to be tried again, a lock that does not go
	 * away, a statement that took too long, a server that ends, begins, is full of
	 * connections or only to be read for now; a month that was removed meanwhile is made
	 * anew */
	static const char *const again[] = { "08", "40", "55P03", "57", "53300", "25006",
		"42P01", "3F000", NULL };
	static const char *const storage[] = { "53100", "58", NULL };
	static const char *const permission[] = { "28", "42501", NULL };
	static const char *const config[] = { "3D000", "XX001", "XX002", "42", NULL };
	static const char *const memory[] = { "53200", NULL };
	static const char *const data[] = { "22", "23", NULL };

	return is_one_of(code, again)        ? EX_TEMPFAIL
	       : is_one_of(code, storage)    ? EX_IOERR
	       : is_one_of(code, permission) ? EX_NOPERM
	       : is_one_of(code, config)     ? EX_CONFIG
	       : is_one_of(code, memory)     ? EX_OSERR
	       : is_one_of(code, data)       ? EX_DATAERR
					     : EX_SOFTWARE;
}

void
link_refuse(struct link *l, const PGresult *res, const char *doing)
{
	const char *code = res != NULL ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL,
		   *text =
		       res != NULL ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	char *all;

	if (code != NULL && text != NULL && PQstatus(l->c) == CONNECTION_OK)
		die(status_of(code), "%s: cannot %s: %s%s (SQLSTATE %s)", l->url, doing,
		    strcmp(code, "53100") == 0 ? "the server's disk is full: " : "", text,
		    code);
	all = xstrdup(text != NULL ? text : PQerrorMessage(l->c));
	/* the connection is gone: what was not committed is undone */
	die(EX_TEMPFAIL, "%s: cannot %s: %s", l->url, doing, in_one_line(all));
}

bool
link_violated(const PGresult *res)
{
	const char *code = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	return code != NULL && strncmp(code, "23", 2) == 0;
}

/* The SQLSTATE in a message that says all; NULL: there is none. */
static const char *
code_in(const char *text)
{
	const char *p;

	for (p = text; (p = strstr(p, ":  ")) != NULL; p++)
		if (strspn(p + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && p[8] == ':')
			return p + 3;
	return NULL;
}

/* What libpq itself finds wrong has no SQLSTATE: is a person needed? */
static int
status_of_words(const char *text)
{
	static const char *const permission[] = { "Permission denied", "password",
		"authentication", NULL };
	static const char *const config[] = { "service", "certificate", "sslmode", NULL };
	size_t i;

	for (i = 0; permission[i] != NULL; i++)
		if (strstr(text, permission[i]) != NULL)
			return EX_NOPERM;
	for (i = 0; config[i] != NULL; i++)
		if (strstr(text, config[i]) != NULL)
			return EX_CONFIG;
	return EX_TEMPFAIL;
}

/*
 * With a connection refused comes no SQLSTATE but in a message that says all, which a second
 * try is asked for; the words are in the server's language. It may as well succeed.
 */
static void
try_again(const char *url, PGconn *c)
{
	char *text = xstrdup(PQerrorMessage(c));
	const char *code;

	(void)PQsetErrorVerbosity(c, PQERRORS_VERBOSE);
	PQreset(c);
	if (PQstatus(c) != CONNECTION_OK) {
		code = code_in(PQerrorMessage(c));
		die(code != NULL ? status_of(code) : status_of_words(text),
		    "%s: cannot connect: %s", url, in_one_line(text));
	}
	(void)PQsetErrorVerbosity(c, PQERRORS_DEFAULT);
	free(text);
}

static void
say_nothing(void *ctx, const char *message)
{
	(void)ctx;
	(void)message;
}

/* What stands before dbname is only a default: the URL may say otherwise. The keepalives let
 * either side notice within seconds that the other is gone. */
static PGconn *
connect_to(const char *url)
{
	static const char *const words[] = { "connect_timeout", "keepalives_idle",
		"keepalives_interval", "keepalives_count", "tcp_user_timeout",
		"application_name", "client_encoding", "dbname", NULL };
	const char *const values[] = { "5", "2", "1", "2", "4000",
		program_invocation_short_name, "UTF8", url, NULL };
	PGconn *c;

	check_url(url);
	c = PQconnectdbParams(words, values, 1);
	if (c == NULL)
		die(EX_OSERR, "out of memory");
	if (PQstatus(c) != CONNECTION_OK)
		try_again(url, c);
	(void)PQsetNoticeProcessor(c, say_nothing, NULL);
	return c;
}

struct link *
link_get(const char *url, const char *site, bool own)
{
	struct link *l;
	PGconn *c;

	for (l = links; l != NULL && !own; l = l->next)
		if (strcmp(l->url, url) == 0 && strcmp(l->site, site) == 0) {
			l->refs++;
			return l;
		}
	c = connect_to(url);
	l = xcalloc(1, sizeof(*l));
	l->url = xstrdup(url);
	l->site = xstrdup(site);
	l->c = c;
	l->refs = 1;
	l->alone = own;
	l->area = xstrdup(program_invocation_short_name);
	if (!own) {
		l->next = links;
		links = l;
	}
	link_do(l,
	    "SET search_path = \"%s\"; SET lock_timeout = '10s'; SET extra_float_digits = 1; "
	    "SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1; "
	    "SET tcp_keepalives_count = 2; SET tcp_user_timeout = 4000",
	    site);
	return l;
}

void
link_put(struct link *l)
{
	struct link **at;

	if (l == NULL || --l->refs > 0)
		return;
	for (at = &links; *at != NULL; at = &(*at)->next)
		if (*at == l) {
			*at = l->next;
			break;
		}
	lock_end(l);
	PQfinish(l->c);
	link_put(l->holder);
	free(l->snapshot);
	free(l->area);
	free(l->url);
	free(l->site);
	free(l);
}

/* libpq's pipeline: its manual, "Pipeline Mode". */
void
link_settle(struct link *l)
{
	PGresult *res;
	size_t i;

	if (l->sent_n == 0)
		return;
	if (PQpipelineSync(l->c) != 1)
		link_refuse(l, NULL, sql_statements[l->sent[0]].name);
	for (i = 0; i < l->sent_n; i++)
		while ((res = PQgetResult(l->c)) != NULL) {
			if (PQresultStatus(res) != PGRES_COMMAND_OK &&
			    PQresultStatus(res) != PGRES_TUPLES_OK)
				link_refuse(l, res, sql_statements[l->sent[i]].name);
			PQclear(res);
		}
	l->sent_n = 0;
	res = PQgetResult(l->c);
	if (PQresultStatus(res) != PGRES_PIPELINE_SYNC || PQexitPipelineMode(l->c) != 1)
		link_refuse(l, NULL, "settle");
	PQclear(res);
}

void
link_send(
    struct link *l, const char *text, const char *const args[], size_t n, enum sql_name name)
{
	if ((l->sent_n == 0 && PQenterPipelineMode(l->c) != 1) ||
	    PQsendQueryParams(l->c, text, (int)n, NULL, args, NULL, NULL, 0) != 1)
		link_refuse(l, NULL, sql_statements[name].name);
	l->sent[l->sent_n++] = name;
	if (l->sent_n == LINK_SENT_MAX)
		link_settle(l);
}

void
link_do(struct link *l, const char *fmt, ...)
{
	char *sql = NULL;
	PGresult *res;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&sql, fmt, ap);
	va_end(ap);
	if (n < 0)
		die(EX_OSERR, "out of memory");
	link_settle(l);
	res = PQexec(l->c, sql);
	if (PQresultStatus(res) != PGRES_COMMAND_OK && PQresultStatus(res) != PGRES_TUPLES_OK &&
	    PQresultStatus(res) != PGRES_EMPTY_QUERY) {
		sql[strcspn(sql, "(;\n")] = '\0';
		link_refuse(l, res, sql);
	}
	PQclear(res);
	free(sql);
}

PGresult *
link_ask(struct link *l, enum sql_name name, const char *const args[], size_t n)
{
	PGresult *res;

	link_settle(l);
	res = PQexecParams(
	    l->c, sql_statements[name].text[SQL_POSTGRESQL], (int)n, NULL, args, NULL, NULL, 0);
	if (PQresultStatus(res) != PGRES_COMMAND_OK && PQresultStatus(res) != PGRES_TUPLES_OK)
		link_refuse(l, res, sql_statements[name].name);
	return res;
}

bool
link_ask_int(struct link *l, enum sql_name name, const char *const args[], size_t n, int64_t *v)
{
	PGresult *res = link_ask(l, name, args, n);
	bool found = PQntuples(res) > 0;

	*v = found ? strtoll(PQgetvalue(res, 0, 0), NULL, 10) : 0;
	PQclear(res);
	return found;
}

/* With its NUL, so that two texts are not one. */
static uint64_t
mix(uint64_t hash, const char *text)
{
	return span_hash(hash, (struct span){ text, strlen(text) + 1 });
}

int64_t
link_lock_number(const struct link *l, const char *kind, const char *name)
{
	uint64_t hash = mix(mix(mix(SPAN_HASH, l->site), kind), name);

	return (int64_t)(hash >> 1);
}
