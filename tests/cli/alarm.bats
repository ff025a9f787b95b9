#!/usr/bin/env bats
# shellcheck disable=SC2154  # stderr is set by run
# nbms-alarm: records in, transitions out; silence, rules, and what operators do.

bats_require_minimum_version 1.5.0

setup() {
	load common
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	cd "$BATS_TEST_TMPDIR" || return
	nbms-device register <<-'ROWS'
		{"type":"building","customer":"C000003","building":"B001","timezone":"Asia/Seoul"}
		{"type":"thing","thing":"C000003_B001_01"}
	ROWS
	sql nbms-state/nbms.db "UPDATE thing SET created = 1664845200" # 2022-10-04T10:00+09:00
}

# alarm TIME EVENT [LEVEL [ID]]
alarm() {
	printf '{"thing":"C000003_B001_01","point":"alarm","message":{"msg_type":"Alarm","alarm_0":%s,"alarm_count":1,"time":"%s"}}\n' \
		"{\"alarm_point_id\":\"${4-FAN.TRIP}\",\"alarm_name\":\"Fan\",\"event\":\"$2\",\"level\":${3-2},\"value\":1}" "$1"
}

# value TIME VALUE [POINT]: a log of one point, every 15 minutes
value() {
	printf '{"thing":"C000003_B001_01","point":"periodic_log","message":{"msg_type":"Periodic_Log","point_0":%s,"point_count":1,"time":"%s"}}\n' \
		"{\"msg\":[{\"attr_name\":\"M_Value\",\"data\":$2}],\"period\":15,\"point_id\":\"${3-39.AI-300:1630_AHUSupplyAirTemp_01}\"}" "$1"
}

mark() { printf '{"mark":null,"at":"%s"}\n' "$1"; }

# What came out, in short: time transition state [*], of one building's afternoon
short() { jq -r '"\(.time[11:19]) \(.transition) \(.state)\(if .tell then " *" else "" end)"'; }

@test "raise, acknowledge, clear: each once, whatever the order and however often" {
	{ alarm 202210041000 raise; alarm 202210041005 ack; alarm 202210041010 clear; } >in
	nbms-alarm in >out
	[ "$(short <out)" = "10:00:00 raise unacknowledged *
10:05:00 ack acknowledged
10:10:00 clear normal *" ]
	[ -z "$(nbms-alarm in in)" ]
	tac in >back
	copy_state nbms-state two
	sql two/nbms.db 'DELETE FROM alarm_history; DELETE FROM alarm'
	nbms-alarm -d two back >/dev/null
	diff <(nbms-alarm history -d two --from 2022-01-01 --json) <(nbms-alarm history --from 2022-01-01 --json)
	diff <(nbms-alarm list -d two --all --json) <(nbms-alarm list --all --json)
}

@test "a real day of records replayed twice from nothing is the same, byte for byte" {
	gzip -dc "$root/testdata/captures/kinds.ndjson.gz" >k
	nbms-recv --zone Asia/Seoul --replay k >envelopes
	copy_state nbms-state two
	nbms-alarm envelopes >one.out
	nbms-alarm -d two envelopes >two.out
	[ -s one.out ]
	cmp one.out two.out
	[ -z "$(nbms-alarm envelopes)" ]
}

@test "a bad item rejects its record whole, named by line; the rest is done" {
	{
		alarm 202210041000 explode
		alarm 202210041000 raise 9
		alarm 202210041000 raise '"high"'
		alarm 202210041000 raise 2 rule:mine
		alarm 202210041000 raise 2 ''
		alarm 209910041000 raise
		alarm 202213041000 raise
		alarm 202210041000 raise | sed 's/"alarm_count":1/"alarm_count":2/'
		alarm 202210041000 raise | sed 's/"value":1/"value":{"a":[]}/'
		alarm 202210041000 raise | sed 's/C000003_B001_01/C000009_B001_01/'
		echo '{"thing":"C000003_B001_01","point":"alarm","message":[]}'
		echo 'nonsense'
		printf '{"thing":"C000003_B001_01\377"}\n'
		alarm 202210041000 clear
		alarm 202210041001 raise
	} >in
	run -1 --separate-stderr nbms-alarm --count --reject ledger in
	[ "$(short <<<"$output")" = "10:01:00 raise unacknowledged *" ]
	[ "$(jq -r .rejected ledger | paste -sd' ')" = "bad-alarm bad-alarm bad-alarm bad-alarm bad-alarm future bad-time count-mismatch bad-alarm unknown-thing bad-envelope bad-json bad-utf8" ]
	[[ $stderr == *"in:1: bad-alarm: alarm_0: event: not raise, update, clear or ack"* ]]
	[[ $stderr == *"in:2: bad-alarm: alarm_0: level: not 1 to 4"* ]]
	[[ $stderr == *"in 15 = out 2 + rejected 13 + duplicate 0"* ]]
	run -65 --separate-stderr nbms-alarm --strict in
}

@test "a checkpoint: what was done is passed over after a restart" {
	for i in 1 2 3; do alarm 20221004100$i "$([ $((i % 2)) = 1 ] && echo raise || echo clear)" | jq -c ". + {seq:$i}"; done >in
	head -n 2 in | nbms-alarm --chatter 0/1s >first
	run -0 --separate-stderr nbms-alarm --chatter 0/1s --count in
	[ "$(short <<<"$output")" = "10:03:00 raise unacknowledged *" ]
	[[ $stderr == *"in 3 = out 1 + rejected 0 + duplicate 2"* ]]
}

@test "a silent gateway is one alarm; its devices' are suppressed, and heard again if they outlast it" {
	printf '%s\n' '{"rule":"stale","kind":"stale","after":"45m","level":3}' >rules
	{
		value 202210041000 21 P1; value 202210041000 21 P2
		mark 2022-10-04T10:44:00+09:00; mark 2022-10-04T10:46:00+09:00
		mark 2022-10-04T13:00:00+09:00
		value 202210041300 21 P1
	} >in
	nbms-alarm --rules rules in >out
	[ "$(jq -r '"\(.time[11:16]) \(.alarm_point_id) \(.transition)\(if .tell then " *" else "" end)"' out)" = "10:45 rule:stale:P1 suppress
10:45 rule:stale:P1 raise
10:45 rule:stale:P2 suppress
10:45 rule:stale:P2 raise
10:45 silence:C000003_B001_01 raise *
13:00 rule:stale:P1 clear
13:00 silence:C000003_B001_01 clear *
13:00 rule:stale:P1 unsuppress
13:00 rule:stale:P2 unsuppress *" ]
	[ "$(nbms-alarm history --from 2022-10-04 --json rule:stale:P1 | jq -r 'select(.transition=="suppress").reason')" = "gateway silent" ]
	NBMS_NOW=2022-10-04T13:10:00+09:00 run -0 nbms-alarm presence --csv
	[ "${lines[1]}" = "C000003_B001_01,up,2022-10-04T13:00:00+09:00,900" ]
	NBMS_NOW=2022-10-04T13:30:00+09:00 run -0 nbms-alarm presence --csv
	[[ ${lines[1]} == *,late,* ]]
	NBMS_NOW=2022-10-04T15:30:00+09:00 run -0 nbms-alarm presence --csv
	[[ ${lines[1]} == *,down,* ]]
}

@test "883 points of a gateway that falls silent are one alarm" {
	printf '%s\n' '{"rule":"stale","kind":"stale","after":"30m","level":3}' >rules
	{
		gzip -dc "$root/testdata/captures/day-883.ndjson.gz" | grep '"periodic_log"' | head -n 2
		mark 2022-10-05T00:00:00+09:00
	} >in
	nbms-alarm --rules rules in >out
	[ "$(jq -c 'select(.tell)' out | wc -l)" -eq 1 ]
	[ "$(jq -r 'select(.tell) | .alarm_point_id' out)" = silence:C000003_B001_01 ]
	[ "$(jq -r 'select(.transition=="raise") | .state' out | sort | uniq -c | tr -s ' ' | paste -sd,)" = " 883 suppressed, 1 unacknowledged" ]
}

@test "a registered gateway that never spoke" {
	mark 2022-10-04T12:00:00+09:00 | nbms-alarm >out
	[ "$(jq -r '"\(.transition) \(.alarm_name) \(.time)"' out)" = "raise gateway never seen 2022-10-04T10:45:00+09:00" ]
	value 202210041215 20 | nbms-alarm >out
	[ "$(short <out)" = "12:15:00 clear returned *" ]
}

@test "a flapping device is held back, and heard once it stands" {
	for m in 00 01 02 03 04; do
		event=raise; [ $((10#$m % 2)) = 1 ] && event=clear
		printf '{"thing":"C000003_B001_01","point":"disconnect","message":{"msg_type":"Disconnect","device_0":{"device_id":"39","event":"%s"},"device_count":1,"time":"2022100410%s"}}\n' $event $m
	done >in
	mark 2022-10-04T10:34:00+09:00 >>in
	nbms-alarm --no-silence in >out
	[ "$(short <out)" = "10:00:00 raise unacknowledged *
10:01:00 clear returned *
10:02:00 raise unacknowledged *
10:03:00 clear returned *
10:04:00 raise unacknowledged
10:34:00 settle unacknowledged *" ]
}

@test "a limit with deadband and delays" {
	printf '%s\n' '{"rule":"hot","kind":"high","limit":28,"deadband":1,"on_delay":"20m","off_delay":"20m","class":"AHU","role":"SupplyAirTemp","level":2,"text":"too warm"}' >rules
	{
		value 202210041000 28; value 202210041015 28.5; value 202210041030 27.9
		value 202210041045 29; value 202210041100 29; value 202210041115 27.5; value 202210041130 26.9
		value 202210041145 27.1; value 202210041200 26; value 202210041215 26; value 202210041230 26
		value 202210041215 99 39.AI-300:1_AHUOther_01
	} >in
	nbms-alarm --no-silence --rules rules in >out
	[ "$(short <out)" = "11:05:00 raise unacknowledged *
12:20:00 clear returned *" ]
	[ "$(jq -r 'select(.transition=="raise")|"\(.alarm_point_id) \(.value) \(.level) \(.text)"' out)" = "rule:hot:39.AI-300:1630_AHUSupplyAirTemp_01 29 2 too warm" ]
	# the same with marks between, and cut in two by a restart at every place
	full=$(cat out)
	for n in 1 4 5 6 9 10; do
		forget nbms-state; setup
		head -n $n in | nbms-alarm --no-silence --rules rules >a
		tail -n +$((n + 1)) in | nbms-alarm --no-silence --rules rules >>a
		[ "$(cat a)" = "$full" ]
	done
}

@test "the other kinds of rule" {
	cat >rules <<-'RULES'
		{"rule":"cold","kind":"low","limit":5,"point":"P1","level":2}
		{"rule":"off","kind":"state","values":[0,"off",false],"point":"P2","level":3}
		{"rule":"jump","kind":"rate","limit":4,"per":"15m","point":"P3","level":4}
		{"rule":"night","kind":"jq","expression":".value > 0 and (.time | test(\"T01:(15|30)\"))","point":"P4","on_delay":600,"level":1}
	RULES
	{
		value 202210041000 6 P1; value 202210041015 4 P1; value 202210041030 5 P1
		value 202210041000 '"on"' P2; value 202210041015 '"off"' P2; value 202210041030 1 P2; value 202210041045 false P2
		value 202210041000 1 P3; value 202210041015 5 P3; value 202210041030 10 P3; value 202210041045 null P3; value 202210041100 10 P3
		value 202210041000 1 P4; value 202210041015 1 P4; value 202210041030 0 P4
	} >in
	nbms-alarm --no-silence --rules rules in >out
	[ "$(jq -r '"\(.alarm_point_id) \(.transition) \(.time[11:16]) \(.value)"' out)" = "rule:cold:P1 raise 10:15 4
rule:cold:P1 clear 10:30 5
rule:off:P2 raise 10:15 off
rule:off:P2 clear 10:30 1
rule:off:P2 raise 10:45 false
rule:jump:P3 raise 10:30 10
rule:jump:P3 clear 11:00 10
rule:night:P4 raise 10:25 1
rule:night:P4 clear 10:30 0" ]
	# a rule that is taken away leaves nothing standing
	grep -v '"off"' rules >fewer
	value 202210041200 7 P1 | nbms-alarm --no-silence --rules fewer >out
	[ "$(jq -r '"\(.alarm_point_id) \(.transition) \(.reason)"' out)" = "rule:off:P2 clear rule removed" ]
}

@test "a rule that is wrong is named by line and nothing runs" {
	cat >rules <<-'RULES'
		{"rule":"fine","kind":"low","limit":5,"level":2}
		{"rule":"fine","kind":"low","limit":5,"level":2}
		{"rule":"a","kind":"low","level":2}
		{"rule":"b","kind":"low","limit":5}
		{"rule":"c","kind":"low","limt":5,"level":2}
		{"rule":"d","kind":"low","limit":5,"on_delay":"soon","level":2}
		{"rule":"e","kind":"sideways","level":2}
		{"rule":"f:g","kind":"low","limit":5,"level":2}
		{"rule":"g","kind":"jq","level":2}
		broken
	RULES
	run -78 --separate-stderr nbms-alarm --rules rules </dev/null
	[ "$(grep -c 'rules:[0-9]*: not a rule' <<<"$stderr")" -eq 9 ]
	run -66 nbms-alarm --rules missing </dev/null
	echo '{"rule":"g","kind":"jq","expression":".value >","level":2}' >rules
	run -78 nbms-alarm --rules rules </dev/null
}

@test "a dry run takes history, keeps nothing, and needs no database" {
	forget nbms-state
	printf '%s\n' '{"rule":"hot","kind":"high","limit":28,"level":2}' >rules
	for h in 10 11 12; do printf '{"time":"2022-10-04T%s:00:00+09:00","point_id":"P1","attr":"M_Value","value":%s}\n' $h $((h * 2 + 7)); done >rows
	nbms-alarm --rules rules --dry-run --zone Asia/Seoul rows >out
	[ "$(short <out)" = "11:00:00 raise unacknowledged *" ]
	[ ! -e nbms-state ]
	run -1 nbms-alarm --rules rules --dry-run <<<'{"time":"yesterday","point_id":"P1","value":1}'
	[[ $output == *"<stdin>:1: bad-value"* ]]
}

@test "operators: list, acknowledge, and a stale acknowledgement is refused" {
	alarm 202210041000 raise | nbms-alarm >/dev/null
	export NBMS_NOW=2022-10-04T10:30:00+09:00
	first=$(nbms-alarm list --json | jq -r .episode)
	{ alarm 202210041005 clear; alarm 202210041010 raise; } | nbms-alarm >/dev/null
	run -65 --separate-stderr nbms-alarm ack "$first"
	[ -z "$output" ]
	[[ $stderr == *"$first: refused: no alarm's present episode"* ]]
	episode=$(nbms-alarm list --json | jq -r .episode)
	run -0 nbms-alarm ack --by jo --reason 'belt changed' "$episode"
	[ "$(jq -r '"\(.transition) \(.state) \(.by) \(.reason) \(.time)"' <<<"$output")" = "ack acknowledged jo belt changed 2022-10-04T10:30:00+09:00" ]
	run -65 nbms-alarm ack "$episode"
	[[ $output == *"acknowledged already"* ]]
	[ "$(nbms-alarm list --csv | cut -d, -f1 | paste -sd' ')" = "state acknowledged" ]
}

@test "operators under a running filter: it sees what they did" {
	mkfifo pipe
	nbms-alarm <pipe >out &
	filter=$!
	exec 5>pipe
	alarm 202210041000 raise >&5
	stands() { [ -n "$(nbms-alarm list --json)" ]; }
	within 60 stands
	NBMS_NOW=2022-10-04T10:01:00+09:00 nbms-alarm shelve --building C000003_B001 --for 2h --reason 'noisy' FAN.TRIP >shelved
	[ "$(short <shelved)" = "10:01:00 shelve shelved" ]
	alarm 202210041100 clear >&5
	alarm 202210041101 raise >&5
	mark 2022-10-04T12:02:00+09:00 >&5
	exec 5>&-
	wait $filter
	[ "$(grep -v silence out | short)" = "10:00:00 raise unacknowledged *
11:00:00 clear shelved *
11:01:00 raise shelved
12:01:00 expire unacknowledged *" ]
}

@test "operators: once, suppressed, out of service, and back" {
	alarm 202210041000 raise | nbms-alarm >/dev/null
	export NBMS_NOW=2022-10-04T10:30:00+09:00
	b='--building C000003_B001'
	# shellcheck disable=SC2086
	{
		nbms-alarm shelve $b --once FAN.TRIP
		nbms-alarm unshelve $b FAN.TRIP
		nbms-alarm out-of-service $b --reason overhaul FAN.TRIP
		[ "$(nbms-alarm list --json | jq -r .reason)" = overhaul ]
		nbms-alarm in-service $b FAN.TRIP
		nbms-alarm suppress $b FAN.TRIP
		nbms-alarm unsuppress $b FAN.TRIP
	} >out
	[ "$(short <out)" = "10:30:00 shelve shelved
10:30:01 unshelve unacknowledged *
10:30:02 out-of-service out-of-service
10:30:03 in-service unacknowledged
10:30:04 suppress suppressed
10:30:05 unsuppress unacknowledged" ]
	run -65 nbms-alarm shelve --building C000003_B001 NO.SUCH
	run -64 nbms-alarm shelve FAN.TRIP
	run -64 nbms-alarm shelve --building C000003_B001 --for 8d FAN.TRIP
	run -64 nbms-alarm ack
	run -66 nbms-alarm list -d nowhere
}

@test "kpi: what was annunciated, floods, chattering, time to acknowledge" {
	for i in $(seq 12); do alarm 202210041000 raise 1 "A$i"; done >in
	for s in 00 10 20 30 40 50; do
		alarm 20221004110000 raise 3 B | sed "s/20221004110000/202210041100$s/; $([ $((10#$s % 20)) = 0 ] || echo s/raise/clear/)"
	done >>in
	nbms-alarm --no-silence in >/dev/null
	NBMS_NOW=2022-10-04T10:10:00+09:00 nbms-alarm ack "$(nbms-alarm list --json | jq -r 'select(.alarm_point_id=="A1").episode')" >/dev/null
	NBMS_NOW=2022-10-05T12:00:00+09:00 nbms-alarm kpi --building C000003_B001 --from 2022-10-04 --to 2022-10-05 --json >out
	is() { [ "$(jq -r --arg m "$1" 'select(.measure==$m)|.value' out)" = "$2" ] || { cat out; false; }; }
	is annunciated 14
	is 'most in an hour' 12
	is 'time in flood' 0.69
	is chattering 1
	is 'standing now' 12
	is 'mean time to acknowledge' 600
	is 'level 1' 12
	is 'top 1' 2
	[ "$(jq -r 'select(.measure=="per day")|.met' out)" = true ]
	[ "$(jq -r 'select(.measure=="time in flood")|.met' out)" = true ]
}

@test "a kill at any moment: told again rather than never, kept once" {
	alarm TIME EVENT 2 POINT | awk '{ line = $0
		for (i = 1; i <= 3000; i++) {
			$0 = line
			sub(/^{/, "{\"seq\":" i ",")
			sub(/TIME/, strftime("%Y%m%d%H%M%S", 1664845200 + i, 1))
			sub(/EVENT/, i % 2 ? "raise" : "clear")
			sub(/POINT/, "A" i % 7)
			print
			if (i % 100 == 0) print "{\"mark\":" i ",\"at\":\"2022-10-04T00:00:00Z\"}"
		} }' >in
	copy_state nbms-state clean
	nbms-alarm -d clean --no-silence --chatter 0/1s in >want
	for round in 1 2 3 4 5 6 7 8; do
		: >"out.$round"
		{ cat in; sleep 5 3>&-; } | nbms-alarm --no-silence --chatter 0/1s >"out.$round" &
		victim=$!
		for _ in $(seq 200); do [ "$(wc -l <"out.$round")" -gt $((round * 60)) ] && break; sleep 0.005; done
		kill -9 $victim 2>/dev/null || true
		wait $victim 2>/dev/null || true
	done
	nbms-alarm --no-silence --chatter 0/1s in >out.9
	diff <(sql clean/nbms.db 'SELECT * FROM alarm_history ORDER BY 1,2,3,4') <(sql nbms-state/nbms.db 'SELECT * FROM alarm_history ORDER BY 1,2,3,4')
	# each transition was told at least once, and none that is not one
	diff <(sort -u want) <(for f in out.?; do cat "$f"; echo; done | grep '"tell":[a-z]*}$' | sort -u)
}

@test "whose reader is gone ends before it has something to say" {
	mkfifo in
	{ nbms-alarm <in || echo $? >status; } | : &
	exec 7>in
	trap '' PIPE
	local deadline=$((SECONDS + 60))
	until [ -s status ]; do
		[ $SECONDS -lt $deadline ]
		mark 2022-10-04T10:00:00+09:00 >&7 2>/dev/null || :
		sleep 0.05
	done
	[ "$(cat status)" -eq 74 ]
	exec 7>&-
}

@test "the questions every program is asked" {
	run -0 nbms-alarm --help
	[[ $output == usage:* ]] || [[ $output == *nbms-alarm* ]]
	run -0 nbms-alarm --version
	run -64 nbms-alarm --no-such-option
	run -66 nbms-alarm missing-file
	run -64 nbms-alarm --chatter lots </dev/null
	run -64 nbms-alarm --zone Nowhere/None </dev/null
	NBMS_PART=0/2 run -64 nbms-alarm </dev/null
	alarm 202210041000 raise >in
	run -74 sh -c 'nbms-alarm in >/dev/full'
	run -1 sh -c 'head -c -1 in | nbms-alarm'
	[[ $output == *"<stdin>:1: truncated"* ]]
	run -1 sh -c 'nbms-alarm --max-line 100 <in'
	[[ $output == *"too-long"* ]]
	run -1 sh -c 'printf "{\"a\":\"\\033[31m\"}\n" | nbms-alarm'
	[[ $output != *$'\033'* ]]
}

@test "SIGTERM in mid-stream: what came is done" {
	mkfifo pipe
	nbms-alarm --no-silence <pipe >out &
	filter=$!
	exec 5>pipe
	alarm 202210041000 raise >&5
	within 60 test -s out
	kill -TERM $filter
	wait $filter
	exec 5>&-
	[ "$(short <out)" = "10:00:00 raise unacknowledged *" ]
	[ "$(nbms-alarm list --json | wc -l)" -eq 1 ]
}
