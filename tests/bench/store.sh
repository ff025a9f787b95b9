# nbms-store alone, derived points included, against a bare C loop that binds and steps one INSERT for each row it stores.
set -eu
. tests/bench/common.sh
log=$(bench_log)
state=$BENCH_TMP/store-state

ours() {
	rm -rf "$state"
	nbms-store -d "$state" --auto-register Asia/Seoul "$log"
}

ours # once over the log, so that both find their input in memory
a=$(took ours)
for month in "$state"/history/*/*.db; do
	"$BENCH_BUILD"/bench/store_bare "$month" "$BENCH_TMP/bare.db"
	rm -f "$BENCH_TMP"/bare.db*
done >"$BENCH_TMP/bare"
b=$(jq -s 'map(.seconds) | add' "$BENCH_TMP/bare")
rows=$(jq -s 'map(.rows) | add' "$BENCH_TMP/bare")
report 'logs stored by nbms-store' "$(per "$a" "$rows")" rows/s "$(per "$b" "$rows")" 'the same rows, a bare C loop' '>= 0.7x'
