#!/usr/bin/env bats
# What nbms-device makes, against a real broker with real certificates: who gets in, and to what.

bats_require_minimum_version 1.5.0

A=C000003_B001_01
B=C000003_B001_02

load ../cli/common

broker_run() {
	mosquitto_start site/broker/mosquitto.conf mosquitto.log "$port" "$site_port" && broker_pid=$broker
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	export NBMS_DIR=$PWD/site
	nbms-device create --timezone Asia/Seoul --host localhost "$A" "$B" >created
	port=$(free_port) site_port=$(free_port)
	nbms-device broker --out site/broker --name localhost --port "$port" --site-port "$site_port"
	broker_run
}

teardown() {
	[ -z "${listener_pid-}" ] || kill "$listener_pid" 2>/dev/null || true
	[ -z "${broker_pid-}" ] || { kill "$broker_pid" && wait "$broker_pid"; } 2>/dev/null || true
}

bundle() { # THING: its current bundle
	echo "$NBMS_DIR/pki/things/$1/$(nbms-device show "$1" | jq -r '.certificates[] | select(.state == "current").serial')"
}

with() { # DIR: options that use the bundle in it
	echo "-h localhost -p $port --cafile $NBMS_DIR/pki/ca/root.pem --cert $1/certificate.pem --key $1/private.key"
}

site="--cafile site/pki/site/root-ca.pem --cert site/pki/site/site.pem --key site/pki/site/site.key"

# Everything the site's receiver is given, in the file `heard`.
listen() {
	# shellcheck disable=SC2086
	mosquitto_sub -h localhost -p "$site_port" $site -i receiver -c -q 1 -v -F '%t %p' \
		-t 'nbms/up/#' -t '$aws/rules/#' -t 'nbms/live/#' -t '#' >heard 2>heard.err &
	listener_pid=$!
	say_here ready
}

# A message that is allowed to arrive: when it has, whatever was sent before it has been dealt with.
say_here() { within 60 arrives "$1"; }
arrives() {
	# shellcheck disable=SC2086
	timeout 60 mosquitto_pub -h localhost -p "$site_port" $site -q 1 -t nbms/live/here -m "$1"
	grep -q "nbms/live/here $1" heard
}

publish() { # BUNDLE TOPIC [OPTION...]
	local bundle=$1 topic=$2
	shift 2
	# shellcheck disable=SC2046
	timeout 60 mosquitto_pub $(with "$bundle") -q 1 -t "$topic" -m "to $topic" "$@"
}

refused() { # COMMAND...: not let in
	run "$@"
	[ "$status" -ne 0 ]
	[ "$status" -ne 124 ]
}

@test "openssl and a stock mosquitto_pub take the bundle as it is" {
	listen
	nbms-device bundle --out given "$A"
	nbms-device bundle --out given --tar "$B"
	tar -C given -xf "given/$B.tar"
	for thing in $A $B; do (
		cd "given/$thing"
		[ "$(stat -c %a private.key)" = 600 ]
		openssl verify -CAfile root-ca.pem -purpose sslclient -x509_strict certificate.pem
		cat root-ca.pem "$NBMS_DIR/pki/crl.pem" >both
		openssl verify -crl_check -CAfile both certificate.pem
		config() { jq -r ".$1" mw.json; }
		for topic in "$(config publish)" "$(config publish_compatible)"; do
			mosquitto_pub -h "$(config host)" -p "$(config port)" -i "$(config client_id)" -q "$(config qos)" \
				--cafile "$(config cafile)" --cert "$(config certfile)" --key "$(config keyfile)" \
				-t "$topic" -m hello
		done
	); done
	say_here finished
	[ "$(grep -c hello heard)" -eq 4 ]
	nbms-device verify
}

@test "certificates that are not ours, or not now, are refused" {
	bundle_a=$(bundle $A)
	mkdir -p wrong self expired early
	# another authority with the same names
	NBMS_DIR=other nbms-device create --timezone Asia/Seoul $A >/dev/null
	cp other/pki/things/$A/*/* wrong/
	refused publish "$PWD/wrong" nbms/up/$A
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=$A \
		-keyout self/private.key -out self/certificate.pem 2>/dev/null
	refused publish "$PWD/self" nbms/up/$A
	NBMS_NOW=$(date -u -d '-100 days' +%Y-%m-%dT%H:%M:%SZ) nbms-device create --days 10 C000003_B001_03 >/dev/null
	refused publish "$(bundle C000003_B001_03)" nbms/up/C000003_B001_03
	NBMS_NOW=$(date -u -d '+10 days' +%Y-%m-%dT%H:%M:%SZ) nbms-device create C000003_B001_04 >/dev/null
	refused publish "$(bundle C000003_B001_04)" nbms/up/C000003_B001_04
	# none at all; another's certificate without its key
	refused timeout 60 mosquitto_pub -h localhost -p "$port" --cafile site/pki/ca/root.pem -t nbms/up/$A -m x
	mkdir mixed
	cp "$bundle_a/certificate.pem" mixed/
	cp "$(bundle $B)/private.key" mixed/
	refused publish "$PWD/mixed" nbms/up/$A
	publish "$bundle_a" nbms/up/$A
	[ "$(grep -c 'certificate verify failed' mosquitto.log)" -eq 4 ]
	grep -q 'peer did not return a certificate' mosquitto.log
	[ "$(grep -c "u'$A'" mosquitto.log)" -eq 1 ]
}

@test "each listener has its own clients" {
	refused timeout 60 mosquitto_pub -h localhost -p "$port" $site -t nbms/live/x -m x
	# shellcheck disable=SC2046
	refused timeout 60 mosquitto_pub $(with "$(bundle $A)") -p "$site_port" -t nbms/up/$A -m x
	run -0 bash -c "ss -ltn 2>/dev/null | grep ':$site_port' || cat /proc/net/tcp"
	[[ $output == *127.0.0.1:"$site_port"* || $output == *0100007F:* ]]
	run -28 curl -s --max-time 1 --tlsv1.1 --tls-max 1.1 "https://localhost:$port/" ||
		run -35 curl -s --max-time 5 --tlsv1.1 --tls-max 1.1 "https://localhost:$port/"
}

@test "a gateway publishes to its own two topics and to nothing else" {
	listen
	a=$(bundle $A)
	for topic in nbms/up/$B "\$aws/rules/Rule_$B" "$A" "$B" nbms/live/$A nbms/up nbms/up/$A/more '$SYS/broker/x' \
		'$aws/rules/Rule_' nbms-site '$share/g/nbms/up/x' "nbms/up/$A " "NBMS/UP/$A"; do
		publish "$a" "$topic" || true
		publish "$a" "$topic" -r || true
	done
	publish "$a" nbms/up/$A
	publish "$a" "\$aws/rules/Rule_$A"
	say_here finished
	[ "$(grep ' to ' heard | sort)" = "$(printf '%s\n' "nbms/up/$A to nbms/up/$A" "\$aws/rules/Rule_$A to \$aws/rules/Rule_$A" | sort)" ]
	# nothing was kept for those who come later, either
	within 60 retained_are_heard
	[[ $output != *' to '* ]]
}

# What is kept, in $output; it ends with 27 when its time is up, with another status when it was not connected by then.
retained_are_heard() {
	# shellcheck disable=SC2086
	run mosquitto_sub -h localhost -p "$site_port" $site --retained-only -W 2 -v -t '#' -t 'nbms/up/#'
	[ "$status" -eq 27 ]
}

@test "a last will goes to its own topics only" {
	listen
	for topic in nbms/up/$B $B nbms/live/$A nbms/up/$A; do
		# shellcheck disable=SC2046
		mosquitto_sub $(with "$(bundle $A)") --will-topic "$topic" --will-payload "will $topic" --will-qos 1 --will-retain \
			-t $A -i "w" >/dev/null 2>&1 &
		victim=$!
		within 60 grep -q "as $A " mosquitto.log
		kill -9 $victim
		wait $victim 2>/dev/null || true
		within 60 grep -qE "Client $A (disconnected|closed)" mosquitto.log
		: >mosquitto.log
	done
	within 60 grep -q "will nbms/up/$A" heard
	say_here finished
	[ "$(grep -c ' will ' heard)" -eq 1 ]
}

@test "a gateway hears its own name and nothing else" {
	listen
	# shellcheck disable=SC2046
	stdbuf -oL mosquitto_sub $(with "$(bundle $A)") -d -q 1 -F 'got %t %p' -t '#' -t '+' -t $A -t $B -t 'nbms/up/#' -t '$aws/rules/#' \
		-t '$SYS/#' -t 'nbms/live/#' -t '$share/g/nbms/up/+' -t "$B/#" -t '+/#' >got 2>got.err 3>&- &
	spy=$!
	within 60 grep -q SUBACK got
	publish "$(bundle $B)" nbms/up/$B
	publish "$(bundle $B)" "\$aws/rules/Rule_$B"
	# shellcheck disable=SC2086
	for topic in $B nbms/live/$B $A; do
		mosquitto_pub -h localhost -p "$site_port" $site -q 1 -t $topic -m "for $topic"
	done
	within 60 grep -q "^got $A for $A" got
	say_here finished
	kill $spy
	wait $spy || true
	[ "$(grep '^got ' got | sort -u)" = "got $A for $A" ]
}

@test "a gateway cannot be another by client id, and over-long ids do no harm" {
	# shellcheck disable=SC2046
	mosquitto_sub $(with "$(bundle $B)") -i $B -t $B >got 2>got.err &
	other=$!
	within 60 grep -q "as $B " mosquitto.log
	listen
	for id in $B receiver nbms-site '#' '+/x' '../../etc' "$(head -c 60000 /dev/zero | tr '\0' x)"; do
		# shellcheck disable=SC2046
		mosquitto_pub $(with "$(bundle $A)") -i "$id" -q 1 -t nbms/up/$A -m "as ${id:0:20}"
	done
	say_here finished
	run ! grep -q "Client $B disconnected\|Client $B already connected\|Client receiver" mosquitto.log
	grep -c "as $A " mosquitto.log
	kill $other
	wait $other || true
	[ "$(grep -c ' as ' heard)" -eq 7 ]
}

@test "deleting a gateway ends its live session and lets it not come back" {
	listen
	a=$(bundle $A)
	cp -r "$a" stolen
	mkfifo feed
	# shellcheck disable=SC2046
	mosquitto_pub $(with "$a") -q 1 -l -t nbms/up/$A <feed >/dev/null 2>&1 &
	live=$!
	exec 7>feed
	echo before >&7
	within 60 grep -q "nbms/up/$A before" heard
	nbms-device delete $A | jq -e '.status == "deleted"'
	echo after >&7 || true
	refused publish "$PWD/stolen" nbms/up/$A
	say_here finished
	run ! grep -q after heard
	exec 7>&-
	kill $live 2>/dev/null || true
	wait $live || true
	run ! nbms-device show $A
	[ ! -e site/pki/things/$A ]
	run ! grep -q $A site/broker/acl
	[ -d site/history/C000003_B001 ]
	openssl crl -in site/broker/crl.pem -noout -text | grep -q 'Cessation Of Operation'
	publish "$(bundle $B)" nbms/up/$B
	nbms-device verify
	# the same name again is another certificate
	nbms-device create $A | jq -e '.status == "created"'
	publish "$(bundle $A)" nbms/up/$A
	refused publish "$PWD/stolen" nbms/up/$A
}

@test "a rotation overlaps until the new certificate has been seen" {
	listen
	old=$(bundle $A)
	nbms-device rotate $A | jq -e '.status == "rotated"'
	new=$(bundle $A)
	[ "$old" != "$new" ]
	nbms-device rotate $A | jq -e '.status == "rotating"'
	[ "$(bundle $A)" = "$new" ]
	publish "$old" nbms/up/$A
	[ -z "$(nbms-device rotate --settle)" ]
	publish "$old" nbms/up/$A
	cp -r "$old" kept
	mkfifo feed
	# shellcheck disable=SC2046
	mosquitto_pub $(with "$PWD/kept") -q 1 -l -t nbms/up/$A <feed >/dev/null 2>&1 &
	live=$!
	exec 7>feed
	echo before >&7
	within 60 grep -q "nbms/up/$A before" heard
	# the new one has been used once, and the gateway goes back to the old one
	publish "$new" nbms/up/$A
	within 60 grep -q "$(basename "$new")" site/broker/data/seen.ndjson
	nbms-device rotate --settle | jq -e '.status == "settled"'
	[ ! -e "$old" ]
	[ "$(nbms-device show $A | jq -c '[.certificates[] | .state, .reason]')" = '["revoked","superseded","current",null]' ]
	refused publish "$PWD/kept" nbms/up/$A
	echo after >&7 || true
	say_here finished
	run ! grep -q after heard
	exec 7>&-
	kill $live 2>/dev/null || true
	wait $live || true
	publish "$new" nbms/up/$A
	nbms-device verify
}

@test "a revocation list past its date locks everyone out, and is found before" {
	publish "$(bundle $A)" nbms/up/$A
	NBMS_NOW=$(date -u -d '+25 days' +%Y-%m-%dT%H:%M:%SZ) run -1 nbms-device expiring --days 7
	[ "$(jq -r .what <<<"$output")" = revocation-list ]
	run -0 nbms-device expiring --days 7
	# time passes: the same as a list made long ago
	rm site/pki/crl.pem
	NBMS_NOW=$(date -u -d '-40 days' +%Y-%m-%dT%H:%M:%SZ) nbms-device renew-crl
	run -1 nbms-device verify
	[[ $output == *'past its date'* ]]
	kill "$broker_pid"
	wait "$broker_pid" || true
	broker_run
	refused publish "$(bundle $A)" nbms/up/$A
	grep -q 'certificate verify failed' mosquitto.log
	nbms-device renew-crl
	within 60 publish "$(bundle $A)" nbms/up/$A
	run -0 nbms-device expiring --days 7
	nbms-device verify
}

@test "what would change is shown, and nothing is touched" {
	find site/broker -type f -not -path '*/data/*' -exec cksum {} + | sort >before
	NBMS_DIR=$PWD/site nbms-device broker --diff
	run -1 nbms-device broker --diff --websocket 9001 --queue 2G
	[[ $output == *'+listener 9001'* && $output == *'-max_queued_bytes 1073741824'* && $output != *'PRIVATE KEY'* ]]
	find site/broker -type f -not -path '*/data/*' -exec cksum {} + | sort | diff before -
	run ! grep -q websockets site/broker/mosquitto.conf
	# a grant that someone added by hand
	printf 'user %s\ntopic readwrite #\n' $A >>site/broker/acl
	run -1 nbms-device verify
	[[ $output == *"its files are not the registry's"* ]]
	run -1 nbms-device broker --diff
	[[ $output == *'-topic readwrite #'* ]]
	nbms-device broker
	nbms-device verify
	ws=$(free_port)
	nbms-device broker --websocket "$ws"
	kill "$broker_pid"
	wait "$broker_pid" || true
	broker_run
	within 60 port_open "$ws"
	a=$(bundle $A)
	curl -sN --max-time 600 --cacert site/pki/ca/root.pem --cert "$a/certificate.pem" --key "$a/private.key" --http1.1 -i \
		-H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Protocol: mqtt' \
		-H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' "https://localhost:$ws/mqtt" -o ws.out 3>&- &
	listener_pid=$!
	within 60 grep -q '^HTTP/1.1 101' ws.out
}

@test "an authority with an intermediate issues what the broker takes" {
	nbms-device delete $A $B >/dev/null
	kill "$broker_pid"
	wait "$broker_pid" || true
	mkdir ca
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 900 -subj /CN=root \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
		-keyout ca/root.key -out ca/root.pem 2>/dev/null
	openssl req -newkey rsa:2048 -nodes -subj /CN=issuing -keyout ca/issuing.key -out ca/issuing.csr 2>/dev/null
	openssl x509 -req -in ca/issuing.csr -CA ca/root.pem -CAkey ca/root.key -CAcreateserial -days 800 \
		-extfile <(printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n') \
		-out ca/issuing.pem 2>/dev/null
	cat ca/issuing.pem ca/root.pem >ca/chain.pem
	export NBMS_DIR=$PWD/second
	run -78 nbms-device create --timezone Asia/Seoul --ca ca/chain.pem --ca-key ca/root.key $A
	run -78 nbms-device create --timezone Asia/Seoul --ca ca/issuing.pem --ca-key ca/issuing.key $A
	nbms-device create --timezone Asia/Seoul --ca ca/chain.pem --ca-key ca/issuing.key --rsa $A
	nbms-device create --ca ca/chain.pem --ca-key ca/issuing.key $B
	run -78 nbms-device create --ca ca/root.pem --ca-key ca/root.key C000003_B001_09
	nbms-device broker --out site/broker --name localhost --port "$port" --site-port "$site_port"
	broker_run
	site="--cafile $NBMS_DIR/pki/site/root-ca.pem --cert $NBMS_DIR/pki/site/site.pem --key $NBMS_DIR/pki/site/site.key"
	listen
	publish "$(bundle $A)" nbms/up/$A
	publish "$(bundle $B)" nbms/up/$B
	nbms-device delete $B
	say_here finished
	grep -q "nbms/up/$A to" heard
	(cd "$(bundle $A)" && openssl verify -CAfile root-ca.pem -untrusted certificate.pem certificate.pem)
	nbms-device verify
}
