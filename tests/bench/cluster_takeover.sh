# From a worker's death until the one that stands by has received its shard's next message, in the whole cluster.
set -eu
. tests/bench/common.sh
scripts/nbms-cluster -d "$BENCH_TMP/takeover" --fault 5 --break worker >"$BENCH_TMP/takeover.out" 2>"$BENCH_TMP/takeover.err" ||
	{ cat "$BENCH_TMP/takeover.out" "$BENCH_TMP/takeover.err" >&2; exit 1; }
seconds=$(sed -n 's/^shard 0 was taken over after \([0-9.]*\) s$/\1/p' "$BENCH_TMP/takeover.out")
# a tenth of a second is what the table tells apart
report 'takeover of a shard, worker killed' "$(awk -v s="$seconds" 'BEGIN { print (s > 0.1 ? s : 0.1) }')" s 5 'five seconds' '>= 1' lower

# The same where the worker is stopped, and keeps its connection: from then until the one that stands by has stored a record.
server=$BENCH_TMP/takeover-postgres
mkdir -p "$server"
trap 'tests/postgres stop "$server"' EXIT
url=$(tests/postgres start "$server")
NBMS_DB=$url NBMS_SHARD=0
export NBMS_DB NBMS_SHARD
scripts/simulate --points 60 --from 2022-10-01 --days 1 | awk '{ sub(/^\{/, "{\"seq\":" NR ","); print }' >"$server/log"
until_is() { # SQL VALUE
	i=0
	until [ "$(psql -XqAt "$url" -c "SET search_path = nbms" -c "$1" 2>/dev/null)" = "$2" ]; do
		i=$((i + 1))
		[ $i -lt 600 ] || { echo "not within time: $1" >&2; exit 1; }
		sleep 0.05
	done
}
mkfifo "$server/first"
nbms-store -d "$server/nowhere" --auto-register Asia/Seoul "$server/first" &
first=$!
exec 7>"$server/first"
head -n 10 "$server/log" >&7
until_is 'SELECT seq FROM checkpoint' 10
head -n 20 "$server/log" >"$server/twenty"
nbms-store -d "$server/nowhere" "$server/twenty" 7>&- 2>"$server/err" &
second=$!
until_is "SELECT count(*) FROM heartbeat" 2
kill -STOP $first
t0=$(now)
until_is 'SELECT seq FROM checkpoint' 20
t1=$(now)
kill -KILL $first
wait $second
report 'takeover of a shard, worker stopped' "$(awk -v a="$t0" -v b="$t1" 'BEGIN { print b - a }')" s 5 'five seconds' '>= 1' lower
