# Turns lib/db/sql into C: the migrations of each family in order, and the named statements, each as SQLite and as
# PostgreSQL read it.
#
#   schema/FAMILY/NNNN-name.sql          one migration; FAMILY is site (nbms.db) or month (a building-month)
#   query/FAMILY/TABLE.sql               statements, each after a line `-- name: what_it_does` (README: `checked`)
#   ENGINE/schema/FAMILY/NNNN-name.sql   what only sqlite or only postgresql reads: added to the end of the migration
#   ENGINE/query/FAMILY/TABLE.sql        of that number, or one of its own; statements of its own
#
# Writes the tables to stdout and an enum of names, SQL_<NAME>, to the file `names`, so that a misspelt name
# does not compile. One statement is made here: table_rows, the tables of nbms.db and how many rows each has.

function quoted(text) {
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	return "\n\t    \"" text "\\n\""
}

# What a shared migration says in SQLite's words; and text is in the order of its bytes, whatever the server's locale.
function in_postgresql(text) {
	sub(/\) WITHOUT ROWID;/, ");", text)
	sub(/INTEGER PRIMARY KEY/, "BIGSERIAL PRIMARY KEY", text)
	if (text ~ /^    [a-z_]+ TEXT/)
		sub(/ TEXT/, " TEXT COLLATE \"C\"", text)
	return text
}

function add(name, text) {
	sub(/[ \t]*--.*$/, "", text)
	if (text ~ /^[ \t]*$/)
		return
	if (engine != "postgresql")
		sqlite[name] = sqlite[name] quoted(text)
	if (engine != "sqlite")
		postgresql[name] = postgresql[name] quoted(is_schema && engine == "" ? in_postgresql(text) : text)
}

function or_null(text) {
	return text == "" ? " NULL" : text
}

function begin_statement(word) {
	name = word
	if ((name, engine) in seen || (name, "") in seen) {
		print FILENAME ": statement " name " is there twice" > "/dev/stderr"
		failed = 1
		exit 1
	}
	seen[name, engine] = 1
	if (!(name in family)) {
		statements[++statements_n] = name
		family[name] = this_family
	}
}

FNR == 1 {
	n = split(FILENAME, parts, "/")
	this_family = "DB_" toupper(parts[n - 1])
	is_schema = parts[n - 2] == "schema"
	engine = parts[n - 3] == "sqlite" || parts[n - 3] == "postgresql" ? parts[n - 3] : ""
	name = ""
	if (is_schema) {
		version = substr(parts[n], 1, 4) + 0
		name = "\t{ " this_family ", " version ","
		# shared parts come first: awk is given them first
		if (!(name in family)) {
			family[name] = this_family
			if (version > newest)
				newest = version
			migrations[this_family, version] = name
		}
	}
}

is_schema && engine == "" && /^CREATE TABLE/ {
	# rows are copied in an order of their own where it is the same in both engines
	tables = tables "\t{ \"" $3 "\", " this_family ", \"SELECT * FROM " $3 ($3 == "sample" ? " ORDER BY ts, series" : "") \
	    "\",\n\t  \"INSERT INTO " $3 "\", \"DELETE FROM " $3 "\" },\n"
}

is_schema && this_family == "DB_SITE" && engine == "" && /^CREATE TABLE/ {
	table_rows = table_rows (table_rows == "" ? "" : " UNION ALL ") "SELECT '" $3 "' AS name, count(*) FROM " $3
}

!is_schema && /^-- name: / {
	begin_statement($3)
	if ($4 == "checked")
		checked[$3] = 1
	next
}

name != "" { add(name, $0) }

function print_migrations(of, v) {
	for (v = 1; v <= newest; v++)
		if ((of, v) in migrations) {
			name = migrations[of, v]
			print name "\n\t  {" or_null(sqlite[name]) ",\n\t  " or_null(postgresql[name]) " } },"
		}
}

END {
	if (failed)
		exit 1
	statements[++statements_n] = "table_rows"
	family["table_rows"] = "DB_SITE"
	sqlite["table_rows"] = postgresql["table_rows"] = quoted(table_rows " ORDER BY name;")

	print "/* Made from lib/db/sql by embed.awk. */"
	print "#include \"db/sql.h\"\n"
	print "const struct sql_migration sql_migrations[] = {"
	print_migrations("DB_SITE")
	print_migrations("DB_MONTH")
	print "\t{ DB_SITE, 0, { NULL, NULL } }\n};\n"
	print "const struct sql_statement sql_statements[] = {"
	for (i = 1; i <= statements_n; i++) {
		name = statements[i]
		print "\t{ \"" name "\", " family[name] ", " (name in checked ? "true" : "false") ",\n\t  {" or_null(sqlite[name]) ",\n\t  " \
		    or_null(postgresql[name]) " } },"
	}
	print "};\n"
	print "const struct sql_table sql_tables[] = {\n" tables "\t{ NULL, DB_SITE, NULL, NULL, NULL }\n};"

	print "/* Made from lib/db/sql by embed.awk. */" > names
	print "#ifndef NBMS_DB_SQL_NAMES_H\n#define NBMS_DB_SQL_NAMES_H\n\nenum sql_name {" > names
	for (i = 1; i <= statements_n; i++)
		print "\tSQL_" toupper(statements[i]) "," > names
	print "\n\tSQL_COUNT\n};\n\n#endif" > names
}
