# What the benchmarks share; sourced, with BENCH_TMP, BENCH_BUILD and BENCH_DAYS set by scripts/bench.

# now: seconds with nanoseconds
now() { date +%s.%N; }

# took COMMAND ...: runs it, prints the seconds it took
took() {
	_t0=$(now)
	"$@" >/dev/null || return
	_t1=$(now)
	awk -v a="$_t0" -v b="$_t1" 'BEGIN { printf "%.4f", b - a }'
}

# per SECONDS COUNT: a rate
per() { awk -v s="$1" -v n="$2" 'BEGIN { printf "%.6g", n / s }'; }

# report WORK OURS UNIT ALTERNATIVE THAN MUST [lower]: one line; the ratio says how many times better ours is
report() {
	awk -v ours="$2" -v other="$4" -v lower="${7-}" 'BEGIN {
		printf "%.3g", (other > 0 && ours > 0) ? (lower ? other / ours : ours / other) : 0 }' >"$BENCH_TMP/ratio"
	jq -cn --arg work "$1" --argjson ours "$2" --arg unit "$3" --argjson alternative "$4" --arg than "$5" \
		--argjson ratio "$(cat "$BENCH_TMP/ratio")" --arg must "$6" \
		'{work: $work, ours: $ours, unit: $unit, alternative: $alternative, than: $than, ratio: $ratio, must: $must}'
}

# the captured log that the ingest benchmarks read: BENCH_DAYS days of 883 points, made once a run
bench_log() {
	if [ ! -f "$BENCH_TMP/log.ndjson" ]; then
		scripts/simulate --from 2022-10-01 --days "$BENCH_DAYS" >"$BENCH_TMP/log.ndjson"
	fi
	echo "$BENCH_TMP/log.ndjson"
}

# points in it: all logged values
bench_points() { echo $((883 * 96 * BENCH_DAYS)); }
