#!/usr/bin/env bats
# scripts/nbms-up, the broker among what is killed: every message that a gateway was told had been taken is kept, and counted
# once. NBMS_ROUNDS=1000 makes it the long form (make check-long).

load ../cli/common

setup() {
	common_setup
	export NBMS_DIR=$PWD/state
	thing=C000003_B001_01
	rounds=${NBMS_ROUNDS:-30}
	registry "$NBMS_DIR"
	nbms-device create $thing >/dev/null
	# enough to last: one message every 40 ms
	"$top"/scripts/simulate --points 20 --days $((rounds / 12 + 2)) --kinds init,periodic_log,alarm >all.ndjson
	head -n $((rounds * 10)) all.ndjson >sent.ndjson
}

teardown() {
	[ -z "${up:-}" ] || kill -9 -- "-$up" 2>/dev/null || :
	[ -z "${gateway:-}" ] || kill -9 -- "-$gateway" 2>/dev/null || :
}

registry() {
	nbms-device register -d "$1" - <<-'ROWS'
		{"type":"building","customer":"C000003","building":"B001","timezone":"Asia/Seoul"}
		{"type":"thing","thing":"C000003_B001_01"}
	ROWS
}

start_up() {
	setsid "$top"/scripts/nbms-up --pause 0 2>>up.log >>up.out 3>&- &
	up=$!
}

# The gateway: a client of QoS 1 that says which of its messages the broker has acknowledged.
start_gateway() {
	bundle=$(find "$NBMS_DIR/pki/things/$thing" -mindepth 1 -maxdepth 1 -type d | head -n 1)
	# shellcheck disable=SC2016  # expanded by the inner shell
	setsid bash -c 'jq -nc --arg topic "nbms/up/$1" "foreach inputs as \$r (0; . + 1; {topic: \$topic, payload: \$r, qos: 1, id: .})" \
		<sent.ndjson | while IFS= read -r line; do printf "%s\n" "$line"; sleep 0.03; done |
		nbms-send --host localhost --port "$2" --cafile "$3/root-ca.pem" --cert "$3/certificate.pem" \
			--key "$3/private.key" --id "$1" >confirmed 2>gateway.log' sh $thing "$port" "$bundle" 3>&- &
	gateway=$!
}

# One of the pipeline's; the broker every twelve seconds or so: a gateway waits longer and longer for one that dies at once.
names=(nbms-recv nbms-route nbms-store nbms-alarm nbms-push nbms-sched nbms-send nbms-live)
hit() { pkill -9 -r D,I,R,S,T,t -g "$up" -x "${names[RANDOM % 8]}"; }
kill_one() {
	sleep "0.$((RANDOM % 30 + 10))"
	if [ $((SECONDS - broker_killed)) -ge 12 ]; then
		broker_killed=$SECONDS
		within 60 pkill -9 -r D,I,R,S,T,t -g "$up" -x mosquitto
		brokers=$((brokers + 1))
	else
		within 60 hit
		kills=$((kills + 1))
	fi
}

# look DATABASE STATEMENT: without writing to it
look() { if on_postgres; then sql "$@"; else sqlite3 "file:$1?mode=ro" "$2"; fi; }

# What there is to count: samples, and what became of alarms.
dump() {
	local file
	for file in $(months "$1"); do
		look "$file" 'SELECT time, point_id, attr, value FROM history ORDER BY 1, 2, 3'
	done
	look "$1/nbms.db" "SELECT a.alarm_point_id, h.time, h.event, h.digest FROM alarm a JOIN alarm_history h
		ON h.alarm = a.id WHERE a.source = 'gateway' ORDER BY 1, 2, 3, 4"
}

all_stored() { [ "$(dump "$NBMS_DIR" 2>/dev/null | cksum)" = "$(cksum <expected)" ]; }
all_confirmed() { [ "$(wc -l <confirmed)" -ge "$(wc -l <sent.ndjson)" ]; }

@test "nbms-up and its broker killed again and again: nothing acknowledged is lost, nothing counted twice" {
	registry calm
	nbms-recv --replay sent.ndjson |
		nbms-route store='nbms-store -d calm' alarm='nbms-alarm -d calm >calm.transitions' >/dev/null
	dump calm >expected
	port=$(free_port)
	nbms-device broker --out "$NBMS_DIR/broker" --name localhost --port "$port" --site-port "$(free_port)"
	start_up
	start_gateway
	kills=0 brokers=0 broker_killed=$((SECONDS - 6))
	for ((round = 0; round < rounds || brokers == 0; round++)); do kill_one; done
	within $((120 + rounds)) all_confirmed
	within 120 all_stored || { dump "$NBMS_DIR" | diff - expected | head -n 40; false; }
	# the spool has each message, its numbers without a gap; nothing was understood differently on the way
	cat "$NBMS_DIR"/spool/*.ndjson >spooled
	[ "$(jq .seq spooled | sort -n | awk '$1 != NR' | wc -l)" -eq 0 ]
	[ "$(jq -c .message spooled | sort -u | wc -l)" -eq "$(jq -c .message sent.ndjson | sort -u | wc -l)" ]
	# what a writer was killed in the middle of is noted as that, and came again whole from the spool
	[ -z "$(jq -c 'select(.rejected != "truncated")' "$NBMS_DIR/rejects.ndjson")" ]
	echo "# $kills programs and $brokers brokers killed, $(wc -l <sent.ndjson) messages, $(wc -l <spooled) in the spool" >&3
	kill -TERM "$up"
	within 60 group_ended "$up"
}
