# nbms-store into PostgreSQL, against a bare COPY of the same rows into a table like the one they are in.
set -eu
. tests/bench/common.sh
log=$(bench_log)
server=$BENCH_TMP/postgres
mkdir -p "$server"
trap 'tests/postgres stop "$server"' EXIT
url=$(tests/postgres start "$server")

# schemas and points are made once a site, its series once a month; what counts is the rest
ours() { NBMS_DB="$url#ours" nbms-store -d "$BENCH_TMP/nowhere" --auto-register Asia/Seoul "$@"; }

head -n 2 "$log" | ours
tail -n +3 "$log" >"$BENCH_TMP/rest.ndjson"
a=$(took ours "$BENCH_TMP/rest.ndjson")
rows=$(psql -XqAt "$url" -c 'SELECT count(*) FROM ours.sample')
psql -XqAt "$url" -c '\copy (SELECT ts, series, value FROM ours.sample ORDER BY ts, series) TO '"$BENCH_TMP/sample.copy"
psql -Xq "$url" -c 'CREATE TABLE bare (ts BIGINT NOT NULL, series INTEGER NOT NULL, value DOUBLE PRECISION, PRIMARY KEY (ts, series))'
bare() { psql -Xq "$url" -c '\copy bare FROM '"$BENCH_TMP/sample.copy"; }
b=$(took bare)
report 'logs stored in PostgreSQL' "$(per "$a" "$rows")" rows/s "$(per "$b" "$rows")" 'a bare COPY of the same rows' '>= 0.6x'
