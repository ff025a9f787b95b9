# From a worker's death until the one that stands by has received its shard's next message, in the whole cluster.
set -eu
. tests/bench/common.sh
scripts/nbms-cluster -d "$BENCH_TMP/takeover" --fault 5 --break worker >"$BENCH_TMP/takeover.out" 2>"$BENCH_TMP/takeover.err" ||
	{ cat "$BENCH_TMP/takeover.out" "$BENCH_TMP/takeover.err" >&2; exit 1; }
seconds=$(sed -n 's/^shard 0 was taken over after \([0-9.]*\) s$/\1/p' "$BENCH_TMP/takeover.out")
# a tenth of a second is what the table tells apart
report 'takeover of a shard, worker killed' "$(awk -v s="$seconds" 'BEGIN { print (s > 0.1 ? s : 0.1) }')" s 5 'five seconds' '>= 1' lower
