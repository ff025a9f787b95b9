#!/usr/bin/env bats
# Sessions killed at any moment, many at once: in the end the gateway reports what the living want, and nothing else.

bats_require_minimum_version 1.5.0
thing=C000003_B001_01

setup() {
	. "$BATS_TEST_DIRNAME/../cli/common.bash"
	common_setup
	export NBMS_DIR=$PWD/state
	mkdir state
	echo '{"type":"building","customer":"C000003","building":"B001","timezone":"Asia/Seoul"}' | nbms-device register
	nbms-device create $thing >/dev/null
	for i in 0 1 2 3 4 5 6 7; do
		printf '"point_%d":{"point_id":"39.AI-1:%d_T","point_info":{"type":"AI"}},' $i $i
	done >points
	echo "{\"thing\":\"$thing\",\"point\":\"init\",\"message\":{\"msg_type\":\"Init\",$(cat points)\"point_count\":8,\"time\":\"202201010000\"}}" |
		nbms-store
	read -r port site_port < <(free_ports 2)
	nbms-device broker --out "$NBMS_DIR/broker" --name localhost --port "$port" --site-port "$site_port"
	mosquitto_start "$NBMS_DIR/broker/mosquitto.conf" broker.log "$port" "$site_port"
	echo $broker >pids
	mkfifo quiet
	"$top/scripts/gateway-stand-in" $thing "$port" "$(echo "$NBMS_DIR/pki/things/$thing"/*/)" <>quiet >down 3>&- &
	echo $! >>pids
	within 60 gateway_listens
	nbms-live token add --customer C000003 --out token kim
}

gateway_listens() {
	timeout 20 mosquitto_pub -h localhost -p "$site_port" --cafile state/pki/site/root-ca.pem --cert state/pki/site/site.pem \
		--key state/pki/site/site.key -t $thing -q 1 -m '{"thing":"x","point":"hello","message":{}}' 2>/dev/null
	sleep 0.1
	[ -s down ]
}

teardown() {
	for pid in $(cat pids); do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
}

# points FROM TO: a list of ids
points() { seq -f '"39.AI-1:%g_T"' "$1" "$2" | paste -sd,; }

# sessions SEED N: one after another, each killed some time after it began to subscribe and unsubscribe; every other one has
# come as far as its first reply before that time begins.
sessions() {
	RANDOM=$1
	local i from out session
	for ((i = 0; i < $2; i++)); do
		from=$((RANDOM % 6))
		out=out.$1.$i
		: >"$out"
		mkfifo "in.$1"
		exec 6<>"in.$1"
		rm "in.$1"
		echo "{\"request\":\"subscribe\",\"building\":\"B001\",\"points\":[$(points $from $((from + 2)))]}" >&6
		nbms-live --token-file token <&6 6>&- >>"$out" 2>>"err.$1" &
		session=$!
		sleep 0.05
		echo "{\"request\":\"unsubscribe\",\"building\":\"B001\",\"points\":[$(points $from $from)]}" >&6
		[ $((i % 2)) -eq 0 ] || within 60 holds "$out" '"reply":"subscribe"'
		sleep "0.$((RANDOM % 50 + 10))"
		kill -9 "$session"
		wait "$session" || :
		exec 6>&-
	done
}

# What a gateway that did all it was told, in order, reports in the end.
reports() {
	jq -cn 'reduce inputs as $m ({}; ([$m.message | to_entries[] | select(.key | startswith("point_")) | .value | objects | .point_id]) as $p |
		if $m.point == "subscribe" then reduce $p[] as $x (.; .[$x] = true)
		elif $m.point == "unsubscribe" then reduce $p[] as $x (.; del(.[$x])) else . end) | keys' down
}

db() { if on_postgres; then sql state/nbms.db "$1"; else sqlite3 -cmd '.timeout 5000' state/nbms.db "$1"; fi; }
all_quiet() { [ "$(db "SELECT count(*) FROM connection WHERE user_id <> 'lee'")" = 0 ]; }

@test "sessions that are killed at any moment leave nothing behind, and take nothing from those who live" {
	mkfifo stay
	nbms-live token add --customer C000003 --out lee.token lee
	nbms-live --token-file lee.token <stay >lee.out 2>lee.err 3>&- &
	echo $! >>pids
	exec 8>stay
	echo "{\"request\":\"subscribe\",\"building\":\"B001\",\"points\":[$(points 3 4)]}" >&8
	within 60 holds lee.out '"reply":"subscribe"'
	for seed in 1 2 3 4; do
		sessions $seed 8 8>&- 3>&- 2>/dev/null &
		workers+=($!)
	done
	wait "${workers[@]}"
	# a broker under load may still hold back some; each sweep goes on where the one before ended
	within 60 nbms-live sweep
	within 60 all_quiet
	[ "$(db 'SELECT count(*) FROM subscription')" = 2 ]
	settled() { [ "$(reports)" = '["39.AI-1:3_T","39.AI-1:4_T"]' ]; }
	within 60 settled || { reports; return 1; }
	[ "$(grep -c '"reply":"subscribe"' <(cat out.*))" -ge 10 ] # they did come so far
	exec 8>&-
	nobody_wants() { [ "$(reports)" = '[]' ]; }
	within 60 nobody_wants
}
