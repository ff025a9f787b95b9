/* sql: what embed.awk makes of lib/db/sql; for the engines alone. */
#ifndef NBMS_DB_SQL_H
#define NBMS_DB_SQL_H

#include "db/engine.h"

enum sql_dialect { SQL_SQLITE, SQL_POSTGRESQL, SQL_DIALECTS };

struct sql_migration {
	enum db_family family;
	int version;                    /* 0 ends the table */
	const char *text[SQL_DIALECTS]; /* NULL: none for that engine */
};

struct sql_statement {
	const char *name;
	enum db_family family;
	bool checked;                   /* its caller wants to know of a violated constraint */
	const char *text[SQL_DIALECTS]; /* NULL: that engine never needs it */
};

/* A table that both engines have, in the order in which they are made. */
struct sql_table {
	const char *name; /* NULL ends the table */
	enum db_family family;
	const char *select, *insert, *clear; /* insert goes on with (columns) VALUES (...) */
};

extern const struct sql_table sql_tables[];
extern const struct sql_migration sql_migrations[]; /* by family, then version */
extern const struct sql_statement sql_statements[SQL_COUNT];

#endif
