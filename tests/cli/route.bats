#!/usr/bin/env bats
# nbms-route: where records go, that they get there in order and whole, and what happens when a sink does not go along.

load common

setup() {
	common_setup
}

# numbered KIND N: N records of four buildings in turn, each with a number of its own.
numbered() {
	awk -v kind="$1" -v n="$2" 'BEGIN { for (i = 1; i <= n; i++)
		printf "{\"seq\":%d,\"thing\":\"C000003_B00%d_01\",\"point\":\"%s\",\"message\":{\"n\":%d}}\n", i, i % 4, kind, i }'
}

@test "every kind goes where the manual says" {
	for kind in init delete periodic_log timestamp_last alarm disconnect schedule request_schedule \
		request_calendar realtime control_result; do
		echo "{\"thing\":\"C1_B1_01\",\"point\":\"$kind\",\"message\":{}}"
	done >all
	run -0 --separate-stderr nbms-route store='cat >store' alarm='cat >alarm' sched='cat >sched' live='cat >live' <all
	[ -z "$stderr" ]
	[ "$(jq -r .point store | paste -sd' ')" = 'init delete periodic_log timestamp_last' ]
	[ "$(jq -r .point alarm | paste -sd' ')" = 'alarm disconnect' ]
	[ "$(jq -r .point sched | paste -sd' ')" = 'schedule request_schedule request_calendar' ]
	[ "$(jq -r .point live | paste -sd' ')" = 'periodic_log realtime control_result' ]
}

@test "records keep every byte, also when they are large and when kind and thing stand last" {
	{
		zcat "$top/testdata/captures/day-883.ndjson.gz"
		printf '{"message":{"text":"%s","point":"alarm"},"x":1.50,"thing":"C1_B1_01", "point" : "init"}\r\n' \
			"$(head -c 3000000 /dev/zero | tr '\0' x)"
	} >log
	nbms-route store='cat >store' alarm='cat >alarm' <log
	cmp log store
	[ ! -s alarm ]
}

@test "a table of one's own changes some kinds and leaves the others" {
	cat >table <<-'TABLE'
		{"point":"realtime","to":["live","alarm"]}
		{"point":"meteo","to":["store"]}
		{"point":"init","to":[]}
	TABLE
	printf '{"point":"%s"}\n' realtime meteo init alarm >in
	run -0 --separate-stderr nbms-route -r table store='cat >store' alarm='cat >alarm' live='cat >live' <in
	[ "$(cat store)" = '{"point":"meteo"}' ]
	[ "$(cat alarm)" = $'{"point":"realtime"}\n{"point":"alarm"}' ]
	[ "$(cat live)" = '{"point":"realtime"}' ]
	[[ $stderr == *'<stdin>:3: init: no route'* ]]
	[[ $stderr == *'passed over: 1 of kind init'* ]]
}

@test "a table that is none ends it with 78 and names the line; a missing one with 66" {
	printf '{"point":"realtime","to":["live"]}\n{"point":"alarm","to":"live"}\n' >table
	run -78 --separate-stderr nbms-route -r table live=cat </dev/null
	[[ $stderr == *'table:2: bad-table: "to" is not a list'* ]]
	run -66 --separate-stderr nbms-route -r nowhere live=cat </dev/null
	[[ $stderr == *'nowhere: cannot open'* ]]
}

@test "an unknown kind goes to the ledger with its line, and the rest goes on" {
	printf '{"point":"init"}\n{"point":"tsunami","received":"2022-10-04T00:45:00Z"}\n\n{"point":7}\n{"x":1}\n[1]\n{"point":"\\u0069nit"}\n' >in
	run -1 --separate-stderr nbms-route --count --reject ledger store='cat >store' <in
	[ "$(cat store)" = $'{"point":"init"}\n{"point":"\\u0069nit"}' ]
	[ "$(jq -r '[.rejected, .where] | join(" ")' ledger)" = "unknown-kind <stdin>:2
bad-envelope <stdin>:4
bad-envelope <stdin>:5
bad-json <stdin>:6" ]
	[ "$(jq -r 'select(.rejected == "unknown-kind").record' ledger)" = "$(sed -n 2p in)" ]
	[[ $stderr == *'<stdin>:2: unknown-kind: tsunami'* ]]
	[[ $stderr == *'in 6 = out 2 + rejected 4 + duplicate 0'* ]]
}

@test "a kind whose route is not in this call is said at once and counted, not dropped in silence" {
	{ numbered alarm 5; numbered init 1; numbered realtime 2; } >in
	run -0 --separate-stderr nbms-route store='cat >store' <in
	[ "$(wc -l <store)" -eq 1 ]
	[ "$(grep -c 'passed over, and counted' <<<"$stderr")" -eq 2 ]
	[[ $stderr == *'passed over: 5 of kind alarm'* ]]
	[[ $stderr == *'passed over: 2 of kind realtime'* ]]
}

@test "a rule sends a copy, once, also of a kind that nobody maps" {
	cat >in <<-'IN'
		{"thing":"C000003_B001_01","point":"alarm","message":{"alarm_count":1}}
		{"thing":"C000003_B001_01","point":"periodic_log","message":{"alarm_count":2}}
		{"thing":"C000004_B001_01","point":"periodic_log","message":{"alarm_count":3}}
		{"thing":"C000003_B001_01","point":"novel","message":{"alarm_count":4}}
		{"thing":"C000003_B001_01","point":"init","message":"text"}
		{"mark":5,"at":"2022-10-04T00:45:00Z"}
	IN
	run -0 --separate-stderr nbms-route store='cat >store' alarm='cat >alarm' \
		-e alarm='.message.alarm_count > 0 and (.thing | startswith("C000003"))' -e alarm='.message.alarm_count == 1' <in
	[ "$(jq -c '.message.alarm_count? // .mark // 0' alarm | paste -sd' ')" = '1 2 4 5' ]
	[ "$(jq -c '.point // .mark' store | paste -sd' ')" = '"periodic_log" "periodic_log" "init" 5' ]
	[[ $stderr == *'<stdin>:5: rule alarm: Cannot index string'* ]]
}

@test "a rule that does not compile, or names no route, ends it with 64 and says where" {
	run -64 --separate-stderr nbms-route store=cat -e store='.a[' </dev/null
	[[ $stderr == *'rule store: .a[: jq: error: syntax error'*'line 1'* ]]
	run -64 --separate-stderr nbms-route store=cat -e stroe=true </dev/null
	[[ $stderr == *'stroe=true: no such route'* ]]
}

@test "the same key goes to the same copy, in order; marks go to all" {
	{ numbered periodic_log 4000; echo '{"mark":4000,"at":"2022-10-04T00:45:00Z"}'; } >in
	run -0 nbms-route -p store=3 -k building store='cat >part.${NBMS_PART%/*}; echo "$NBMS_PART"' <in
	[ "$(sort <<<"$output")" = $'0/3\n1/3\n2/3' ]
	for part in part.0 part.1 part.2; do
		[ "$(tail -n 1 $part)" = '{"mark":4000,"at":"2022-10-04T00:45:00Z"}' ]
		jq -c 'select(.seq) | [.thing, .message.n]' $part
	done >got
	jq -r '.[0]' got | sort | uniq -c >counts
	[ "$(awk '$1 == 1000' counts | wc -l)" -eq 4 ]
	# of one building no number comes before a smaller one, and none is in two copies
	for thing in C000003_B000_01 C000003_B001_01 C000003_B002_01 C000003_B003_01; do
		grep -F "$thing" got | jq '.[1]' >numbers
		sort -nu numbers | cmp - numbers
		[ "$(grep -lF "$thing" part.? | wc -l)" -eq 1 ]
	done
}

@test "the key may be the customer or the thing; a record without one is rejected" {
	printf '{"thing":"C%d_B%d_0%d","point":"init"}\n' 1 1 1 1 2 2 1 3 3 1 4 4 1 5 5 1 6 6 1 7 7 1 8 8 >in
	nbms-route -p store=4 -k customer store='wc -l' <in | sort -n | paste -sd' ' >counts
	[ "$(cat counts)" = '0 0 0 8' ]
	nbms-route -p store=4 -k thing store='wc -l' <in | sort -n | paste -sd' ' >counts
	[ "$(cat counts)" != '0 0 0 8' ]
	run -1 --separate-stderr nbms-route -p store=4 store=cat <<<'{"point":"init"}'
	[[ $stderr == *'<stdin>:1: bad-envelope: thing: not text'* ]]
	run -64 nbms-route -p store=4 -k floor store=cat </dev/null
	run -64 nbms-route -p store=0 store=cat </dev/null
	run -64 nbms-route -p store=x store=cat </dev/null
	run -64 nbms-route -p nowhere=2 store=cat </dev/null
}

@test "a slow sink holds everybody up, and nothing is lost" {
	zcat "$top/testdata/captures/day-883.ndjson.gz" | sed 's/"point":"init"/"point":"alarm"/' >log
	for i in 1 2 3; do cat log; done >in
	mkfifo gate
	nbms-route store='read -r _ <gate; cat >store' alarm='cat >alarm' <in &
	pid=$!
	# it must be waiting with most of the input unread, not have swallowed it
	within 60 grep -q '^State:.*S' /proc/$pid/status
	within 60 [ -s alarm ]
	[ ! -e store ] || [ ! -s store ]
	case $NBMS_BUILD in # a sanitizer's own memory is not ours
	*san*) ;;
	*) [ "$(awk '/VmHWM/ { print $2 }' /proc/$pid/status)" -lt 32768 ] ;;
	esac
	echo go >gate
	wait $pid
	cat store alarm | wc -l >n
	[ "$(cat n)" -eq "$(wc -l <in)" ]
	grep -v '"point":"alarm"' in | cmp - store
	grep '"point":"alarm"' in | cmp - alarm
}

@test "a sink that dies ends the run with its name, command and status; the others get whole lines and the end" {
	run -74 --separate-stderr nbms-route store='head -n 3 >/dev/null; exit 74' alarm='cat >alarm; echo done >ended' \
		< <(numbered alarm 3; numbered init 3; while numbered init 100; do :; done 2>/dev/null)
	[[ $stderr == *'nbms-route: store: ended with exit status 74 before its input did: head -n 3'* ]]
	[ "$(cat ended)" = 'done' ]
	[ "$(numbered alarm 3)" = "$(cat alarm)" ]
	run -69 --separate-stderr nbms-route store='kill -KILL $$' < <(while numbered init 100; do :; done 2>/dev/null)
	[[ $stderr == *'store: ended with signal 9 (Killed) before'* ]]
	run -69 --separate-stderr nbms-route store='true' < <(while numbered init 100; do :; done 2>/dev/null)
	[[ $stderr == *'store: ended with exit status 0 before its input did: true'* ]]
	run -69 --separate-stderr nbms-route store='nbms-no-such-program' </dev/null
	[[ $stderr == *'ended with exit status 127'* ]]
}

@test "a dead sink is noticed while no input comes" {
	mkfifo in
	exec 9<>in
	nbms-route store='sleep 0.2; exit 75' <in 2>err &
	status=0
	wait $! || status=$?
	exec 9>&-
	[ "$status" -eq 75 ]
	holds err 'ended with exit status 75 before its input did'
}

@test "a reader that has gone is noticed while nothing is written" {
	mkfifo in out
	exec 9<>in
	nbms-route store='cat >store' <in >out 2>err 9>&- &
	pid=$!
	exec 8<out
	numbered init 3 >&9
	within 60 has_lines store 3
	exec 8<&-
	status=0
	wait $pid || status=$?
	exec 9>&-
	[ "$status" -eq 74 ]
}

@test "a program that fails in the middle of a command's pipeline is not hidden" {
	run -75 --separate-stderr nbms-route store='(cat >/dev/null; exit 75) | cat' < <(numbered init 3)
	[[ $stderr == *'store: ended with exit status 75'* ]]
}

@test "a sink that rejected something makes the run end with 1" {
	run -1 --separate-stderr nbms-route store='cat >/dev/null; exit 1' < <(numbered init 3)
	[ -z "$stderr" ]
}

@test "the sinks' lines come out whole, however they are written" {
	command='awk "{ printf \"%s %s\", name, \"$(printf %0500d 0)\"; fflush(); print \" end\"; fflush() }" name='
	nbms-route store="$command"a alarm="$command"b sched="$command"c < <(
		numbered init 300
		numbered alarm 300
		numbered schedule 300
	) >out
	[ "$(wc -l <out)" -eq 900 ]
	[ "$(grep -cvE '^[abc] 0{500} end$' out)" -eq 0 ]
}

@test "a sink's over-long line goes to the ledger, its unfinished one is said" {
	run -1 --separate-stderr nbms-route --max-line 100 --reject ledger \
		store='cat >/dev/null; head -c 1000 /dev/zero | tr "\0" x; echo; printf unfinished' < <(numbered init 1)
	[ "$output" = unfinished ]
	[ "$(jq -r '[.rejected, .where, .bytes] | join(" ")' ledger)" = 'too-long store:1 1000' ]
	[[ $stderr == *'store:2: its last line has no end'* ]]
}

@test "SIGTERM: what was read is handed on, the sinks get their end, status 0" {
	mkfifo in
	nbms-route --count store='cat >store; echo done >ended' <in 2>err &
	pid=$!
	exec 9>in
	numbered init 10 >&9
	within 60 has_lines store 10
	kill -TERM $pid
	wait $pid
	exec 9>&-
	numbered init 10 | cmp - store
	[ "$(cat ended)" = 'done' ]
	holds err 'in 10 = out 10'
}

@test "SIGTERM in a flood: the sink has whole lines only, and no more were counted than it has" {
	while numbered init 1000; do :; done 2>/dev/null | nbms-route --count store='cat >store' 2>err &
	pid=$!
	within 60 [ -s store ]
	kill -TERM $pid
	wait $pid
	[ "$(tail -c 1 store | od -An -c | tr -d ' ')" = '\n' ]
	[ "$(sed -nE 's/.*in ([0-9]+) = .*/\1/p' err)" -eq "$(wc -l <store)" ]
}

@test "a wrong call ends it with 64" {
	run -64 nbms-route </dev/null
	run -64 nbms-route store </dev/null
	run -64 nbms-route =cat </dev/null
	run -64 nbms-route store= </dev/null
	run -64 nbms-route store=cat store=cat </dev/null
	run -64 nbms-route -e store store=cat </dev/null
}
