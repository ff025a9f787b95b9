#!/usr/bin/env bats
# nbms-store killed at any moment, and started again: in the end the history is that of a run that was let be.

bats_require_minimum_version 1.5.0
load ../cli/common

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	top=$PWD
	cd "$BATS_TEST_TMPDIR" || return
	"$top"/scripts/simulate --points 60 --from 2022-09-29 --days 3 --faults 0.06 >days
	registry s
	RANDOM=7
}

# what an undisturbed run of a file leaves
calm() {
	registry calm
	nbms-store -d calm "$1" 2>/dev/null || [ $? -eq 1 ]
	state calm >want
}

registry() {
	nbms-device register -d "$1" "$top"/testdata/tariffs/kr-general.ndjson "$top"/testdata/holidays/kr.ndjson - <<-'ROWS'
		{"type":"building","customer":"C000003","building":"B001","timezone":"Asia/Seoul","tariff":"general/eul/high_a/2","country":"KR"}
		{"type":"thing","thing":"C000003_B001_01"}
	ROWS
}

state() {
	local f
	for f in $(months "$1"); do
		echo "$f" | sed "s,^$1/,,"
		on_postgres || sqlite3 "$f" 'PRAGMA integrity_check'
		sql "$f" 'SELECT ts, thing, local, stamp, period FROM frame ORDER BY 1, 2'
		sql "$f" "SELECT thing, point_id, attr, period FROM series WHERE attr <> 'Mark' ORDER BY 1, 2, 3"
		sql "$f" 'SELECT * FROM history ORDER BY time, point_id, attr'
	done
	sql "$1"/nbms.db 'SELECT * FROM point ORDER BY 1, 2, 3; SELECT * FROM composite_member ORDER BY 1, 2, 3, 4'
}

# killed COMMAND ...: kills it within some milliseconds, unless it was faster; counts in `kills`
killed() {
	"$@" 2>/dev/null &
	local pid=$!
	sleep "$(printf '0.%03d' $((RANDOM % ${within:-100})))"
	kill -KILL $pid 2>/dev/null || true
	wait $pid 2>/dev/null || [ $? -ne 137 ] || kills=$((kills + 1))
}

@test "a replay, from its beginning each time" {
	calm days
	kills=0 runs=0
	nbms-recv --replay days >in 2>/dev/null
	while [ $kills -lt 25 ]; do
		[ $((runs += 1)) -lt 400 ]
		killed nbms-store -d s in
	done
	nbms-recv --replay days 2>/dev/null | nbms-store -d s 2>/dev/null || [ $? -eq 1 ]
	state s | cmp want -
}

@test "a spool, from the checkpoint each time" {
	# the init comes after a day of logs, whose points are known from them alone until then
	awk 'NR == 1 { init = $0; next } { print } NR == 97 { print init }' days >late
	mv late days
	calm days
	# every record has a number, a mark comes after every seventh, and what is behind the checkpoint is gone
	awk '{ sub(/^{/, "{\"seq\":" NR ","); print } NR % 7 == 0 { print "{\"mark\":" NR ",\"at\":\"2022-10-02T00:00:00Z\"}" }' days >numbered
	from_checkpoint() {
		local seq
		seq=$(sql s/nbms.db 'SELECT seq FROM checkpoint') || true
		awk -F '[:,}]' -v seq="${seq:-0}" '$2 > seq' numbered >in
	}
	complete() {
		from_checkpoint
		nbms-store -d s in 2>/dev/null || [ $? -eq 1 ]
		state s | cmp want -
		[ "$(sql s/nbms.db 'SELECT seq FROM checkpoint')" -eq "$(wc -l <days)" ]
	}
	kills=0 runs=0
	while [ $kills -lt 40 ]; do
		[ $((runs += 1)) -lt 400 ]
		from_checkpoint
		if [ "$(wc -l <in)" -lt 40 ]; then # nearly done: let it end, and once more
			complete
			forget s
			registry s
			from_checkpoint
		fi
		killed nbms-store -d s in
	done
	complete
}
