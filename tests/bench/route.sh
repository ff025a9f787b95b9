# By type, against jq.
set -eu
. tests/bench/common.sh
log=$(bench_log)
nbms-recv --replay "$log" 2>/dev/null >"$BENCH_TMP/envelopes.ndjson"
bytes=$(wc -c <"$BENCH_TMP/envelopes.ndjson")

ours() { nbms-route store='cat >/dev/null' alarm='cat >/dev/null' <"$BENCH_TMP/envelopes.ndjson"; }
theirs() { jq -c 'select(.point == "periodic_log")' "$BENCH_TMP/envelopes.ndjson"; }

a=$(took ours)
b=$(took theirs)
report 'route by type' "$(per "$a" "$((bytes / 1000000))")" MB/s "$(per "$b" "$((bytes / 1000000))")" "jq -c 'select(...)'" '>= 20x'
