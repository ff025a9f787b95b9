# A QoS 1 publish acknowledged by three nodes of one machine, two of which have it, against one mosquitto, which has it in its
# journal (as nbms-device configures both). Many gateways publish at a time: a node answers one message of a connection after another.
set -eu
. tests/bench/common.sh
dir=$BENCH_TMP/publish
gateways=16 count=${BENCH_MESSAGES:-400}
mkdir -p "$dir"
NBMS_DIR=$dir/site
export NBMS_DIR
seq -f 'C000003_B%03g_01' $gateways | xargs nbms-device create --timezone UTC >/dev/null

# a port for each of ten listeners
ports=$(python3 -c '
import socket
held = [socket.socket() for _ in range(11)]
for s in held: s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in held))')
# shellcheck disable=SC2086  # numbers
set -- $ports
one=$1 two=$2 three=$3 mosquitto=${10} site_port=${11}
pids=
trap 'kill -9 $pids 2>/dev/null || :' EXIT

record() { # THING POINTS
	jq -nc --arg thing "$1" --argjson points "$2" '{thing: $thing, point: "periodic_log", message: ({msg_type: "Periodic_Log",
		time: "202210040945", point_count: $points} + ([range($points) | {key: "point_\(.)", value: {msg: [{attr_name: "M_Value",
			data: 1}], period: 15, point_id: "39.AI-300:\(1000 + .)_AHUReturnFan_01"}}] | from_entries))}'
}
with() { # THING
	bundle=$(echo "$NBMS_DIR"/pki/things/"$1"/*/)
	echo "--cafile $NBMS_DIR/pki/ca/root.pem --cert ${bundle}certificate.pem --key ${bundle}private.key"
}
# each gateway's messages at QoS 1, all gateways at a time, spread over these ports; prints messages a second
publish() { # POINTS PORT...
	points=$1
	shift
	n=0
	for thing in $(seq -f 'C000003_B%03g_01' $gateways); do
		record "$thing" "$points" >"$dir/$thing.record"
		i=0
		while [ $i -lt "$count" ]; do
			cat "$dir/$thing.record"
			i=$((i + 1))
		done >"$dir/$thing.messages"
	done
	t0=$(now)
	publishing=
	for thing in $(seq -f 'C000003_B%03g_01' $gateways); do
		eval "port=\${$((n % $# + 1))}"
		# shellcheck disable=SC2046
		timeout 120 mosquitto_pub -h localhost -p "$port" $(with "$thing") -i "$thing" -q 1 -l -t "nbms/up/$thing" <"$dir/$thing.messages" &
		publishing="$publishing $!"
		n=$((n + 1))
	done
	# shellcheck disable=SC2086
	wait $publishing
	per "$(awk -v a="$t0" -v b="$(now)" 'BEGIN { print b - a }')" $((gateways * count))
}
site() { echo "--cafile $NBMS_DIR/pki/site/root-ca.pem --cert $NBMS_DIR/pki/site/site.pem --key $NBMS_DIR/pki/site/site.key"; }
ready() { # COMMAND...
	i=0
	until "$@" 2>/dev/null; do
		i=$((i + 1))
		[ $i -lt 200 ] || { echo "not within time: $*" >&2; exit 1; }
		sleep 0.1
	done
}
# a session that holds what is published, as a worker's does while it is away
session() { # PORT ID TOPIC...
	port=$1 id=$2
	shift 2
	for topic; do set -- "$@" -t "$topic" && shift; done
	# shellcheck disable=SC2046
	timeout 20 mosquitto_sub -h localhost -p "$port" $(site) -i "$id" -c -q 1 -E "$@"
}

# against PLUGIN...: small and large, one mosquitto with that plugin
against() {
	nbms-device broker --engine mosquitto "$@" --out "$dir/mosquitto" --name localhost --port "$mosquitto" \
		--site-port "$site_port" --queue 4G
	"$(command -v mosquitto || echo /usr/sbin/mosquitto)" -c "$dir/mosquitto/mosquitto.conf" 2>"$dir/mosquitto.log" &
	pids=$!
	ready session "$site_port" held 'nbms/up/#'
	small=$(publish 36 "$mosquitto")
	large=$(publish 883 "$mosquitto")
	kill $pids
	wait $pids 2>/dev/null || :
	rm -rf "$dir/mosquitto"
}
against
kept_small=$small kept_large=$large
against --plugin none

nbms-device broker --engine nats --out "$dir/nats" --name localhost --queue 4G --shards 2 --node "127.0.0.1:$one:$4:$7" \
	--node "127.0.0.1:$two:$5:$8" --node "127.0.0.1:$three:$6:$9"
pids=
for node in 1 2 3; do
	GOGC=400 nats-server -c "$dir/nats/nbms-$node.conf" 2>"$dir/nbms-$node.log" &
	pids="$pids $!"
done
ready curl -sf "http://127.0.0.1:$7/healthz" -o "$dir/health"
ready session "$one" held-0 'shard/0/+'
ready session "$two" held-1 'shard/1/+'
three_small=$(publish 36 "$one" "$two" "$three")
three_large=$(publish 883 "$one" "$two" "$three")
report 'QoS 1 publish, 4 KB, three nodes' "$three_small" messages/s "$kept_small" 'one mosquitto' '>= 0.5'
report 'QoS 1 publish, 98 KB, three nodes' "$three_large" messages/s "$kept_large" 'one mosquitto' '>= 0.5'
# which keeps it in memory, and on the disk every ten seconds
report 'the same, 4 KB' "$three_small" messages/s "$small" 'one without journal' -
report 'the same, 98 KB' "$three_large" messages/s "$large" 'one without journal' -
