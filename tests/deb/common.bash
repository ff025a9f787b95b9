# shellcheck shell=bash
# What the walks have in common: see run. Read by bash, in the clean system, in /walk.
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
passed=0 failed=0
is() { # is TEXT COMMAND ...: the command succeeds
	local text=$1
	shift
	if "$@" >/walk/said 2>&1; then
		passed=$((passed + 1)); echo "ok $text"
	else
		failed=$((failed + 1)); echo "not ok $text"; tail -n 12 /walk/said
	fi
}
within() { # within SECONDS COMMAND ...
	local until=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$until" ] || return 1
		sleep 0.2
	done
}
as_nbms() { runuser -u nbms -- env NBMS_DIR=/var/lib/nbms "$@"; }
building=C000003_B001 thing=C000003_B001_01

# provision: a customer, a building, the broker, a gateway and its bundle, as nbms-operate(7) has it
provision() {
	cd /usr/share/nbms || exit 1
	is 'reference data' as_nbms nbms-device register tariffs/kr-general.ndjson holidays/kr.ndjson
	cat >/walk/site <<'ROWS'
{"type":"customer","customer":"C000003","name":"Hangang Offices"}
{"type":"building","customer":"C000003","building":"B001","timezone":"Asia/Seoul","country":"KR"}
ROWS
	is 'a building' eval 'as_nbms nbms-device register - </walk/site'
	is 'the broker' as_nbms nbms-device broker --out /var/lib/nbms/broker --name localhost
	is 'a gateway' as_nbms nbms-device create $thing
	is 'its bundle' as_nbms nbms-device bundle --out /var/lib/nbms/bundles --tar $thing
	mkdir -p /walk/gateway
	is 'which is unpacked at the gateway' tar -C /walk/gateway -xf /var/lib/nbms/bundles/$thing.tar
}

publish() { # publish OPTION ...: as the gateway
	timeout 60 mosquitto_pub -h localhost -p 8883 --cafile /walk/gateway/$thing/root-ca.pem --cert /walk/gateway/$thing/certificate.pem \
		--key /walk/gateway/$thing/private.key -i $thing -c -q 1 -t nbms/up/$thing "$@"
}
greet() { publish -m "{\"thing\":\"$thing\",\"point\":\"timestamp_last\",\"message\":{\"msg_type\":\"Timestamp_Last\",\"time\":\"202210010000\"}}"; }
simulate() { /usr/share/nbms/simulate --thing $thing --points 20 "$@"; }
raise_alarm() {
	publish -m "{\"thing\":\"$thing\",\"point\":\"alarm\",\"message\":{\"msg_type\":\"Alarm\",\"alarm_0\":{\"alarm_point_id\":\"AHU01-Trip\",\"alarm_name\":\"AHU 01 supply fan trip\",\"event\":\"raise\",\"level\":1,\"priority\":1,\"text\":\"thermal overload\"},\"alarm_count\":1,\"time\":\"$(TZ=Asia/Seoul date +%Y%m%d%H%M%S)\"}}"
}
frames() { as_nbms nbms-query months --building $building --json 2>/dev/null | jq -s 'map(.frames) | add // 0'; }
stored() { [ "$(frames)" -ge "$1" ]; }
# A mail system of one machine, and who is told by it.
tell_operator() {
	touch /walk/mails
	cat >/var/lib/nbms/push.ndjson <<'CHANNELS'
{"channel":"mail","server":"smtps://localhost:2525","from":"nbms@example.org","cafile":"/var/lib/nbms/pki/server/root-ca.pem"}
CHANNELS
	chown nbms: /var/lib/nbms/push.ndjson
	is 'somebody to be told' as_nbms nbms-push endpoint add --customer C000003 mailto:operator@example.org
}
mail=(perl /walk/mail 2525 /walk/mails /var/lib/nbms/pki/server/server.pem /var/lib/nbms/pki/server/server.key)
