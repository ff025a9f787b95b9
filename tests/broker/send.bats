#!/usr/bin/env bats
# nbms-send against a real mosquitto: confirmed once the broker has it, over its restarts and ours.

bats_require_minimum_version 1.5.0

setup() {
	root=$BATS_TEST_DIRNAME/../..
	# shellcheck source=tests/cli/common.bash
	. "$root/tests/cli/common.bash"
	common_setup
	port=$(free_port)
	mkdir data
	printf '%s\n' "listener $port 127.0.0.1" 'allow_anonymous true' 'persistence true' "persistence_location $PWD/data/" \
		'autosave_on_changes false' 'max_queued_messages 100000' log_type\ {error,warning,notice,information,subscribe} >mosquitto.conf
	[ "$(id -u)" -ne 0 ] || echo 'user root' >>mosquitto.conf
	broker_up
}

teardown() {
	for pid in $(cat pids 2>/dev/null); do kill "$pid" 2>/dev/null || true; done
}

broker_up() {
	mosquitto_start mosquitto.conf broker.log "$port"
	echo "$broker" >>pids
}

# listen N FILE: N messages of test/# to FILE, with a session that outlives restarts of the broker
listen() {
	mosquitto_sub -p "$port" -i listener -c -q 1 -t 'test/#' -C "$1" -F '%t %p' >"$2" 3>&- 7>&- &
	listener=$!
	echo "$listener" >>pids
	within 60 subscribed
}
subscribed() { grep -q 'listener 1 test/#' broker.log; }

send() { nbms-send --host 127.0.0.1 --port "$port" "$@"; }

@test "each id is confirmed once the broker has it; payloads arrive as they are" {
	listen 3 got
	send --count >out 2>err <<'ROWS'
{"topic":"test/a","payload":{"thing":"T","n":1.50},"qos":1,"id":"one"}
{"topic":"test/b","payload":"plain text","id":7}
{"mark":9,"at":"2026-07-16T05:05:01Z"}
{"topic":"test/a","payload":[1,2],"qos":2}
ROWS
	wait "$listener"
	[ "$(sort got)" = 'test/a [1,2]
test/a {"thing":"T","n":1.50}
test/b plain text' ]
	[ "$(jq -c '[.confirmed, .topic, .bytes]' out | sort)" = '["one","test/a",22]
[7,"test/b",10]' ]
	grep -q 'in 4 = out 4 + rejected 0' err
}

@test "what is wrong is named by line and kept; the rest is sent" {
	run -1 --separate-stderr send --count --reject ledger <<'ROWS'
{"topic":"test/+","payload":1}
{"topic":"test/a"}
{"topic":"","payload":1}
{"topic":"test/a","payload":1,"qos":3}
{"topic":"test/a","payload":1,"retain":"yes"}
nonsense
{"topic":"test/a","payload":1,"id":"ok"}
ROWS
	# shellcheck disable=SC2154  # set by run
	[ "$(echo "$output" | jq -r .confirmed)" = ok ]
	[ "$(jq -r .rejected ledger | paste -sd,)" = bad-record,bad-record,bad-record,bad-record,bad-record,bad-json ]
	# shellcheck disable=SC2154
	[[ "$stderr" == *'<stdin>:4: bad-record: qos: not 0, 1 or 2'* ]]
}

@test "a broker that goes and comes back: nothing lost, nothing out of order within a topic" {
	listen 3000 got
	seq 1 3000 | while read -r n; do
		echo "{\"topic\":\"test/$((n % 3))\",\"payload\":$n,\"id\":$n}"
		[ $((n % 500)) -ne 0 ] || sleep 0.3
	done >feed.ndjson
	mkfifo in
	nbms-send --host 127.0.0.1 --port "$port" <in >out 2>err 3>&- 7>&- &
	sender=$!
	echo "$sender" >>pids
	exec 7>in
	head -1000 feed.ndjson >&7
	within 60 test -s out
	kill -9 "$broker"
	tail -n +1001 feed.ndjson | head -1000 >&7
	broker_up
	within 60 confirmed_more_than 1500
	kill "$broker"
	within 60 ended "$broker"
	broker_up
	tail -n +2001 feed.ndjson >&7
	exec 7>&-
	wait "$sender"
	[ "$(jq .confirmed out | sort -n | uniq | wc -l)" -eq 3000 ]
	[ "$(jq .confirmed out | wc -l)" -eq 3000 ]
	# a killed broker may have lost what it had taken but not passed on: what did arrive is in order
	within 60 got_more_than 1000
	kill "$listener" 2>/dev/null || : # it may have had all of them
	wait "$listener" || :
	for topic in 0 1 2; do
		# what was not acknowledged when the broker went comes again, which is no other order
		head -n -1 got | awk -v topic="test/$topic" '$1 == topic && !seen[$2]++ { print $2 }' >order
		sort -n order | diff - order
	done
}
confirmed_more_than() { [ "$(wc -l <out)" -gt "$1" ]; }
got_more_than() { [ "$(wc -l <got)" -gt "$1" ]; }

@test "with --queue, what a killed sender had not confirmed goes out at the next start" {
	kill "$broker"
	within 60 ended "$broker"
	mkfifo in
	nbms-send --host 127.0.0.1 --port "$port" --queue box <in >out 2>err 3>&- 7>&- &
	sender=$!
	echo "$sender" >>pids
	exec 7>in
	for n in 1 2 3 4 5; do echo "{\"topic\":\"test/q\",\"payload\":$n,\"id\":$n}"; done >&7
	within 60 test_lines box 5
	kill -9 "$sender"
	exec 7>&-
	printf '{"post":6,"record":{"topic":"test/q","payl' >>box # torn by the crash
	: >broker.log
	broker_up
	listen 5 got
	send --queue box </dev/null >out
	wait "$listener"
	[ "$(cut -d ' ' -f 2 got | paste -sd,)" = 1,2,3,4,5 ]
	[ "$(jq .confirmed out | paste -sd,)" = 1,2,3,4,5 ]
	[ ! -s box ]
}
test_lines() { [ "$(wc -l <"$1" 2>/dev/null)" -eq "$2" ]; }

@test "without a broker: --wait gives up with what is left, SIGTERM ends it" {
	kill "$broker"
	within 60 ended "$broker"
	echo '{"topic":"test/a","payload":1,"id":1}' >one
	run -75 --separate-stderr send --wait 1 <one
	[[ "$stderr" == *'1 not confirmed'* ]]
	run -75 --separate-stderr send --wait 1 --queue box <one
	[[ "$stderr" == *'1 not confirmed: kept for the next start'* ]]
	broker_up
	[ "$(send --queue box </dev/null | jq .confirmed)" = 1 ]
	mkfifo in
	nbms-send --host 127.0.0.1 --port "$port" <in 2>err 3>&- 7>&- &
	sender=$!
	exec 7>in
	within 60 holds err connected
	kill -TERM "$sender"
	wait "$sender"
	exec 7>&-
}

@test "a dry run says what would go, and needs no broker" {
	kill "$broker"
	echo '{"topic":"test/a","payload":{"a":1},"id":"x"}' >one
	[ "$(nbms-send --dry-run <one | jq -c '[.would_send,.topic,.bytes]')" = '["x","test/a",7]' ]
}

@test "the questions every program answers" {
	nbms-send --help | grep -q dry-run
	nbms-send --version | grep -q nbms
	run -64 nbms-send
	run -64 nbms-send --host 127.0.0.1 file
	run -64 nbms-send --host broker.example.com </dev/null
	run -1 send < <(printf '{"topic":"test/a","payload":1}')
	run -1 send --max-line 100 < <(head -c 5000 /dev/zero | tr '\0' x; echo)
	run -1 send < <(printf '{"topic":"\377","payload":1}\n')
	echo '{"topic":"test/a","payload":1,"id":1}' >one
	run -74 sh -c "nbms-send --host 127.0.0.1 --port $port <one >/dev/full"
	run -66 nbms-send --host 127.0.0.1 --cafile no-such-file </dev/null
	run -0 nbms-send --host 127.0.0.1 --port 1 </dev/null # nothing to send: nobody to ask
	[ -z "$output" ]
}
