#!/usr/bin/env bats
# A stream in shards: one process at a time has one, another takes over, one that has lost it can commit nothing; and
# nbms-store copy.

bats_require_minimum_version 1.5.0

setup() {
	load common
	common_setup
	nbms-device register -d s - <<-'ROWS'
		{"type":"building","customer":"C000003","building":"B001","timezone":"Asia/Seoul","country":"KR"}
		{"type":"thing","thing":"C000003_B001_01"}
	ROWS
}

teardown() {
	local pid
	for pid in $(jobs -p); do # not what bats itself has started
		case $(ps -o comm= -p "$pid") in nbms-* | python*) kill -9 "$pid" ;; esac
	done
}

# record SEQ [VALUE]: a log with its number in the spool, a quarter of an hour after the one before
record() {
	local at
	at=$(TZ=Asia/Seoul date -d "@$((1664845200 + $1 * 900))" +%Y%m%d%H%M)
	echo '{"seq":'"$1"',"thing":"C000003_B001_01","point":"periodic_log","message":{"msg_type":"Periodic_Log","point_0":{"msg":[{"attr_name":"M_Value","data":'"${2:-$1}"'}],"period":15,"point_id":"x"},"point_count":1,"time":"'"$at"'"}}'
}

seq_is() { [ "$(sql s/nbms.db "SELECT seq FROM checkpoint WHERE consumer = 'store@2'")" = "$1" ]; }

# The first worker has the shard, and has stored a record; fd 7 is its input.
first_works() {
	mkfifo one two
	NBMS_SHARD=2 nbms-store -d s one 2>err1 &
	first=$!
	exec 7>one
	record 1 >&7
	within 60 seq_is 1
}

values() { for f in $(months s); do sql "$f" "SELECT value FROM history WHERE point_id = 'x' ORDER BY time"; done | sed 's/\.0$//' | xargs; }

@test "a shard has its own checkpoint, and one process at a time; another waits and takes over within seconds" {
	first_works
	NBMS_SHARD=2 nbms-store -d s --count two 2>err2 7>&- &
	second=$!
	exec 8<>two # it is not opened before the shard is had
	{ record 1 100; record 2 200; } >&8 # the same stream, from its beginning
	within 60 holds err2 'store@2 is worked by another process: waiting for it to end'
	# another shard is not held up
	record 3 | NBMS_SHARD=3 nbms-store -d s
	[ "$(values)" = '1 3' ]
	kill -9 $first
	began=$(date +%s%N)
	within 60 seq_is 2
	took=$((($(date +%s%N) - began) / 1000000))
	echo "taken over after $took ms"
	[ $took -lt 30000 ]
	exec 7>&-
	kill -TERM $second
	wait $second
	exec 8>&-
	holds err2 'store@2 is taken over'
	holds err2 'in 2 = out 1 + rejected 0 + duplicate 1'
	[ "$(values)" = '1 200 3' ]
	[ "$(sql s/nbms.db "SELECT consumer, seq, epoch FROM checkpoint ORDER BY 1" | xargs)" = 'store@2|2|2 store@3|3|1' ]
}

@test "one that has lost its shard commits nothing, and ends with 75" {
	mkfifo one
	NBMS_SHARD=2 nbms-store -d s one 2>err &
	first=$!
	exec 7>one
	record 1 >&7
	within 60 seq_is 1
	# as if another had taken it while this one could not tell
	sql s/nbms.db "UPDATE checkpoint SET epoch = epoch + 1 WHERE consumer = 'store@2'"
	record 2 >&7
	wait $first && status=0 || status=$?
	[ $status -eq 75 ]
	exec 7>&-
	holds err 'store@2: another process has taken it over: nothing more is written here'
	seq_is 1
	if on_postgres; then [ "$(values)" = 1 ]; fi # of files, the month's comes first: the same again is the same
	record 2 | NBMS_SHARD=2 nbms-store -d s
	[ "$(values)" = '1 2' ]
}

@test "one that was stopped loses its shard to the one that stands by, and writes nothing when it goes on" {
	on_postgres || skip 'a file is unlocked by nobody else'
	first_works
	NBMS_SHARD=2 nbms-store -d s two 2>err2 7>&- &
	second=$!
	exec 8<>two
	{ record 1 100; record 2 200; } >&8
	within 60 holds err2 'waiting for it to end'
	# who runs keeps it, also where nothing comes
	since=$(sql s/nbms.db 'SELECT max(until) FROM heartbeat')
	beaten() { [ "$(sql s/nbms.db "SELECT max(until) > CAST('$since' AS TIMESTAMPTZ) + INTERVAL '5 seconds' FROM heartbeat")" = 1 ]; }
	within 60 beaten
	seq_is 1
	kill -STOP $first
	began=$(date +%s%N)
	within 60 seq_is 2
	echo "taken over after $((($(date +%s%N) - began) / 1000000)) ms"
	holds err2 'was ended'
	record 2 300 >&7
	kill -CONT $first
	wait $first && status=0 || status=$?
	[ $status -eq 75 ]
	exec 7>&-
	record 3 >&8
	within 60 seq_is 3
	kill -TERM $second
	wait $second
	exec 8>&-
	[ "$(values)" = '1 200 3' ]
}

@test "one that waits for a shard ends with SIGTERM, and a name that is none is refused" {
	mkfifo one
	NBMS_SHARD=2 nbms-store -d s one &
	exec 7>one
	record 1 >&7
	within 60 seq_is 1
	NBMS_SHARD=2 nbms-store -d s /dev/null 2>err &
	second=$!
	within 60 holds err waiting
	kill -TERM $second
	wait $second
	exec 7>&-
	run -64 env NBMS_SHARD='a%' nbms-store -d s /dev/null
	[[ $output == *'NBMS_SHARD: letters, digits, . and -, 32 at most: a%' ]]
}

@test "a site is copied to another place, and what is there is looked at first" {
	for n in 1 2 3; do record $n; done | nbms-store -d s
	record 3000 | nbms-store -d s # another month
	echo '{"thing":"C000003_B001_01","point":"periodic_log","message":{"msg_type":"Periodic_Log","point_0":{"msg":[{"attr_name":"t","data":"a\u0000b"},{"attr_name":"n","data":null},{"attr_name":"b","data":true}],"period":15,"point_id":"y"},"point_count":1,"time":"202210050000"}}' |
		nbms-store -d s
	from=$PWD/s to=$PWD/t
	if on_postgres; then from=${NBMS_DB%%#*}#$(schema_of s) to=${NBMS_DB%%#*}#$(schema_of t); fi
	nbms-store copy --from "$from" --to "$to" >first
	[ "$(jq -r .of first | xargs)" = 'site C000003_B001/2022-10 C000003_B001/2022-11' ]
	[ "$(jq -r .done first | sort -u)" = copied ]
	nbms-store copy --from "$from" --to "$to" >again
	[ "$(jq -r .done again | sort -u)" = same ]
	diff <(jq 'del(.done)' first) <(jq 'del(.done)' again)
	diff <(nbms-query history -d s) <(nbms-query history -d t)
	# what goes on there: ids are not given out twice
	record 3001 | nbms-store -d t
	sed 's/"x"/"new"/' <<<"$(record 3002)" | nbms-store -d t
	[ "$(nbms-query history -d t | jq -r .point_id | grep -v y | sort | uniq -c | xargs)" = '1 new 5 x' ]
	# it is no longer the same, and is not written over
	run -65 nbms-store copy --from "$from" --to "$to"
	[[ $output == *'holds something else already: left as it is'* ]]
	[ "$(nbms-query history -d t | jq -r .point_id | grep -v y | sort | uniq -c | xargs)" = '1 new 5 x' ]
	run -64 nbms-store copy --from "$from"
	run -66 nbms-store copy --from "$PWD/nowhere" --to "$PWD/u"
	# to a file and back is the same
	if on_postgres; then
		nbms-store copy --from "$from" --to "$PWD/files" | diff first -
		nbms-store copy --from "$PWD/files" --to "${NBMS_DB%%#*}#$(schema_of back)" | diff first -
		NBMS_DB='' nbms-query history -d files | diff - <(nbms-query history -d s)
	fi
}
