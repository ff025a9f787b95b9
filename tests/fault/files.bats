#!/usr/bin/env bats
# Databases that are locked or damaged, disks that are full for real, clocks that jump: detected, said, and nothing lost.

load ../cli/common

setup() {
	common_setup
	export NBMS_DIR=$PWD/state
	nbms-device register - <<-'ROWS'
		{"type":"building","customer":"C000003","building":"B001","timezone":"Asia/Seoul"}
		{"type":"thing","thing":"C000003_B001_01"}
	ROWS
	"$top"/scripts/simulate --points 20 --from 2022-10-04 --days 1 >log
	nbms-recv --replay log >in
	month=state/history/C000003_B001/2022-10.db
}

teardown() {
	[ -z "${mounted:-}" ] || umount "$mounted" || :
	[ -z "${holder:-}" ] || kill "$holder" 2>/dev/null || :
}

dump() { sqlite3 "$1" 'SELECT time, point_id, attr, value FROM history ORDER BY 1, 2, 3'; }

# What a run that was let be makes of it.
calm() {
	cp -R state calm
	nbms-store -d calm in
	dump calm/history/C000003_B001/2022-10.db >expected
}

@test "a database that another holds: waited for, then status 75, and the same again works" {
	calm
	nbms-store <(head -n 1 in)
	# shellcheck disable=SC2094  # both ends of a conversation
	mkfifo talk
	sqlite3 state/nbms.db <talk >held &
	holder=$!
	exec 8>talk
	printf 'BEGIN IMMEDIATE;\nSELECT 1;\n' >&8
	within 60 test -s held
	status=0
	nbms-store in 2>err || status=$?
	[ "$status" -eq 75 ]
	holds err 'state/nbms.db: cannot BEGIN IMMEDIATE: database is locked'
	exec 8>&-
	wait "$holder"
	holder=
	nbms-store in
	dump "$month" | cmp - expected
}

@test "a damaged file is said to be one, with status 78, by every program that opens it" {
	nbms-store in
	sqlite3 state/nbms.db 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
	cp -R state good
	for damage in 'head -c 8192 /dev/urandom' 'printf SQLite-format-4'; do
		rm -rf state
		cp -R good state
		$damage | dd of=state/nbms.db conv=notrunc status=none
		for call in 'nbms-store in' 'nbms-alarm in' 'nbms-sched expand' 'nbms-query buildings' 'nbms-device list' \
			'nbms-push log' 'nbms-weather --cached' 'nbms-recv --spool' 'nbms-learn task learning --customer C000003'; do
			status=0
			# shellcheck disable=SC2086  # words
			$call >out 2>err </dev/null || status=$?
			[ "$status" -eq 78 ] && grep -q "^${call%% *}: .*nbms.db: cannot .*\(not a database\|malformed\)" err ||
				{ echo "$call: $status"; cat err; false; }
		done
	done
	# pages in the middle of a month: found when they are read
	rm -rf state
	cp -R good state
	sqlite3 "$month" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
	head -c 20000 /dev/urandom | dd of="$month" bs=4096 seek=2 conv=notrunc status=none
	status=0
	nbms-query history >out 2>err || status=$?
	[ "$status" -eq 78 ]
	holds err "$month: cannot"
}

# on_tmpfs SIZE COMMAND ...: with the state on a file system of that size
small_disk() {
	mv state kept
	mkdir state
	mount -t tmpfs -o "size=$1" none state 2>/dev/null || skip 'mounting is not allowed here'
	mounted=$PWD/state
	cp -R kept/. state/
}

room_again() { mount -o remount,size=64M "$mounted"; }

@test "a disk that is full under the store, the alarms, the schedules and the registry: 74, and once there is room, all of it" {
	calm
	small_disk 1200k
	for size in 1200k 1300k 1500k; do
		mount -o "remount,size=$size" "$mounted" 2>/dev/null || continue
		status=0
		nbms-store in 2>err || status=$?
		[ "$status" -eq 74 ] || [ "$status" -eq 0 ] || { cat err; false; }
		[ "$status" -eq 0 ] || grep -qE 'disk is full|No space left|disk I/O error' err
	done
	head -c 64M /dev/zero >state/filler 2>/dev/null || :
	for call in 'nbms-device register rows' 'nbms-recv --replay log --spool' 'nbms-device create C000003_B001_01'; do
		echo '{"type":"customer","customer":"C000009","name":"'"$(printf '%01000d' 0)"'"}' >rows
		status=0
		# shellcheck disable=SC2086
		$call >out 2>err || status=$?
		[ "$status" -ge 73 ] && [ "$status" -le 74 ] && grep -qE 'full|No space|I/O' err || { echo "$call: $status"; cat err; false; }
	done
	rm state/filler
	room_again
	nbms-store in
	dump "$month" | cmp - expected
	nbms-device create C000003_B001_01 >/dev/null
	nbms-device verify
}

@test "a clock that jumps, and goes back: what is refused can be fed in again, nothing newer is replaced by what is older" {
	calm
	head -n 40 in >morning
	tail -n +41 in >rest
	NBMS_NOW=2022-10-04T15:00:00Z nbms-store morning
	# a year back: everything of today lies too far ahead, is refused whole and comes in again once the clock is right
	status=0
	NBMS_NOW=2021-10-04T15:00:00Z nbms-store --reject ledger rest 2>err || status=$?
	[ "$status" -eq 1 ]
	[ "$(jq -r .rejected ledger | sort -u)" = future ]
	nbms-recv --replay ledger | NBMS_NOW=2022-10-05T15:00:00Z nbms-store
	dump "$month" | cmp - expected
	# ten years ahead, and back in the morning: what is latest stays
	nbms-query latest >latest
	NBMS_NOW=2032-10-04T15:00:00Z nbms-store morning
	NBMS_NOW=2022-10-04T01:00:00Z nbms-store morning 2>err || [ $? -eq 1 ]
	nbms-query latest | cmp - latest
	dump "$month" | cmp - expected
}

@test "nbms-sched killed while it takes schedules and while it works out the day: as if it had been let be" {
	for n in $(seq 60); do
		printf '{"type":"schedule","customer":"C000003","building":"B001","schedule":{"schedule_id":"s%d","point_id":"p%d",' $n $n
		printf '"weekly":{"tue":[["08:00",%d],["18:00",0]]},"default":0}}\n' $n
	done >schedules
	cp -R state calm
	export NBMS_NOW=2022-10-04T00:00:00Z
	nbms-sched apply -d calm schedules
	nbms-sched expand -d calm >calm.out
	tables="SELECT * FROM schedule ORDER BY 1, 2, 3; SELECT * FROM user_schedule ORDER BY 1, 2, 3, 4, 5"
	sqlite3 calm/nbms.db "$tables" >expected
	kills=0
	for _ in $(seq 40); do
		nbms-sched apply schedules 2>/dev/null &
		pid=$!
		sleep "0.00$((RANDOM % 10))"
		kill -9 $pid 2>/dev/null && kills=$((kills + 1))
		wait $pid 2>/dev/null || :
		nbms-sched expand >/dev/null 2>&1 &
		pid=$!
		sleep "0.00$((RANDOM % 10))"
		kill -9 $pid 2>/dev/null && kills=$((kills + 1))
		wait $pid 2>/dev/null || :
	done
	[ $kills -gt 10 ]
	nbms-sched apply schedules
	nbms-sched expand >got
	cmp got calm.out
	sqlite3 state/nbms.db "$tables" | cmp - expected
}
