# Live MQTT over TLS, QoS 1: each message durable before its PUBACK, against mosquitto_sub, which keeps nothing. Both drain
# the same messages from a persistent session, so that the publisher's speed plays no part; and mosquitto_sub acknowledges
# before it prints. nbms-recv ends a second after the last message; that second is not counted.
set -eu
. tests/bench/common.sh
NBMS_DIR=$BENCH_TMP/live
export NBMS_DIR
thing=C000003_B001_01
mkdir -p "$NBMS_DIR"
echo '{"type":"building","customer":"C000003","building":"B001","timezone":"Asia/Seoul"}' | nbms-device register
nbms-device create $thing >/dev/null
base=$((20000 + $$ % 20000))
nbms-device broker --out "$NBMS_DIR/broker" --name localhost --port $base --site-port $((base + 1))
$(command -v mosquitto || echo /usr/sbin/mosquitto) -c "$NBMS_DIR/broker/mosquitto.conf" 2>"$NBMS_DIR/broker.log" &
broker=$!
trap '{ kill $broker && wait $broker; } 2>/dev/null || :' EXIT # it saves what it holds first
bundle=$(find "$NBMS_DIR/pki/things/$thing" -mindepth 1 -maxdepth 1 -type d | head -n 1)
pki=$NBMS_DIR/pki/site

publish() {
	mosquitto_pub -h localhost -p $base --cafile "$bundle/root-ca.pem" --cert "$bundle/certificate.pem" \
		--key "$bundle/private.key" -i $thing -q 1 -t nbms/up/$thing "$@"
}
subscribe() {
	mosquitto_sub -h localhost -p $((base + 1)) --cafile "$pki/root-ca.pem" --cert "$pki/site.pem" --key "$pki/site.key" \
		-i bench-sub -c -q 1 -t nbms/up/$thing "$@"
}
receive() {
	nbms-recv --host localhost --port $((base + 1)) --cafile "$pki/root-ca.pem" --cert "$pki/site.pem" --key "$pki/site.key" \
		--id bench-recv --topic nbms/up/$thing --spool "$@" 2>"$NBMS_DIR/recv.log"
}
for _ in $(seq 300); do
	publish -n 2>/dev/null && break
	sleep 0.1
done

# the middle of the lines, which are even in number
middle() { sort -n "$1" | awk '{ v[NR] = $1 } END { print (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# one WORK POINTS COUNT: the same messages to both, each round to the other first, and as often to the one as to the other: the
# broker frees the messages while it serves who comes second, and the disk is never twice the same
one() {
	work=$1 points=$2 count=$3
	subscribe -E >/dev/null
	receive --idle 1s >/dev/null || :
	rm -f "$NBMS_DIR/ours" "$NBMS_DIR/theirs"
	scripts/simulate --from 2022-10-01 --days 40 --points "$points" --kinds periodic_log | head -n "$count" >"$NBMS_DIR/messages"
	for round in 1 2 3 4 5 6; do
		rm -rf "$NBMS_DIR/spool"
		publish -l <"$NBMS_DIR/messages"
		if [ $((round % 2)) -eq 1 ]; then
			drain_theirs
			drain_ours
		else
			drain_ours
			drain_theirs
		fi
		[ "$(cat "$NBMS_DIR"/spool/*.ndjson | wc -l)" -eq "$count" ]
	done
	report "$work" "$(middle "$NBMS_DIR/ours")" messages/s "$(middle "$NBMS_DIR/theirs")" 'mosquitto_sub > /dev/null' '>= 0.7'
}
drain_theirs() {
	t0=$(now)
	subscribe -C "$count" >/dev/null
	t1=$(now)
	awk -v a="$t0" -v b="$t1" -v n="$count" 'BEGIN { printf "%.6g\n", n / (b - a) }' >>"$NBMS_DIR/theirs"
}
drain_ours() {
	t0=$(now)
	receive --from 1 --idle 1s >/dev/null
	t1=$(now)
	awk -v a="$t0" -v b="$t1" -v n="$count" 'BEGIN { printf "%.6g\n", n / (b - 1 - a) }' >>"$NBMS_DIR/ours"
}
one 'live, 98 KB, durable before PUBACK' 883 1500
one 'live, 4 KB, durable before PUBACK' 36 3000
