#!/usr/bin/env bats
# A broker that is killed: what it had acknowledged goes out again, to whom it was for; a journal that cannot be written.

load ../cli/common

setup() {
	common_setup
	export NBMS_DIR=$PWD/state
	thing=C000003_B001_01
	nbms-device create --timezone Asia/Seoul $thing >/dev/null
	bundle=$(find "$NBMS_DIR/pki/things/$thing" -mindepth 1 -maxdepth 1 -type d)
	port=$(free_port)
	site=$(free_port)
	nbms-device broker --out "$NBMS_DIR/broker" --name localhost --port "$port" --site-port "$site"
	seq 1 40 | sed 's/.*/{"topic":"nbms\/up\/C000003_B001_01","payload":{"thing":"C000003_B001_01","point":"realtime","message":{"n":&}},"id":&}/' >up
}

teardown() { [ -z "${broker:-}" ] || kill -9 "$broker" 2>/dev/null || :; }

broker_up() { mosquitto_start "$NBMS_DIR/broker/mosquitto.conf" broker.log "$port" "$site"; }

broker_kill() {
	kill -9 "$broker"
	wait "$broker" 2>/dev/null || :
}

gateway() {
	nbms-send --host localhost --port "$port" --cafile "$bundle/root-ca.pem" --cert "$bundle/certificate.pem" \
		--key "$bundle/private.key" --id $thing "$@" 2>>gateway.log
}

site() {
	"$1" --host localhost --port "$site" --cafile "$NBMS_DIR/pki/site/root-ca.pem" --cert "$NBMS_DIR/pki/site/site.pem" \
		--key "$NBMS_DIR/pki/site/site.key" "${@:2}" 2>>site.log
}

receive() { site nbms-recv --id nbms-recv --topic 'nbms/up/+' --spool "$@" >/dev/null; }
received() { cat "$NBMS_DIR"/spool/*.ndjson | jq '.message.n' | sort -n | uniq | paste -sd ' '; }
has_all() { [ "$(received)" = "$(seq -s ' ' 1 40)" ]; }

# All forty, however long they take.
receive_all() {
	receive 3>&- &
	local receiver=$!
	within 60 has_all
	pkill -P "$receiver" -x nbms-recv
	wait "$receiver"
}

@test "killed before it has saved anything, the receiver unknown to it: all that was acknowledged comes" {
	broker_up
	gateway <up >confirmed # nobody has ever subscribed
	[ "$(wc -l <confirmed)" -eq 40 ]
	broker_kill
	broker_up
	receive_all
	# once it is saved it is over: a clean stop and a start bring nothing again
	kill "$broker"
	wait "$broker" || :
	broker_up
	before=$(cat "$NBMS_DIR"/spool/*.ndjson | wc -l)
	receive --idle 1s
	[ "$(cat "$NBMS_DIR"/spool/*.ndjson | wc -l)" -eq "$before" ]
}

@test "killed while the receiver is away, again and again" {
	broker_up
	receive --idle 1s
	for part in 1 2 3 4; do
		sed -n "$((part * 10 - 9)),$((part * 10))p" up | gateway >>confirmed
		broker_kill
		broker_up
	done
	[ "$(wc -l <confirmed)" -eq 40 ]
	receive_all
}

@test "a message to a gateway that is away, in a broker that is killed, comes to the gateway" {
	broker_up
	# shellcheck disable=SC2054
	listen=(mosquitto_sub -h localhost -p "$port" --cafile "$bundle/root-ca.pem" --cert "$bundle/certificate.pem"
		--key "$bundle/private.key" -i "$thing" -c -q 1 -t "$thing")
	"${listen[@]}" -E
	kill -USR1 "$broker" # saves, with the session in it
	within 60 test -s "$NBMS_DIR/broker/data/mosquitto.db"
	within 60 grep -aq $thing "$NBMS_DIR/broker/data/mosquitto.db"
	echo '{"topic":"C000003_B001_01","payload":"switch","id":1}' | site nbms-send --id nbms-send | grep -q confirmed
	broker_kill
	broker_up
	[ "$(timeout 60 "${listen[@]}" -C 1)" = switch ]
}

@test "a journal that cannot be written: said, nothing is acknowledged, and it comes once there is room" {
	mkdir -p "$NBMS_DIR/broker/data"
	mount -t tmpfs -o size=64k none "$NBMS_DIR/broker/data" 2>/dev/null || skip 'mounting is not allowed here'
	broker_up
	head -c 64k /dev/zero >"$NBMS_DIR/broker/data/filler" 2>/dev/null || :
	status=0
	gateway --queue queue --wait 6s <up >confirmed || status=$?
	[ "$status" -eq 75 ]
	lost=$(wc -l <confirmed)
	[ "$lost" -lt 40 ]
	grep -q 'journal: cannot write: No space left on device' broker.log
	rm "$NBMS_DIR/broker/data/filler"
	gateway --queue queue --wait 120s </dev/null >>confirmed
	[ "$(jq .confirmed confirmed | sort -n | uniq | wc -l)" -eq 40 ]
	receive_all
	kill "$broker"
	wait "$broker" || :
	broker=
	umount "$NBMS_DIR/broker/data"
}
