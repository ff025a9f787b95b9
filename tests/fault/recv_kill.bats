#!/usr/bin/env bats
# nbms-recv killed at any moment, and full disks: what was acknowledged is in the spool, and comes out once for each number.
# shellcheck disable=SC2154  # variables of bats, setup and the files loaded

bats_require_minimum_version 1.5.0
load ../broker/common

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	dir=$(mktemp -d)
	export NBMS_DIR=$dir/state
	thing=C000003_B001_01
}

teardown() {
	recv_stop KILL || true
	[ -z "${mounted-}" ] || umount "$mounted"
	broker_stop
	rm -rf "$dir"
}

# notes FROM TO: records of 200 to 20,000 bytes that tell their number.
notes() {
	awk -v from="$1" -v to="$2" 'BEGIN {
		pad = "xxxxxxxxxxxxxxxxxxxx"
		for (i = 0; i < 10; i++) pad = pad pad
		for (n = from; n <= to; n++)
			printf "{\"thing\":\"C000003_B001_01\",\"point\":\"realtime\",\"message\":{\"note\":%d,\"pad\":\"%s\"}}\n",
				n, substr(pad, 1, n % 7 == 0 ? 20000 : 100 + n % 100)
	}'
}

has_notes() { # FILE N: as many different notes?
	[ "$(grep -o '"note":[0-9]*' "$1" | sort -u | wc -l)" -ge "$2" ]
}

# whole SPOOL-OUTPUT N: each seq once, from 1 without a gap; notes 1 to N all there; every line JSON with its padding.
whole() {
	grep -v '^{"mark"' "$1" >"$dir/lines"
	jq -c '[.seq, .message.note, (.message.pad | length)]' "$dir/lines" | tr -d '[]' | tr , ' ' >"$dir/numbers"
	awk -v want="$2" '
		$1 != NR { print "seq " $1 " in line " NR; bad = 1 }
		$3 != ($2 % 7 == 0 ? 20000 : 100 + $2 % 100) { print "note " $2 " is damaged"; bad = 1 }
		{ seen[$2]++ }
		END {
			for (n = 1; n <= want; n++) if (!(n in seen)) { print "note " n " is lost"; bad = 1 }
			exit bad || NR < want
		}' "$dir/numbers"
}

@test "killed 40 times while it receives: nothing acknowledged is lost, every number comes once" {
	broker_start $thing
	recv_start "$dir/out" --spool --segment 300k
	within 60 connections 1
	(notes 1 20000 | publish $thing) 3>&- &
	local publisher=$! kills=0
	while [ $kills -lt 40 ]; do
		sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
		recv_stop KILL || [ $? -eq 137 ]
		kills=$((kills + 1))
		recv_start "$dir/out.$kills" --spool --segment 300k
	done
	wait $publisher
	within 60 eval 'cat "$NBMS_DIR"/spool/*.ndjson >"$dir/kept"; has_notes "$dir/kept" 20000'
	recv_stop
	nbms-recv --spool --from 1 >"$dir/all" 2>>"$dir/err"
	whole "$dir/all" 20000
	[ "$(find "$NBMS_DIR/spool" -name '*.ndjson' | wc -l)" -gt 3 ]
	# what any run printed was a stretch of the same stream, in order
	for printed in "$dir"/out*; do
		# the last line may have been cut in two by the kill
		grep -v '^{"mark"' "$printed" | sed '$d' >"$dir/stretch"
		[ ! -s "$dir/stretch" ] || [ "$(comm -23 <(sort "$dir/stretch") <(sort "$dir/lines") | wc -l)" -eq 0 ]
	done
}

died_or_has() { # FILE... N: has the receiver gone, or are there N different notes?
	ended "$recv_pid" || has_notes "$@"
}

@test "power cut at a sync, 20 times: what was not on the disk was not acknowledged" {
	cc -shared -fPIC -o "$dir/power_cut.so" tests/fault/power_cut.c -ldl
	broker_start $thing
	recv --spool --idle 1s >/dev/null 2>>"$dir/err"
	local round status n=0
	for round in $(seq 20); do
		notes $((n + 1)) $((n + 100)) | publish $thing
		LD_PRELOAD="$dir/power_cut.so" POWER_CUT=$((1 + round % 2)) recv_start /dev/null --spool
		if [ $((round % 2)) -eq 1 ]; then
			within 60 died_or_has "$NBMS_DIR/spool/0000000000000001.ndjson" $((n + 100))
			notes $((n + 101)) $((n + 200)) | publish $thing
			n=$((n + 100))
		fi
		n=$((n + 100))
		status=0
		wait "$recv_pid" 2>/dev/null || status=$?
		recv_pid=
		[ $status -eq 137 ]
	done
	recv_start /dev/null --spool
	within 60 eval 'cat "$NBMS_DIR"/spool/*.ndjson >"$dir/kept"; has_notes "$dir/kept" '$n
	recv_stop
	nbms-recv --spool --from 1 >"$dir/all"
	whole "$dir/all" $n
}

@test "killed 25 times while it replays into the spool, then replayed: whole, every number once" {
	notes 1 3000 >"$dir/log"
	local kills=0 tries=0
	while [ $kills -lt 25 ] && [ $tries -lt 200 ]; do
		tries=$((tries + 1))
		nbms-recv --replay "$dir/log" --spool --segment 1M >/dev/null 2>>"$dir/err" 3>&- &
		local pid=$!
		sleep "0.0$((RANDOM % 10))"
		if kill -9 $pid 2>/dev/null; then kills=$((kills + 1)); fi
		wait $pid || true
	done
	[ $kills -eq 25 ]
	nbms-recv --replay "$dir/log" --spool >/dev/null 2>>"$dir/err"
	nbms-recv --spool --from 1 >"$dir/all" 2>>"$dir/err"
	whole "$dir/all" 3000
	grep -q 'cut off a torn tail' "$dir/err" || skip "no kill hit a write"
}

@test "a full disk under the spool: said, status 74, nothing acknowledged is lost" {
	broker_start $thing
	mkdir "$NBMS_DIR"
	mount -t tmpfs -o size=2M none "$NBMS_DIR" 2>/dev/null || skip "mounting is not allowed here"
	mounted=$NBMS_DIR
	recv_start "$dir/out" --spool
	within 60 connections 1
	notes 1 4000 | publish $thing
	local status=0
	wait "$recv_pid" || status=$?
	recv_pid=
	[ $status -eq 74 ]
	grep -q "spool/0000000000000001.ndjson: cannot write: No space left on device" "$dir/err"
	cp -R "$NBMS_DIR/spool" "$dir/spool"
	umount "$mounted"
	mounted=
	rmdir "$NBMS_DIR"
	mkdir "$NBMS_DIR"
	mv "$dir/spool" "$NBMS_DIR/spool"
	recv_start "$dir/out" --spool
	within 60 eval 'cat "$NBMS_DIR"/spool/*.ndjson >"$dir/kept"; has_notes "$dir/kept" 4000'
	recv_stop
	nbms-recv --spool --from 1 >"$dir/all"
	whole "$dir/all" 4000
}

@test "a limit on file sizes is a full disk, not a death without a word" {
	notes 1 500 >"$dir/log"
	run bash -c "ulimit -f 64; nbms-recv --replay '$dir/log' --spool 2>&1 >/dev/null"
	[ "$status" -eq 74 ]
	[[ $output = *'cannot write: File too large' ]]
	nbms-recv --replay "$dir/log" --spool >/dev/null
	nbms-recv --spool --from 1 >"$dir/all"
	whole "$dir/all" 500
}
