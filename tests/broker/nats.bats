#!/usr/bin/env bats
# The cluster that nbms-device configures, three real nats-server nodes with real certificates: who gets in, and to what; shards,
# sessions, redelivery. The refusals are those of device.bats, which asks a mosquitto.

bats_require_minimum_version 1.5.0
load cluster

A=C000003_B001_01 B=C000003_B001_02 C=C000003_B002_01 # of four shards on 1, 0 and 2; by their other topics on 2, 3 and 1
topics=(-t 'shard/0/#' -t 'shard/1/#' -t 'shard/2/#' -t 'shard/3/#' -t 'nbms/live/#')

setup_file() {
	export dir=$BATS_FILE_TMPDIR
	export NBMS_DIR=$dir/site
	nbms-device create --timezone Asia/Seoul --host localhost $A $B $C >"$dir/created"
	cluster_make
	cluster_start
}

teardown_file() {
	source "$dir/ports"
	cluster_stop
}

setup() {
	source "$dir/ports"
	hosts=localhost:${ports[0]},localhost:${ports[1]},localhost:${ports[2]}
	cd "$BATS_TEST_TMPDIR" || return
	pids=()
	id=$(cat "$dir/broker/worker-id")-$BATS_TEST_NUMBER
}

teardown() {
	for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
}

# Everything the site's programs are given from now on, in the file `heard`; at QoS 0, for a second session on a shard's topics
# loses messages of the first: see nbms-scale(7).
listen() {
	site_sub 3 -i "$id-listener" -q 0 -v -F '%t %p' "${topics[@]}" >heard 2>heard.err 3>&- &
	pids+=($!)
	within 60 say_here ready
}

# A message that is allowed to arrive: when it has, whatever was sent before it has been dealt with.
say_here() {
	site_pub 1 -q 1 -t nbms/live/here -m "$1"
	grep -q "nbms/live/here $1" heard
}

publish() { # BUNDLE TOPIC [OPTION...]
	local bundle=$1 topic=$2
	shift 2
	case " $* " in *' -m '* | *' -f '*) ;; *) set -- -m "to $topic" "$@" ;; esac
	case " $* " in *' -q '*) ;; *) set -- -q 1 "$@" ;; esac
	# shellcheck disable=SC2046
	timeout 60 mosquitto_pub $(with "$bundle") -i "$id-publish" -t "$topic" "$@"
}

refused() { # COMMAND...: not let in
	run "$@"
	[ "$status" -ne 0 ]
	[ "$status" -ne 124 ]
}

log_has() { grep -q "$1" "$dir"/nbms-*.log; }

# worker SHARD OPTION...: nbms-recv of that shard, in the background; always the same session
worker() {
	local shard=$1
	shift
	# shellcheck disable=SC2046
	nbms-recv --host "$hosts" $(site_files) --topic "shard/$shard/#" --id "$(cat "$dir/broker/worker-id")-$shard" "$@" 2>>"worker-$shard.err" 3>&- &
	pids+=($!)
	worker_pid=$!
}

joined() { # SHARD N: has it said N times that it is connected?
	[ "$(grep -c ': connected as' "worker-$1.err")" -ge "$2" ]
}

record() { # THING TEXT: a record of a kind that needs no more
	echo "{\"thing\":\"$1\",\"point\":\"timestamp_last\",\"message\":{\"msg_type\":\"Timestamp_Last\",\"time\":\"202210040945\",\"n\":\"$2\"}}"
}

@test "the same registry is the same configuration, keys are for their owner, and what would change is shown" {
	find "$dir/broker" -maxdepth 1 -type f -exec cksum {} + | sort >before
	nbms-device broker
	nbms-device broker --diff
	find "$dir/broker" -maxdepth 1 -type f -exec cksum {} + | sort | diff before -
	for f in nats.conf server.key route.key worker-id; do [ "$(stat -c %a "$dir/broker/$f")" = 600 ]; done
	run -1 nbms-device broker --diff --shards 8
	[[ $output == *'-      "nbms.up.*": "shard.{{partition(4,1)}}'* && $output == *'+      "nbms.up.*": "shard.{{partition(8,1)}}'* ]]
	[[ $output != *'PRIVATE KEY'* ]]
	for i in 1 2 3; do nats-server -t -c "$dir/broker/nbms-$i.conf" || nats-server --help | grep -q -- '-t,'; done
	export NBMS_DIR=$PWD/other
	nbms-device create --timezone UTC $A >/dev/null
	run -64 nbms-device broker --engine kafka --out o
	[[ $output == *'--engine: mosquitto or nats'* ]]
	run -64 nbms-device broker --engine nats --out o --node a --node b
	[[ $output == *'1, 3 or 5'* ]]
	run -64 nbms-device broker --engine nats --out o --node a:0
	run -64 nbms-device broker --engine nats --out o --node 'a"b'
	run -64 nbms-device broker --engine nats --out o --shards 1025
	run -64 nbms-device broker --engine nats --out o --websocket 9001
	run -64 nbms-device broker --out o --node a
	[ ! -e o/nats.conf ]
}

@test "certificates that are not ours, or not now, are refused" {
	mkdir -p wrong self mixed
	NBMS_DIR=other nbms-device create --timezone Asia/Seoul $A >/dev/null
	cp other/pki/things/$A/*/* wrong/
	refused publish "$PWD/wrong" nbms/up/$A
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=$A \
		-keyout self/private.key -out self/certificate.pem 2>/dev/null
	refused publish "$PWD/self" nbms/up/$A
	# one that signs itself with the name of the site's programs
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=nbms-site \
		-keyout self/private.key -out self/certificate.pem 2>/dev/null
	refused publish "$PWD/self" nbms/live/$A
	NBMS_NOW=$(date -u -d '-100 days' +%Y-%m-%dT%H:%M:%SZ) nbms-device create --days 10 C000003_B001_03 >/dev/null
	refused publish "$(bundle C000003_B001_03)" nbms/up/C000003_B001_03
	NBMS_NOW=$(date -u -d '+10 days' +%Y-%m-%dT%H:%M:%SZ) nbms-device create C000003_B001_04 >/dev/null
	refused publish "$(bundle C000003_B001_04)" nbms/up/C000003_B001_04
	refused timeout 60 mosquitto_pub -h localhost -p "${ports[0]}" --cafile "$NBMS_DIR/pki/ca/root.pem" -t nbms/up/$A -m x
	cp "$(bundle $A)/certificate.pem" mixed/
	cp "$(bundle $B)/private.key" mixed/
	refused publish "$PWD/mixed" nbms/up/$A
	publish "$(bundle $A)" nbms/up/$A
	# nor is a user's name worth anything without the certificate, here or over NATS' own protocol
	refused publish "$PWD/wrong" nbms/up/$A -u CN=nbms-site -P ''
	port=$(sed -n 's/.*Listening for client connections on 127.0.0.1:\([0-9]*\).*/\1/p' "$dir/nbms-1.log" | tail -n 1)
	for user in CN=nbms-site "nbms:certificate:$(basename "$(bundle $A)")"; do
		exec 5<>"/dev/tcp/127.0.0.1/$port"
		printf 'CONNECT {"user":"%s","pass":"","verbose":true}\r\nPING\r\n' "$user" >&5
		timeout 60 cat <&5 >answer || true
		exec 5>&-
		grep -q 'Authorization Violation' answer
		run ! grep -q PONG answer
	done
	# a gateway's certificate is none of a node
	run -0 bash -c "openssl s_client -connect 127.0.0.1:${ports[3]} -cert $(bundle $A)/certificate.pem \
		-key $(bundle $A)/private.key </dev/null 2>&1; true"
	nbms-device delete C000003_B001_03 C000003_B001_04 >/dev/null
}

@test "a gateway publishes to its own two topics and to nothing else" {
	listen
	a=$(bundle $A)
	for topic in nbms/up/$B "\$aws/rules/Rule_$B" "$A" "$B" nbms/live/$A nbms/up nbms/up/$A/more '$SYS/broker/x' \
		'$aws/rules/Rule_' nbms-site '$share/g/nbms/up/x' "nbms/up/$A " "NBMS/UP/$A" "shard/1/$B" "shard/0/$A" "shard/0/$C" \
		"nbms.up.$A" "shard.1.$A" '$JS/API/STREAM/DELETE/x' '$MQTT/msgs/shard/1/x' '$MQTT/sess/x' shard/1/x; do
		publish "$a" "$topic" || true
		publish "$a" "$topic" -r || true
	done
	publish "$a" nbms/up/$A
	publish "$a" "\$aws/rules/Rule_$A"
	within 60 say_here finished
	[ "$(grep ' to ' heard | sort)" = "$(printf '%s\n' "shard/1/$A to nbms/up/$A" "shard/2/Rule_$A to \$aws/rules/Rule_$A" | sort)" ]
}

@test "a last will goes nowhere but to its own topics" {
	listen
	for topic in nbms/up/$B $B nbms/live/$A nbms/up/$A; do
		rm -f will.out
		# shellcheck disable=SC2046
		stdbuf -oL mosquitto_sub $(with "$(bundle $A)") --will-topic "$topic" --will-payload "will $topic" --will-qos 1 --will-retain \
			-d -t $A -i "$id-will" >will.out 2>&1 3>&- &
		victim=$!
		within 60 grep -q SUBACK will.out
		kill -9 $victim
		wait $victim 2>/dev/null || true
	done
	within 60 log_has "Publish Violation.*$(basename "$(bundle $A)").*nbms.up.$A\""
	within 60 say_here finished
	# a will is not mapped, so that not even its own arrives: see nbms-scale(7)
	run ! grep -q ' will ' heard
}

@test "a gateway hears its own name and nothing else" {
	# shellcheck disable=SC2046
	stdbuf -oL mosquitto_sub $(with "$(bundle $A)") -d -i "$id-spy" -q 1 -F 'got %t %p' -t '#' -t '+' -t $A -t $B -t 'nbms/up/#' \
		-t '$aws/rules/#' -t '$SYS/#' -t 'nbms/live/#' -t '$share/g/nbms/up/+' -t "$B/#" -t '+/#' -t 'shard/#' -t 'shard/1/#' \
		-t '$MQTT/#' -t '$MQTT/sub/#' -t '$JS/#' -t '_INBOX/#' >got 2>&1 3>&- &
	pids+=($!)
	within 60 grep -q SUBACK got
	[ "$(grep -o 'Subscribed.*' got | sed 's/.*: //' | tr -d ' ' | tr ',' '\n' | grep -vc 128)" -eq 1 ]
	publish "$(bundle $B)" nbms/up/$B
	publish "$(bundle $B)" "\$aws/rules/Rule_$B"
	for topic in $B nbms/live/$A $A; do site_pub 2 -q 1 -t $topic -m "for $topic"; done
	within 60 grep -q "^got $A for $A" got
	[ "$(grep '^got ' got | sort -u)" = "got $A for $A" ]
}

@test "another's client id gives nothing of what is the other's" {
	# a worker that is away, and what waits for it
	site_sub 1 -i worker-guessed -c -q 1 -E -t 'shard/0/#'
	publish "$(bundle $B)" nbms/up/$B -m kept
	# shellcheck disable=SC2046
	run timeout 3 mosquitto_sub $(with "$(bundle $A)") -i worker-guessed -c -q 1 -v -t $A
	[[ $output != *kept* ]]
	site_sub 2 -i worker-guessed -c -q 1 -C 1 -W 60 -F %p -t 'shard/0/#' >got
	[ "$(cat got)" = kept ]
	# two sessions of a shard are found, and named
	within 60 nbms-device verify
	site_sub 1 -i worker-forgotten -c -q 1 -E -t 'shard/0/+'
	run -1 nbms-device verify
	[[ $output == *'shard/0'*'several sessions have it'* ]]
	for id in guessed forgotten; do site_sub 1 -i worker-$id -q 1 -E -t nbms/live/none; done
	within 60 nbms-device verify
	# it can, however, end the other's session; so that a worker's id has to be none that a gateway can know
	[[ $(cat "$dir/broker/worker-id") =~ ^[0-9a-f]{32}$ ]]
	run ! grep -rq "$(cat "$dir/broker/worker-id")" "$NBMS_DIR/pki/things"
}

@test "deleting a gateway ends its live session and lets it not come back" {
	D=C000003_B001_09
	nbms-device create $D >/dev/null
	listen
	d=$(bundle $D)
	cp -r "$d" stolen
	mkfifo feed
	# shellcheck disable=SC2046
	mosquitto_pub $(with "$d") -i "$id-live" -q 1 -l -t nbms/up/$D <feed >/dev/null 2>&1 3>&- &
	pids+=($!)
	exec 7>feed
	echo before >&7
	within 60 grep -q "$D before" heard
	nbms-device delete $D | jq -e '.status == "deleted"'
	refused publish "$PWD/stolen" nbms/up/$D
	echo after >&7 || true
	within 60 say_here finished
	run ! grep -q after heard
	exec 7>&-
	run ! grep -q $D "$dir/broker/nats.conf"
	publish "$(bundle $B)" nbms/up/$B
	within 60 nbms-device verify
	# the same name again is another certificate
	nbms-device create $D | jq -e '.status == "created"'
	publish "$(bundle $D)" nbms/up/$D
	refused publish "$PWD/stolen" nbms/up/$D
	nbms-device delete $D >/dev/null
}

@test "a rotation overlaps until the new certificate has been seen" {
	R=C000003_B001_08
	nbms-device create $R >/dev/null
	old=$(bundle $R)
	nbms-device rotate $R | jq -e '.status == "rotated"'
	new=$(bundle $R)
	publish "$old" nbms/up/$R
	[ -z "$(nbms-device rotate --settle)" ]
	cp -r "$old" kept
	publish "$new" nbms/up/$R
	nbms-device rotate --settle | jq -e '.status == "settled"'
	[ ! -e "$old" ]
	refused publish "$PWD/kept" nbms/up/$R
	publish "$new" nbms/up/$R
	within 60 nbms-device verify
	nbms-device delete $R >/dev/null
}

@test "a worker has its shard, says whose a record is, and is not fooled" {
	worker 1 -d one --spool >one.ndjson
	worker 2 -d two --spool >two.ndjson
	within 60 joined 1 1
	within 60 joined 2 1
	publish "$(bundle $A)" nbms/up/$A -m "$(record $A new)"
	publish "$(bundle $A)" "\$aws/rules/Rule_$A" -m "$(record $A old)"
	publish "$(bundle $C)" nbms/up/$C -m "$(record $C other)"
	publish "$(bundle $C)" "\$aws/rules/Rule_$C" -m "$(record $C legacy)"
	publish "$(bundle $A)" nbms/up/$A -m "$(record $B lie)"
	publish "$(bundle $A)" nbms/up/$A -m "not json"
	within 60 eval '[ "$(grep -c seq one.ndjson)" -eq 2 ] && [ "$(grep -c seq two.ndjson)" -eq 2 ]'
	cat one.ndjson two.ndjson | jq -r 'select(.seq) | [.topic, .thing, .message.n] | join(" ")' | sort >got
	diff got - <<-END
		shard/1/$A $A new
		shard/1/Rule_$C $C legacy
		shard/2/$C $C other
		shard/2/Rule_$A $A old
	END
	within 60 eval '[ "$(jq -r .rejected one/rejected.ndjson | wc -l)" -eq 2 ]'
	[ "$(jq -r .rejected one/rejected.ndjson | sort | xargs)" = 'bad-json spoofed' ]
}

@test "what was acknowledged waits for a worker that is away or killed, whichever node it comes back to" {
	worker 1 -d one --spool >one.ndjson
	within 60 joined 1 1
	for i in 1 2 3; do
		# shellcheck disable=SC2046
		for n in $(seq $((i * 100)) $((i * 100 + 99))); do record $A "$n"; done |
			timeout 60 mosquitto_pub $(with "$(bundle $A)" $i) -i "$id-publish" -q 1 -l -t nbms/up/$A &
		load=$!
		within 60 eval "grep -q '\"n\":\"$((i * 100 + 20))\"' one/spool/*"
		kill -9 "$worker_pid"
		wait "$worker_pid" 2>/dev/null || true
		wait $load
		worker 1 -d one --spool >one.ndjson
	done
	within 60 eval '[ "$(cat one/spool/* | jq -r .message.n | sort -u | wc -l)" -eq 300 ]'
}

@test "what is sent to a gateway that is away waits for it" {
	# shellcheck disable=SC2046
	mosquitto_sub $(with "$(bundle $A)") -i $A -c -q 1 -E -t $A
	for n in 1 2 3; do echo "{\"topic\":\"$A\",\"payload\":{\"n\":$n},\"id\":$n}"; done >out
	# shellcheck disable=SC2046
	nbms-send --host "$hosts" $(site_files) --id "$id" --queue outbox <out >confirmed
	[ "$(jq -r .confirmed confirmed | xargs)" = '1 2 3' ]
	# shellcheck disable=SC2046
	mosquitto_sub $(with "$(bundle $A)" 3) -i $A -c -q 1 -C 3 -W 60 -F '%p' -t $A >got
	[ "$(jq -r .n got | xargs)" = '1 2 3' ]
}

@test "QoS 2 and dots are refused; a record as long as a line may be passes" {
	refused publish "$(bundle $A)" nbms/up/$A -q 2
	refused publish "$(bundle $A)" "nbms/up.$A"
	worker 1 -d one --spool >one.ndjson
	within 60 joined 1 1
	# as long as a line may be is 16 MiB, which nats-server copies again with every packet that comes: a quarter says the same
	[ "$(sed -n 's/^max_payload: //p' "$dir/broker/nats.conf")" -ge $((16 << 20)) ]
	{ record $A long | sed 's/}}$/,"pad":"/' | tr -d '\n'; head -c 4000000 /dev/zero | tr '\0' x; echo '"}}'; } >long
	publish "$(bundle $A)" nbms/up/$A -m x
	# shellcheck disable=SC2046
	timeout 300 mosquitto_pub $(with "$(bundle $A)") -i "$id-publish" -q 1 -t nbms/up/$A -f long
	within 60 eval 'grep -c "\"n\":\"long\"" one/spool/*'
}

# Last: two nodes of three are gone for a while.
@test "without a quorum nothing is acknowledged, clients are told to try again, and all comes once there is one" {
	worker 1 -d one --spool >one.ndjson
	within 60 joined 1 1
	node_kill 2
	node_kill 3
	echo "{\"topic\":\"$A\",\"payload\":1,\"id\":1}" >out
	record $A alone >line
	# shellcheck disable=SC2046
	timeout 6 mosquitto_pub $(with "$(bundle $A)") -i "$id-publish" -q 1 -t nbms/up/$A -f line 2>/dev/null 3>&- &
	publisher=$!
	# shellcheck disable=SC2046
	run -75 nbms-send --host "localhost:${ports[0]}" $(site_files) --id "$id" --wait 6s --queue outbox <out
	[[ $output == *'1 not confirmed: kept for the next start'* ]]
	status=0
	wait $publisher || status=$?
	[ "$status" -ne 0 ]
	node_start 2
	node_start 3
	# shellcheck disable=SC2046
	within 60 timeout 60 mosquitto_pub $(with "$(bundle $A)") -i "$id-publish" -q 1 -t nbms/up/$A -f line
	# shellcheck disable=SC2046
	nbms-send --host "$hosts" $(site_files) --id "$id" --wait 120s --queue outbox </dev/null | jq -e '.confirmed == 1'
	within 60 eval "grep -q alone one/spool/*"
	kill -0 "$worker_pid"
}
