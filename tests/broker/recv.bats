#!/usr/bin/env bats
# nbms-recv against a real mosquitto with TLS: subscribing, the spool, checks, a broker that goes away, a reader that is slow.
# shellcheck disable=SC2154  # variables of bats, setup and the files loaded

bats_require_minimum_version 1.5.0
load common

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	dir=$(mktemp -d)
	export NBMS_DIR=$dir/state
	thing=C000003_B001_01
	broker_start $thing C000003_B001_02
}

teardown() {
	recv_stop KILL || true
	broker_stop
	rm -rf "$dir"
}

# note N: a small record that tells its number.
note() {
	echo "{\"thing\":\"$thing\",\"point\":\"realtime\",\"message\":{\"note\":$1,\"point_count\":0,\"time\":\"20221004094512\"}}"
}

@test "both topics of a gateway come in, in order, spooled before they are printed" {
	recv_start "$dir/out" --spool
	within 60 connections 1
	head -n 3 testdata/captures/bare.ndjson | publish $thing
	sed -n 4,5p testdata/captures/bare.ndjson | publish $thing '$aws/rules/Rule_'$thing
	within 60 has_lines "$dir/out" 5 '"thing"'
	within 60 has_lines "$dir/out" 1 '^{"mark":5,"at":"'
	[ "$(grep '"thing"' "$dir/out" | jq -c .seq | tr '\n' ' ')" = "1 2 3 4 5 " ]
	grep '"thing"' "$dir/out" | cmp - "$NBMS_DIR/spool/0000000000000001.ndjson"
	sed 's/^.*"thing":"C/{"thing":"C/' "$NBMS_DIR/spool/0000000000000001.ndjson" >"$dir/payloads"
	head -n 5 testdata/captures/bare.ndjson | cmp - "$dir/payloads"
	recv_stop
	[ $? -eq 0 ]
}

@test "a message printed over lines becomes one line; spoofed and broken ones go to the ledger and are fed back" {
	recv_start "$dir/out" --spool
	within 60 connections 1
	# shellcheck disable=SC2046
	note 1 | jq . | mosquitto_pub -h localhost -p "$broker_port" $(tls_options $thing) -q 1 -s -t nbms/up/$thing
	note 2 | sed 's/_01"/_02"/' | publish $thing
	echo '{"thing":' | publish $thing
	echo '{"seq":7,"thing":"C000003_B001_01","point":"realtime","message":{}}' | publish $thing
	note 3 | publish $thing
	within 60 has_lines "$dir/out" 2 '"thing"'
	recv_stop || [ $? -eq 1 ]
	grep -q "\"seq\":1,.*\"message\":{\"note\":1,\"point_count\":0,\"time\":\"20221004094512\"}}$" "$dir/out"
	[ "$(jq -r '.rejected + " " + .where' "$NBMS_DIR/rejected.ndjson" | tr '\n' ,)" = \
		"spoofed nbms/up/$thing,bad-json nbms/up/$thing,reserved-member nbms/up/$thing," ]
	grep -q "^nbms-recv: nbms/up/$thing: spoofed: " "$dir/err"
	# the topic is kept with it: what was spoofed stays so
	run --separate-stderr nbms-recv --replay "$NBMS_DIR/rejected.ndjson" --count
	[ "$status" -eq 1 ]
	[[ ${stderr_lines[-1]} = *'in 3 = out 0 + rejected 3'* ]]
}

@test "what comes while the receiver is away is there when it is back" {
	recv --spool --idle 1s >"$dir/out" 2>"$dir/err"
	for n in 1 2 3; do note $n; done | publish $thing
	recv_start "$dir/out" --spool
	within 60 has_lines "$dir/out" 3 '"note"'
	recv_stop
	[ "$(jq -c 'select(.thing).message.note' "$dir/out" | tr '\n' ' ')" = "1 2 3 " ]
	# and nothing of it comes again from the broker: it was acknowledged. The spool has it
	rm "$dir/out"
	recv --spool --idle 1s --from 4 >"$dir/out" 2>>"$dir/err"
	[ "$(grep -c '"thing"' "$dir/out")" -eq 0 ]
	nbms-recv --spool --from 2 >"$dir/out"
	[ "$(jq -c 'select(.thing).seq' "$dir/out" | tr '\n' ' ')" = "2 3 " ]
	[ "$(tail -n 1 "$dir/out" | jq .mark)" = 3 ]
}

@test "a broker killed and back: connected again with back-off, subscribed again, nothing lost" {
	recv_start "$dir/out" --spool
	within 60 connections 1
	note 1 | publish $thing
	within 60 has_lines "$dir/out" 1 '"note":1,'
	# the broker keeps our session once it has saved it
	local saved
	saved=$(grep -c Saving "$dir/mosquitto.log" || true)
	within 60 has_lines "$dir/mosquitto.log" $((saved + 2)) Saving
	broker_kill
	within 60 grep -qE 'connection lost: .*; trying again in (0\.[5-9]|1\.0) s' "$dir/err"
	broker_run
	note 2 | publish $thing
	within 60 connections 2
	note 3 | publish $thing
	within 60 has_lines "$dir/out" 1 '"note":3,'
	recv_stop
	[ "$(jq -c 'select(.thing).message.note' "$dir/out" | sort -u | tr '\n' ' ')" = "1 2 3 " ]
}

@test "a reader that takes nothing holds nothing up, and gets all of it later" {
	mkfifo "$dir/slow"
	exec 8<>"$dir/slow"
	recv_start "$dir/slow" --spool
	within 60 connections 1
	gzip -dc testdata/captures/day-883.ndjson.gz >"$dir/day"
	publish $thing <"$dir/day"
	within 60 has_lines "$NBMS_DIR/spool/0000000000000001.ndjson" 97 '"thing"'
	timeout 120 awk '/"thing"/ { sub(/^.*"thing":"C/, "{\"thing\":\"C"); print; if (++n == 97) exit }' <&8 >"$dir/got"
	cmp "$dir/got" "$dir/day"
	recv_stop KILL || true
	exec 8>&-
}

# Passes on between a client and the broker. While $dir/hold is there, of what the broker sends only 3000 bytes pass, and
# $dir/held says so. Writes its port to $dir/relay_port.
relay() {
	exec /usr/bin/python3 - "$broker_port" "$dir" 3>&- <<-'RELAY'
		import os, socket, sys, threading, time

		broker, there = int(sys.argv[1]), sys.argv[2] + "/"
		listener = socket.create_server(("127.0.0.1", 0))
		listener.settimeout(120)
		with open(there + "port", "w") as f:
		    f.write(str(listener.getsockname()[1]))
		os.rename(there + "port", there + "relay_port")
		client = listener.accept()[0]
		server = socket.create_connection(("127.0.0.1", broker))

		def up():
		    while piece := client.recv(65536):
		        server.sendall(piece)
		    os._exit(0)

		threading.Thread(target=up, daemon=True).start()
		while piece := server.recv(65536):
		    if os.path.exists(there + "hold"):
		        client.sendall(piece[:3000])
		        piece = piece[3000:]
		        open(there + "held", "w").close()
		        while os.path.exists(there + "hold"):
		            time.sleep(0.02)
		    client.sendall(piece)
	RELAY
}

# the ticks of processor time that the receiver has had
ticks() { awk '{ print $14 + $15 }' "/proc/$recv_pid/stat"; }

@test "half a record of TLS is waited for without using the processor" {
	relay &
	relay_pid=$!
	within 60 test -e "$dir/relay_port"
	# shellcheck disable=SC2046
	nbms-recv --host 127.0.0.1 --port "$(cat "$dir/relay_port")" $(tls_options nbms-recv) --spool >>"$dir/out" 2>>"$dir/err" 3>&- &
	recv_pid=$!
	within 60 connections 1
	touch "$dir/hold"
	gzip -dc testdata/captures/day-883.ndjson.gz | sed -n 2p >"$dir/long"
	[ "$(wc -c <"$dir/long")" -gt 30000 ]
	publish $thing <"$dir/long"
	within 60 test -e "$dir/held"
	local before marks
	before=$(ticks) marks=$(grep -c '"mark"' "$dir/out" || true)
	within 60 has_lines "$dir/out" $((marks + 2)) '"mark"'
	[ $(($(ticks) - before)) -lt $(($(getconf CLK_TCK) / 2)) ]
	rm "$dir/hold"
	within 60 has_lines "$dir/out" 1 '"thing"'
	grep '"thing"' "$dir/out" | sed 's/^.*"thing":"C/{"thing":"C/' | cmp - "$dir/long"
	recv_stop
	kill $relay_pid 2>/dev/null || true
}

@test "SIGTERM in mid-stream: no half line, status 0" {
	recv_start "$dir/out" --spool
	within 60 connections 1
	(for n in $(seq 2000); do note "$n"; done | publish $thing) 3>&- &
	local publisher=$!
	within 60 has_lines "$dir/out" 50 '"note"'
	recv_stop
	[ $? -eq 0 ]
	wait $publisher
	[ -z "$(tail -c 1 "$dir/out")" ]
	jq -e .seq >/dev/null <<<"$(grep '"thing"' "$dir/out" | tail -n 1)"
}

@test "two receivers cannot write one spool" {
	recv_start "$dir/out" --spool
	within 60 connections 1
	run recv --spool --id another
	[ "$status" -eq 75 ]
	[[ $output = *'another process writes this spool' ]]
}

# tries N OPTION...: nbms-recv until it has said N times why it cannot connect.
tries() {
	local n=$1
	shift
	: >"$dir/err"
	recv_pid=
	nbms-recv --host localhost "$@" --id x 2>"$dir/err" 3>&- &
	recv_pid=$!
	within 60 has_lines "$dir/err" "$n" 'trying again'
	recv_stop || true
}

@test "refusals are clear: no broker, a stranger's certificate, none, an unreadable key" {
	tries 2 --port 1
	[[ $(head -n 1 "$dir/err") =~ 'localhost:1: cannot connect: Connection refused; trying again in '(0\.[5-9]|1\.0)' s'$ ]]
	[[ $(sed -n 2p "$dir/err") =~ 'trying again in '(1\.[0-9]|2\.0)' s'$ ]]
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=stranger \
		-keyout "$dir/s.key" -out "$dir/s.crt" 2>/dev/null
	tries 1 --port "$broker_port" --cafile "$dir/tls/ca.crt" --cert "$dir/s.crt" --key "$dir/s.key"
	[[ $(head -n 1 "$dir/err") = *'cannot connect: '* ]]
	tries 1 --port "$broker_port" --cafile "$dir/s.crt"
	[[ $(head -n 1 "$dir/err") = *'certificate verify failed; trying again'* ]]
	run nbms-recv --host localhost --cafile "$dir/none.crt"
	[ "$status" -eq 66 ]
	run timeout 120 nbms-recv --host localhost --port "$broker_port" --cafile "$dir/tls/ca.crt" --cert "$dir/tls/nbms-recv.crt" \
		--key "$dir/tls/broker.key"
	[ "$status" -eq 78 ]
	run nbms-recv --host broker.example
	[ "$status" -eq 64 ]
}

@test "localhost is ::1 before it is 127.0.0.1, where alone the broker is" {
	printf '%s localhost\n' ::1 127.0.0.1 >"$dir/hosts"
	# shellcheck disable=SC2016  # expanded by the inner shell
	elsewhere=(unshare -m sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' "$dir/hosts")
	"${elsewhere[@]}" true 2>/dev/null || skip 'mounting is not allowed here'
	# shellcheck disable=SC2046
	run -0 "${elsewhere[@]}" timeout 120 nbms-recv --host localhost --port "$broker_port" $(tls_options nbms-recv) --idle 1s
	[[ $output = *"localhost:$broker_port: connected as nbms-recv"* ]]
}

@test "a key with a password: from its file, never asked for" {
	openssl ec -in "$dir/tls/nbms-recv.key" -aes256 -passout pass:secret -out "$dir/locked.key" 2>/dev/null
	echo secret >"$dir/password"
	run timeout 120 nbms-recv --host localhost --port "$broker_port" --cafile "$dir/tls/ca.crt" --cert "$dir/tls/nbms-recv.crt" \
		--key "$dir/locked.key" --key-password "$dir/password" --id locked --idle 1s
	[ "$status" -eq 0 ]
	[[ $output = *'connected as locked'* ]]
	run timeout 120 nbms-recv --host localhost --port "$broker_port" --cafile "$dir/tls/ca.crt" --cert "$dir/tls/nbms-recv.crt" \
		--key "$dir/locked.key" --id locked --idle 1s </dev/null
	[ "$status" -eq 78 ]
}
