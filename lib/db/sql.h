/* sql: what embed.awk makes of lib/db/sql; for the engines alone. */
#ifndef NBMS_DB_SQL_H
#define NBMS_DB_SQL_H

#include "db/engine.h"

struct sql_migration {
	enum db_family family;
	int version;
	const char *text; /* NULL ends the table */
};

struct sql_statement {
	const char *name;
	const char *text;
	enum db_family family;
};

extern const struct sql_migration sql_migrations[]; /* by family, then version */
extern const struct sql_statement sql_statements[SQL_COUNT];

#endif
