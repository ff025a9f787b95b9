# nbms-store into PostgreSQL, against a bare COPY of the same rows into a table like the one they are in; and two workers, each
# with a shard, against one with both, beside what the engine makes of two COPYs at a time. Everything is on one machine: what the
# server takes of its cores, the workers do not have. The middle one of BENCH_RUNS runs counts.
set -eu
. tests/bench/common.sh
runs=${BENCH_RUNS:-3}
server=$BENCH_TMP/postgres
mkdir -p "$server"
trap 'tests/postgres stop "$server"' EXIT
url=$(tests/postgres start "$server")
query() { psql -XqAt "$url" "$@"; }
middle() { printf '%s\n' "$@" | sort -g | sed -n "$((($# + 1) / 2))p"; }

# two buildings, in the order of time, which is how they come; schemas and points are made once a site, its series once a month:
# what counts is the rest
for building in 1 2; do
	scripts/simulate --thing "C000003_B00${building}_01" --seed $building --from 2022-10-01 --days "$BENCH_DAYS" >"$BENCH_TMP/$building"
	awk '{ sub(/^\{/, "{\"seq\":" NR ","); print }' "$BENCH_TMP/$building" >"$BENCH_TMP/$building.ndjson"
done
paste -d '\n' "$BENCH_TMP/1" "$BENCH_TMP/2" | awk '{ sub(/^\{/, "{\"seq\":" NR ","); print }' >"$BENCH_TMP/both.ndjson"

worker() { # SITE SHARD FILE
	NBMS_SHARD=$2 NBMS_DB="$url#$1" nbms-store -d "$BENCH_TMP/nowhere" --auto-register Asia/Seoul "$3"
}
first() { head -n "$3" "$BENCH_TMP/$2.ndjson" >"$BENCH_TMP/first" && worker "$1" "$2" "$BENCH_TMP/first"; }
# two COMMAND...: the command with 1 and with 2 behind it, at a time
two() {
	"$@" 1 &
	other=$!
	"$@" 2
	wait $other
}
shard() { worker "$1" "$2" "$BENCH_TMP/$2.ndjson"; }
# CPU seconds so far: of this shell's children, and of the server's processes
client_cpu() {
	times >"$BENCH_TMP/times"
	client_now=$(awk 'NR == 2 { gsub(/[ms]/, " "); print $1 * 60 + $2 + $3 * 60 + $4 }' "$BENCH_TMP/times")
}
server_cpu() {
	sleep 0.3 # who has just ended is neither there nor counted for a moment
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v hz="$(getconf CLK_TCK)" -v server="$(head -n 1 "$server/pg/db/postmaster.pid")" '
		{ id = $1; sub(/.*\) /, "") } id == server { sum += $14 + $15 } $2 == server { sum += $12 + $13 } END { print sum / hz }'
}
forget() {
	for site; do
		query -c "SELECT format('DROP SCHEMA %I CASCADE;', nspname) FROM pg_namespace
			WHERE nspname = '$site' OR starts_with(nspname, '$site/') ORDER BY nspname DESC" |
			PGOPTIONS='-c client_min_messages=error' psql -Xq "$url"
	done
}
table() { query -c "DROP TABLE IF EXISTS $1" -c "CREATE TABLE $1 (ts BIGINT NOT NULL, series INTEGER NOT NULL,
	value DOUBLE PRECISION, PRIMARY KEY (ts, series))" 2>/dev/null; }
copy() { query -c '\copy bare_'"$1"' FROM '"$BENCH_TMP/sample.$1"; }

one_s='' two_s='' copy_s='' copies_s=''
run=0
while [ $run -lt "$runs" ]; do
	run=$((run + 1))
	first one both 4
	client_cpu
	client=$client_now taken=$(server_cpu) t0=$(now)
	shard one both
	t1=$(now)
	client_cpu
	client=$(awk -v a="$client" -v b="$client_now" 'BEGIN { print b - a }')
	taken=$(awk -v a="$taken" -v b="$(server_cpu)" 'BEGIN { print b - a }')
	one_s="$one_s $(awk -v a="$t0" -v b="$t1" 'BEGIN { print b - a }')"
	first two 1 2
	first two 2 2
	two_s="$two_s $(took two shard two)"
	if [ $run -eq 1 ]; then
		rows=$(query -c 'SELECT count(*) FROM one.sample')
		for n in 1 2; do
			query -c "\\copy (SELECT ts, series, value FROM two.sample s JOIN two.history_month m ON m.id = s.month_id
				WHERE m.building = 'C000003_B00$n' ORDER BY ts, series) TO $BENCH_TMP/sample.$n"
		done
		awk -F '\t' -v OFS='\t' '{ $2 += 1000000; print }' "$BENCH_TMP/sample.2" | sort -n -m "$BENCH_TMP/sample.1" - >"$BENCH_TMP/sample.both"
		[ "$(query -c 'SELECT count(*) FROM two.sample')" -eq "$rows" ]
	fi
	forget one two
	table bare_both
	copy_s="$copy_s $(took copy both)"
	table bare_1
	table bare_2
	copies_s="$copies_s $(took two copy)"
done
# shellcheck disable=SC2086  # numbers
one=$(per "$(middle $one_s)" "$rows") two=$(per "$(middle $two_s)" "$rows")
# shellcheck disable=SC2086
copy=$(per "$(middle $copy_s)" "$rows") copies=$(per "$(middle $copies_s)" "$rows")
report 'logs stored in PostgreSQL' "$one" rows/s "$copy" 'a bare COPY of the same rows' '>= 0.6x'
report 'two workers, two shards' "$two" rows/s "$one" 'one worker with both' '>= 1.6x'
report 'what the engine allows: two bare COPYs' "$copies" rows/s "$copy" 'one bare COPY' -
report 'CPU of one worker' "$client" s "$taken" 'of the server meanwhile' - lower
echo "seconds of each run: one worker$one_s; two$two_s; a COPY$copy_s; two$copies_s; $(uptime)" >&2
