#!/usr/bin/env bats
# nbms-query health: what is not well is said, with a status for cron, and a word for load balancers.

bats_require_minimum_version 1.5.0

setup() {
	load common
	common_setup
	export NBMS_DIR=$PWD/site
	nbms-device register - <<-'ROWS'
		{"type":"building","customer":"C1","building":"B1","timezone":"UTC"}
		{"type":"thing","thing":"C1_B1_01"}
		{"type":"thing","thing":"C1_B1_02"}
	ROWS
}

teardown() {
	[ -z "${pids-}" ] || kill $pids 2>/dev/null || :
}

# report THING AGE: it reported so many seconds ago, and the store has it
report() {
	local at
	at=$(date -u -d "@$(($(date +%s) - $2))" +%Y%m%d%H%M)
	echo "{\"thing\":\"$1\",\"point\":\"periodic_log\",\"received\":\"$(date -u -d "@$(($(date +%s) - $2))" +%FT%TZ)\",\"message\":{\"msg_type\":\"Periodic_Log\",\"time\":\"$at\",\"point_0\":{\"point_id\":\"P\",\"period\":15,\"msg\":[{\"attr_name\":\"M_Value\",\"data\":1}]},\"point_count\":1}}"
}

# level CHECK [WHAT]
level() { jq -r --arg c "$1" --arg w "${2-}" 'select(.check == $c and (.what // "") == $w) | .level' told; }

# receiver: somebody writes the spool
receiver() {
	mkfifo in
	nbms-recv --replay - --spool <in >/dev/null & pids=$!
	exec 8>in
	within 60 locked site/spool
}

@test "all is well: 0, and a table" {
	{ report C1_B1_01 60; report C1_B1_02 60; } | nbms-recv --replay - --spool | nbms-store
	receiver
	nbms-query health --json >told || [ "$(level disk)" != well ] # of this machine
	[ "$(level pipeline)" = well ]
	[ "$(level consumer store)" = well ]
	[ "$(level gateway C1_B1_01)" = well ]
	[ "$(level gateways)" = well ]
	[ "$(level sweep)" = well ]
	[ "$(level disk)" != broken ]
	nbms-query health --table | grep -q 'a receiver is running'
	nbms-query health --problems --json >told || :
	[ -z "$(level gateway C1_B1_01)" ]
}

@test "one gateway is silent: look; most of them: broken" {
	{ report C1_B1_01 60; report C1_B1_02 9000; } | nbms-recv --replay - --spool | nbms-store
	receiver
	run -1 nbms-query health --json
	echo "$output" >told
	[ "$(level gateway C1_B1_02)" = look ]
	[ "$(level gateways)" = well ]
	report C1_B1_01 9000 >old
	sql site/nbms.db 'UPDATE thing SET last_seen = last_seen - 9000'
	run -2 nbms-query health --json
	echo "$output" >told
	[ "$(level gateways)" = broken ]
}

@test "no receiver, and a consumer that is behind: broken" {
	report C1_B1_01 60 | nbms-recv --replay - --spool | nbms-store
	report C1_B1_01 2000 >late
	nbms-recv --replay late --spool >/dev/null
	run -2 nbms-query health --json
	echo "$output" >told
	[ "$(level pipeline)" = broken ]
	[ "$(level consumer store)" = broken ]
	jq -s -e 'map(select(.check == "consumer"))[0] | .value >= 1990 and (.text | test("^1 records, "))' told
}

@test "a broker that nobody answers for; a certificate that ends; controls past their time" {
	nbms-device broker --out site/broker --name localhost --site-port 1 >/dev/null
	nbms-device create --days 20 C1_B1_01 >/dev/null
	sql site/nbms.db "INSERT INTO control (request_id, customer, building, thing, point_id, user_id, asked, value, priority, expires, deadline, state)
		VALUES ('r', 'C1', 'B1', 'C1_B1_01', 'P', 'u', 1, '1', 8, 2, 3, 'effective')"
	run -2 nbms-query health --json
	echo "$output" >told
	[ "$(level broker)" = broken ]
	[ "$(level certificate C1_B1_01)" = look ]
	[ "$(level certificate broker)" = well ]
	[ "$(level sweep)" = look ]
}

@test "where the kernel does not say who listens, the broker is not called dead" {
	unshare -m mount -t tmpfs none /proc 2>/dev/null || skip 'mounting is not allowed here'
	nbms-device broker --out site/broker --name localhost --site-port 1 >/dev/null
	unshare -m sh -c 'mount -t tmpfs none /proc && nbms-query health' >told || :
	[ "$(level broker)" = look ]
	grep -q '/proc/net/tcp cannot be read: ' told
}

@test "to everybody who asks over HTTP: one word, no token, nothing else" {
	export GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET SCRIPT_NAME=/api/health PATH_INFO='' QUERY_STRING='' SERVER_PROTOCOL=HTTP/1.1 \
		HTTP_HOST=localhost SERVER_NAME=localhost REQUEST_URI=/api/health
	nbms-query >answer
	head -n 1 answer | grep -q 'Status: 200'
	[ "$(tail -n 1 answer)" = '{"health":"degraded"}' ]
	{ report C1_B1_01 60; report C1_B1_02 60; } | env -u GATEWAY_INTERFACE nbms-recv --replay - --spool | env -u GATEWAY_INTERFACE nbms-store
	env -u GATEWAY_INTERFACE nbms-query health --problems --json >told || :
	[ "$(jq -s 'map(select(.check != "disk" and .check != "pipeline")) | length' told)" -eq 0 ]
}

@test "a state directory that is not there is neither well nor ill" {
	run -66 nbms-query health -d nowhere
}
