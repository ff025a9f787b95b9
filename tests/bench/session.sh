# Publish to session: a value from its publishing to the stdout of 100 sessions, each a process, over TLS; against 100
# mosquitto_sub on the same topic in the same run. Then the whole way, from the gateway through the durable spool.
set -eu
. tests/bench/common.sh
NBMS_DIR=$BENCH_TMP/session
export NBMS_DIR
thing=C000003_B001_01 point=39.AI-301:2_AHUTemp_01
mkdir -p "$NBMS_DIR"
echo '{"type":"building","customer":"C000003","building":"B001","timezone":"Asia/Seoul"}' | nbms-device register
nbms-device create $thing >/dev/null
echo "{\"thing\":\"$thing\",\"point\":\"init\",\"message\":{\"msg_type\":\"Init\",\"point_0\":{\"point_id\":\"$point\",\
\"point_info\":{\"name\":\"AHUTemp_01\",\"type\":\"AI\"}},\"point_count\":1,\"time\":\"202201010000\"}}" | nbms-store
base=$((20000 + $$ % 20000))
nbms-device broker --out "$NBMS_DIR/broker" --name localhost --port $base --site-port $((base + 1))
scripts/nbms-up >/dev/null 2>"$NBMS_DIR/up.log" &
up=$!
trap 'kill $up 2>/dev/null; wait $up || :' EXIT
until grep -q 'connected as nbms-send-live' "$NBMS_DIR/up.log"; do sleep 0.1; done
bundle=$(find "$NBMS_DIR/pki/things/$thing" -mindepth 1 -maxdepth 1 -type d | head -n 1)
site=$NBMS_DIR/pki/site
nbms-live token add --customer C000003 --out "$NBMS_DIR/token" bench
echo "{\"request\":\"subscribe\",\"building\":\"B001\",\"points\":[\"$point\"]}" >"$NBMS_DIR/requests"

# run TOPIC PORT CA CERT KEY ID COMMAND: 100 readers, 10 values a second, 10 s
run() {
	"$BENCH_BUILD/bench/session" 100 10 10 "$1" $point "$2" "$3" "$4" "$5" "$6" "$NBMS_DIR/requests" "$7" \
		2>"$NBMS_DIR/run.log" || { cat "$NBMS_DIR/run.log" >&2; return 1; }
}
own="$site/root-ca.pem $site/site.pem $site/site.key bench-publish"
session="exec nbms-live --token-file $NBMS_DIR/token 2>/dev/null"
# shellcheck disable=SC2086  # words
run nbms/live/$thing $((base + 1)) $own "exec mosquitto_sub -h localhost -p $((base + 1)) --cafile $site/root-ca.pem \
--cert $site/site.pem --key $site/site.key -t nbms/live/$thing" >"$NBMS_DIR/theirs"
# shellcheck disable=SC2086
run nbms/live/$thing $((base + 1)) $own "$session" >"$NBMS_DIR/ours"
run nbms/up/$thing "$base" "$bundle/root-ca.pem" "$bundle/certificate.pem" "$bundle/private.key" $thing "$session" >"$NBMS_DIR/whole"
of() { jq ".$2" "$NBMS_DIR/$1"; }
report 'publish to session, p99 of 100' "$(of ours p99)" ms "$(of theirs p99)" '100 mosquitto_sub' '<= 20 ms' lower
report 'publish to session, median of 100' "$(of ours p50)" ms "$(of theirs p50)" '100 mosquitto_sub' '-' lower
report 'gateway to session, whole pipeline, p99 of 100' "$(of whole p99)" ms "$(of theirs p99)" '100 mosquitto_sub' '-' lower
report 'memory of a session (PSS)' "$(of ours pss)" KiB "$(of theirs pss)" mosquitto_sub '-' lower
