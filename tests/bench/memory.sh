# The largest resident set of each process of the ingest pipeline, over a log of BENCH_DAYS days and one of a tenth of it.
set -eu
. tests/bench/common.sh
log=$(bench_log)
head -n $((96 * BENCH_DAYS / 10 + 1)) "$log" >"$BENCH_TMP/tenth.ndjson"

# peak NAME FILE COMMAND ...: KiB of the process that reads FILE on stdin
peak() {
	_in=$1
	shift
	/usr/bin/time -f %M -o "$BENCH_TMP/peak" "$@" <"$_in" >"$BENCH_TMP/peak.out" 2>/dev/null
	tail -n 1 "$BENCH_TMP/peak"
}
nbms-recv --replay "$log" 2>/dev/null >"$BENCH_TMP/envelopes.ndjson"
nbms-recv --replay "$BENCH_TMP/tenth.ndjson" 2>/dev/null >"$BENCH_TMP/tenth-envelopes.ndjson"
mib() { awk -v k="$1" 'BEGIN { printf "%.4g", k / 1024 }'; }

a=$(peak "$log" nbms-recv --replay -)
b=$(peak "$BENCH_TMP/tenth.ndjson" nbms-recv --replay -)
report 'memory: nbms-recv' "$(mib "$a")" MiB "$(mib "$b")" 'a tenth of the log' '<= 32 MiB' lower
a=$(peak "$BENCH_TMP/envelopes.ndjson" nbms-route store='cat >/dev/null')
b=$(peak "$BENCH_TMP/tenth-envelopes.ndjson" nbms-route store='cat >/dev/null')
report 'memory: nbms-route' "$(mib "$a")" MiB "$(mib "$b")" 'a tenth of the log' '<= 32 MiB' lower
a=$(peak "$BENCH_TMP/envelopes.ndjson" nbms-store -d "$BENCH_TMP/m1" --auto-register Asia/Seoul)
b=$(peak "$BENCH_TMP/tenth-envelopes.ndjson" nbms-store -d "$BENCH_TMP/m2" --auto-register Asia/Seoul)
report 'memory: nbms-store' "$(mib "$a")" MiB "$(mib "$b")" 'a tenth of the log' '<= 32 MiB' lower
