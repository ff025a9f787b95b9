# Turns lib/db/sql into C: the migrations of each family in order, and the named statements.
#
#   schema/FAMILY/NNNN-name.sql   one migration; FAMILY is site (nbms.db) or month (a building-month's file)
#   query/FAMILY/TABLE.sql        statements, each after a line `-- name: what_it_does`
#
# Writes the tables to stdout and an enum of names, SQL_<NAME>, to the file `names`, so that a misspelt name
# does not compile. One statement is made here: table_rows, the tables of nbms.db and how many rows each has.

function quoted(text) {
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	return "\"" text "\\n\""
}

function end_statement() {
	if (name != "")
		body = body ",\n\t  " family_of(file) " },\n"
	name = ""
}

function family_of(path, parts, n) {
	n = split(path, parts, "/")
	return "DB_" toupper(parts[n - 1])
}

function add(text) {
	sub(/[ \t]*--.*$/, "", text)
	if (text !~ /^[ \t]*$/)
		body = body "\n\t    " quoted(text)
}

FNR == 1 {
	end_statement()
	file = FILENAME
	is_schema = (file ~ /\/schema\//)
	if (is_schema) {
		if (migrations++ > 0)
			schema = schema ",\n\t},\n"
		version = file
		sub(/.*\//, "", version)
		sub(/-.*/, "", version)
		sub(/^0+/, "", version)
		schema = schema "\t{ " family_of(file) ", " version ",\n\t  \"\""
	}
}

is_schema && family_of(file) == "DB_SITE" && /^CREATE TABLE/ {
	table_rows = table_rows (table_rows == "" ? "" : " UNION ALL ") "SELECT '" $3 "' AS name, count(*) FROM " $3
}

is_schema {
	text = $0
	sub(/[ \t]*--.*$/, "", text)
	if (text !~ /^[ \t]*$/)
		schema = schema "\n\t    " quoted(text)
	next
}

/^-- name: / {
	end_statement()
	name = $3
	if (name in seen) {
		print file ": statement " name " is there twice" > "/dev/stderr"
		failed = 1
		exit 1
	}
	seen[name] = 1
	enum = enum "\tSQL_" toupper(name) ",\n"
	body = body "\t{ \"" name "\","
	next
}

name != "" { add($0) }

END {
	if (failed)
		exit 1
	end_statement()
	enum = enum "\tSQL_TABLE_ROWS,\n"
	body = body "\t{ \"table_rows\",\n\t    " quoted(table_rows " ORDER BY name;") ",\n\t  DB_SITE },\n"
	if (migrations > 0)
		schema = schema ",\n\t},\n"
	print "/* Made from lib/db/sql by embed.awk. */"
	print "#include \"db/sql.h\"\n"
	print "const struct sql_migration sql_migrations[] = {\n" schema "\t{ DB_SITE, 0, NULL }\n};\n"
	print "const struct sql_statement sql_statements[] = {\n" body "};\n"
	print "/* Made from lib/db/sql by embed.awk. */" > names
	print "#ifndef NBMS_DB_SQL_NAMES_H\n#define NBMS_DB_SQL_NAMES_H\n" > names
	print "enum sql_name {\n" enum "\tSQL_COUNT\n};\n\n#endif" > names
}
