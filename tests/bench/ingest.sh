# From a captured log to history that can be queried, against jq and the sqlite3 shell; and what it takes of memory.
set -eu
. tests/bench/common.sh
log=$(bench_log)
points=$(bench_points)

ours() {
	rm -rf "$BENCH_TMP/state"
	nbms-recv --replay "$log" 2>"$BENCH_TMP/recv.err" |
		nbms-route "store=nbms-store -d $BENCH_TMP/state --auto-register Asia/Seoul"
}

# What an operator would put together from what is on the machine: rows by jq, into a table like ours.
jq_sqlite() {
	rm -f "$BENCH_TMP/jq.db"
	sqlite3 "$BENCH_TMP/jq.db" 'PRAGMA journal_mode = WAL;
		CREATE TABLE sample (time TEXT, point TEXT, attr TEXT, value, PRIMARY KEY (time, point, attr)) WITHOUT ROWID'
	jq -r 'select(.point == "periodic_log") | .message | .time as $t | to_entries[] |
		select(.value | type == "object") | .value | .point_id as $p | .msg[] |
		[$t, $p, .attr_name, .data] | @csv' "$log" |
		sqlite3 -csv "$BENCH_TMP/jq.db" '.import /dev/stdin sample'
}

a=$(took ours)
b=$(took jq_sqlite)
stored=$(nbms-query count -d "$BENCH_TMP/state" --json | jq -s 'map(.samples) | add')
[ "$stored" -ge "$points" ] || { echo "ingest: only $stored samples stored" >&2; exit 1; }
report 'captured log to history' "$(per "$a" "$points")" points/s "$(per "$b" "$points")" 'jq | sqlite3 .import' '>= 8x, >= 1.0e6'
