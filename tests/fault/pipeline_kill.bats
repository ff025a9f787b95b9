#!/usr/bin/env bats
# The whole pipeline is killed at random, again and again, while a gateway publishes: every message is in the history once.

load ../cli/common

setup() {
	common_setup
	export NBMS_DIR=$PWD/state
	thing=C000003_B001_01
	echo '{"type":"building","customer":"C000003","building":"B001","timezone":"Asia/Seoul"}' | nbms-device register
	nbms-device create $thing >/dev/null
	# a small building, with late and repeated logs, exchanged meters and texts; cut messages are left out
	"$top"/scripts/simulate --points 30 --days 9 --kinds init,periodic_log --faults 0.1 |
		jq -c 'select(.point != "periodic_log" or
			.message.point_count == ([.message | keys[] | select(test("^point_[0-9]+$"))] | length))' >sent.ndjson
}

teardown() {
	[ -z "${pipe:-}" ] || kill -9 -- "-$pipe" 2>/dev/null || :
	[ -z "${feeder:-}" ] || kill "$feeder" 2>/dev/null || :
	[ -z "${broker:-}" ] || kill "$broker" 2>/dev/null || :
}

start_broker() {
	gateways=$(free_port)
	site=$(free_port)
	nbms-device broker --out "$NBMS_DIR/broker" --name localhost --port "$gateways" --site-port "$site"
	mosquitto_start "$NBMS_DIR/broker/mosquitto.conf" broker.log "$gateways" "$site"
	bundle=$(find "$NBMS_DIR/pki/things/$thing" -mindepth 1 -maxdepth 1 -type d | head -n 1)
}

# A gateway's messages, each acknowledged before the next, paced so that kills find every state.
feed() {
	jq -c --arg topic "nbms/up/$thing" '{$topic, payload: tojson}' sent.ndjson |
		while IFS= read -r line; do
			printf '%s\n' "$line"
			sleep 0.02
		done |
		nbms-send --host localhost --port "$gateways" --cafile "$bundle/root-ca.pem" --cert "$bundle/certificate.pem" \
			--key "$bundle/private.key" --id $thing 2>>publish.log
	touch all-sent
}

# The pipeline in a process group of its own, whose number is $pipe.
start_live() {
	# shellcheck disable=SC2016  # expanded by the inner shell
	setsid bash -c 'nbms-recv --spool --host localhost --port "$1" --cafile "$NBMS_DIR/pki/site/root-ca.pem" \
		--cert "$NBMS_DIR/pki/site/site.pem" --key "$NBMS_DIR/pki/site/site.key" --id nbms-recv \
		--topic "nbms/up/+" --reject rejects.ndjson 2>>recv.log |
		nbms-route store=nbms-store 2>>route.log >>down.ndjson' sh "$site" 3>&- &
	pipe=$!
}

start_replay() {
	setsid bash -c 'nbms-recv --replay sent.ndjson 2>>recv.log | nbms-route store=nbms-store 2>>route.log >>down.ndjson' 3>&- &
	pipe=$!
}

# (Before setsid there is no group, but somebody who will be one.)
group_gone() { ended "$pipe" && group_ended "$pipe"; }

# It may not have come up yet, or all may have gone already.
killed() { pkill -9 -g "$pipe" -x "$1" || group_gone; }

# One of the three, somewhere between its start and a quarter of a second after.
kill_one() {
	local names=(nbms-recv nbms-route nbms-store)
	local name=${names[RANDOM % 3]}
	sleep "0.$((RANDOM % 20 + 5))"
	within 60 killed "$name"
	within 60 group_gone
	wait "$pipe" 2>/dev/null || :
}

dump() {
	local file
	for file in $(months "$1"); do
		sql "$file" 'SELECT time, point_id, attr, value FROM history ORDER BY time, point_id, attr'
	done
}

# What an undisturbed run makes of the same messages.
expected() {
	mkdir -p calm
	echo '{"type":"building","customer":"C000003","building":"B001","timezone":"Asia/Seoul"}' | nbms-device register -d calm
	echo '{"type":"thing","thing":"C000003_B001_01"}' | nbms-device register -d calm
	nbms-recv --replay sent.ndjson | nbms-store -d calm
	dump calm
}

all_stored() { [ "$(dump "$NBMS_DIR" | cksum)" = "$(cksum <expected.txt)" ]; }

@test "120 kills of a live pipeline: every message in the history once" {
	expected >expected.txt
	start_broker
	feed 3>&- &
	feeder=$!
	for _ in $(seq 120); do
		start_live
		kill_one
	done
	start_live
	within 180 test -e all-sent
	within 900 all_stored # a server takes its time after so many kills
	# each message is in the spool, no seq is there twice, and none went to the ledger
	[ "$(cat "$NBMS_DIR"/spool/*.ndjson | jq -c '.message' | sort -u | wc -l)" -eq "$(jq -c .message sent.ndjson | sort -u | wc -l)" ]
	[ "$(cat "$NBMS_DIR"/spool/*.ndjson | jq .seq | sort -n | uniq -d | wc -l)" -eq 0 ]
	[ ! -s rejects.ndjson ]
	pkill -TERM -g "$pipe" -x nbms-recv
	within 60 group_gone
}

@test "60 kills of a replay, started anew each time: the history of an undisturbed run" {
	expected >expected.txt
	for _ in $(seq 60); do
		start_replay
		kill_one
	done
	start_replay
	within 120 group_gone
	wait "$pipe"
	all_stored
}
