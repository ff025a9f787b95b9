#!/usr/bin/env bats
# nbms-live on a site as nbms-device makes it: mosquitto with TLS and its access list, a gateway that answers, the pipeline
# of scripts/nbms-up. One site for the file; each test has sessions of its own.

bats_require_minimum_version 1.5.0
thing=C000003_B001_01
fan=39.BV-300:1_AHUSupplyFan_01
temp=39.AI-301:2_AHUTemp_01
setpoint=39.AV-302:3_AHUSetTemp_01

setup_file() {
	. "$BATS_TEST_DIRNAME/../cli/common.bash"
	export site=$BATS_FILE_TMPDIR NBMS_DIR=$BATS_FILE_TMPDIR/state
	cd "$site" || return
	mkdir state
	make_site
	start_site
	mkfifo quiet # somebody who never says a word
	nbms-live <>quiet >quiet.out 2>/dev/null 3>&- &
	nbms-live token add --customer C000003 --role operator --out kim.token kim
	nbms-live token add --customer C000003 --role viewer --out lee.token lee
	nbms-live token add --customer C000004 --role operator --out eve.token eve
	nbms-live token add --customer C000003 --building B002 --role operator --out park.token park
}

make_site() {
	for place in C000003:B001 C000003:B002 C000004:B001; do
		echo "{\"type\":\"building\",\"customer\":\"${place%:*}\",\"building\":\"${place#*:}\",\"timezone\":\"Asia/Seoul\"}"
	done | nbms-device register
	nbms-device create $thing C000003_B002_01 C000004_B001_01 >/dev/null
	cat >init.ndjson <<-E
		{"thing":"$thing","point":"init","message":{"msg_type":"Init","point_0":{"point_id":"$fan","point_info":{"name":"AHUSupplyFan_01","class":"AHU","type":"BV"}},"point_1":{"point_id":"$temp","point_info":{"name":"AHUTemp_01","class":"AHU","type":"AI"}},"point_2":{"point_id":"$setpoint","point_info":{"name":"AHUSetTemp_01","class":"AHU","type":"AV"}},"point_3":{"point_id":"39.BV-300:9_Gone_01","point_info":{"name":"Gone_01","type":"BV"}},"point_count":4,"time":"202201010000"}}
		{"thing":"$thing","point":"delete","message":{"msg_type":"Delete","point_0":{"point_id":"39.BV-300:9_Gone_01"},"point_count":1,"time":"202201010001"}}
		{"thing":"C000004_B001_01","point":"init","message":{"msg_type":"Init","point_0":{"point_id":"77.BV-1:1_Secret","point_info":{"name":"Secret","type":"BV"}},"point_count":1,"time":"202201010000"}}
		{"thing":"C000003_B002_01","point":"init","message":{"msg_type":"Init","point_0":{"point_id":"55.BV-1:1_Other","point_info":{"name":"Other","type":"BV"}},"point_count":1,"time":"202201010000"}}
		{"thing":"$thing","point":"periodic_log","message":{"msg_type":"Periodic_Log","point_0":{"msg":[{"attr_name":"M_Value","data":0}],"period":15,"point_id":"$fan"},"point_1":{"msg":[{"attr_name":"M_Value","data":21.5}],"period":15,"point_id":"$temp"},"point_count":2,"time":"202610011200"}}
	E
	nbms-store init.ndjson
}

# The broker and the pipeline, as an operator runs them.
start_site() {
	local ports
	read -ra ports < <(free_ports 2)
	nbms-device broker --out "$NBMS_DIR/broker" --name localhost --port "${ports[0]}" --site-port "${ports[1]}"
	echo "${ports[@]}" >ports
	"$BATS_TEST_DIRNAME/../../scripts/nbms-up" 2>up.log >/dev/null 3>&- &
	echo $! >up.pid
	within 60 pipeline_runs
}
pipeline_runs() { grep -q 'connected as nbms-recv' up.log && grep -q 'connected as nbms-send-live' up.log; }

teardown_file() {
	. "$BATS_TEST_DIRNAME/../cli/common.bash"
	cd "$BATS_FILE_TMPDIR" || return
	kill "$(cat up.pid)" 2>/dev/null
	within 60 ended "$(cat up.pid)"
}

setup() {
	. "$BATS_TEST_DIRNAME/../cli/common.bash"
	cd "$BATS_TEST_TMPDIR" || return
	site=$BATS_FILE_TMPDIR
	export NBMS_DIR=$site/state
	read -r port site_port <"$site/ports"
}

teardown() {
	for fd in 8 "${in[@]}"; do eval "exec $fd>&-"; done
	for pid in $(cat pids 2>/dev/null); do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	nbms-live sweep 2>/dev/null # what the test's killed sessions left
}

# db STATEMENT: the pipeline may be writing
db() { if on_postgres; then sql "$NBMS_DIR/nbms.db" "$1"; else sqlite3 -cmd '.timeout 5000' "$NBMS_DIR/nbms.db" "$1"; fi; }

# gateway OPTION...: the building's gateway; what it is sent goes to ./down, lines for it to fd 8.
gateway() {
	mkfifo gw
	"$BATS_TEST_DIRNAME/../../scripts/gateway-stand-in" $thing "$port" "$(echo "$NBMS_DIR/pki/things/$thing"/*/)" "$@" <gw >down 3>&- &
	echo $! >>pids
	exec 8>gw
	echo "set $temp 21.5" >&8
	within 60 gateway_listens
}
gateway_listens() {
	[ -s down ] && return
	timeout 20 mosquitto_pub -h localhost -p "$site_port" --cafile "$NBMS_DIR/pki/site/root-ca.pem" \
		--cert "$NBMS_DIR/pki/site/site.pem" --key "$NBMS_DIR/pki/site/site.key" -t $thing -q 1 \
		-m '{"thing":"x","point":"hello","message":{}}'
	sleep 0.1
	[ -s down ]
}

# session NAME USER [OPTION...]: in the background; requests go to fd in ${in[NAME]}, its lines to NAME.out.
declare -gA in pid_of
session() {
	local name=$1 user=$2 fd
	shift 2
	mkfifo "$name.in"
	(
		for fd in 3 8 "${in[@]}"; do eval "exec $fd>&-"; done # or the others never see their end
		exec nbms-live --token-file "$site/$user.token" "$@" <"$name.in" >"$name.out" 2>"$name.err"
	) &
	pid_of[$name]=$!
	echo $! >>pids
	exec {fd}>"$name.in"
	in[$name]=$fd
	within 60 has "$name" '.reply == "connect"'
}
ask() { echo "$2" >&"${in[$1]}"; }
leave() { eval "exec ${in[$1]}>&-"; wait "${pid_of[$1]}"; }

# has NAME CONDITION: one of its lines is so.
has() { jq -e -n "first(inputs | select($2))" "$1.out" >/dev/null 2>&1; }
told() { jq -e -n "first(inputs | select($1))" down >/dev/null 2>&1; }
count() { jq -n "[inputs | select($2)] | length" "$1"; }
counts() { [ "$(count "$1" "$2")" -ge "$3" ]; }
db_is() { [ "$(db "$1")" = "$2" ]; }
nobody() { [ "$(db 'SELECT count(*) FROM connection')" = 0 ] && [ "$(db 'SELECT count(*) FROM subscription')" = 0 ]; }

@test "a point: snapshot, changes, and the gateway is told once for two sessions and to stop for the last" {
	gateway
	session a kim
	session b lee
	ask a "{\"request\":\"subscribe\",\"id\":1,\"building\":\"B001\",\"points\":[\"$temp\",\"nope\"]}"
	within 60 has a ".id == 1 and .ok and .points == 1 and .refused[0].error == \"unknown-point\""
	within 60 has a ".event == \"value\" and .snapshot and .value == 21.5 and .time == \"2026-10-01T12:00:00+09:00\""
	within 60 has a ".event == \"value\" and (.snapshot | not) and .value == 21.5" # the gateway's own first report
	[ "$(db "SELECT state FROM subscription")" = 1 ]
	ask b "{\"request\":\"subscribe\",\"thing\":\"$thing\",\"points\":[\"$temp\"]}"
	within 60 has b '.event == "value" and (.snapshot | not)' # the newest report, though the gateway was not asked again
	echo "set $temp 22.25" >&8
	within 60 has a '.value == 22.25 and .attr == "M_Value" and .building == "C000003_B001"'
	within 60 has b '.value == 22.25'
	[ "$(count down '.point == "subscribe"')" -eq 1 ]
	leave a
	ask b '{"request":"ping","id":"x"}'
	within 60 has b '.reply == "ping" and .id == "x" and .broker'
	[ "$(count down '.point == "unsubscribe"')" -eq 0 ]
	leave b
	within 60 told '.point == "unsubscribe"'
	within 60 nobody
}

@test "a unit of equipment: its rules over its members, which the gateway is told of once" {
	gateway
	session a kim
	session b lee
	ask a '{"request":"subscribe","id":1,"building":"B001","points":["ComP_U_AHU_01","ComP_U_AHU_99"]}'
	within 60 has a '.id == 1 and .ok and .points == 1 and .refused == [{"point_id":"ComP_U_AHU_99","error":"unknown-point"}]'
	within 60 has a '.point_id == "ComP_U_AHU_01" and .attr == "Run" and .value == 0 and .snapshot and .time == "2026-10-01T12:00:00+09:00"'
	within 60 told ".point == \"subscribe\" and ([.message[] | objects | .point_id] | index(\"$fan\") != null)"
	echo "set $fan 1" >&8
	within 60 has a '.point_id == "ComP_U_AHU_01" and .attr == "Run" and .value == 1 and (.snapshot | not) and .thing == "C000003_B001_01"'
	[ "$(count a.out ".point_id == \"$fan\"")" -eq 0 ] # its members are not told, unless they are asked for
	ask a "{\"request\":\"subscribe\",\"id\":2,\"building\":\"B001\",\"points\":[\"$fan\"]}"
	within 60 has a '.id == 2 and .points == 1'
	within 60 has a ".point_id == \"$fan\" and .value == 1 and .snapshot" # what it has reported, not the history's
	# one that another session holds anyhow, with the newest value
	ask b '{"request":"subscribe","building":"B001","points":["ComP_U_AHU_01"]}'
	within 60 has b '.attr == "Run" and .value == 1'
	[ "$(count down '.point == "subscribe"')" -eq 1 ]
	ask a '{"request":"unsubscribe","id":3,"building":"B001","points":["ComP_U_AHU_01"]}'
	within 60 has a '.id == 3 and .points == 1'
	leave b
	ask a '{"request":"ping","id":4}'
	within 60 has a '.id == 4'
	echo "set $fan 0" >&8
	within 60 has a ".point_id == \"$fan\" and .value == 0 and (.snapshot | not)"
	[ "$(count a.out '.attr == "Run" and .value == 0 and (.snapshot | not)')" -eq 0 ]
	db_is 'SELECT count(*) FROM subscription' 1 # the fan; setpoints and all else of the unit are nobody's any more
	leave a
	within 60 nobody
}

@test "what is killed is swept: by another session's start, or by cron" {
	gateway
	session a kim
	ask a "{\"request\":\"subscribe\",\"building\":\"B001\",\"points\":[\"$temp\",\"$fan\"]}"
	within 60 told '.point == "subscribe"'
	kill -9 "${pid_of[a]}"
	wait "${pid_of[a]}" || :
	[ "$(db 'SELECT count(*) FROM subscription')" = 2 ]
	session b lee
	within 60 told '.point == "unsubscribe" and .message.point_count == 2'
	within 60 db_is 'SELECT count(*) FROM connection' 1
	ask b "{\"request\":\"subscribe\",\"building\":\"B001\",\"points\":[\"$temp\"]}"
	within 60 has b '.event == "value"'
	kill -9 "${pid_of[b]}"
	wait "${pid_of[b]}" || :
	nbms-live sweep 2>err
	grep -q '1 sessions are no more' err
	within 60 counts down '.point == "unsubscribe"' 2
	within 60 nobody
}

@test "one who is killed while another holds the point: the gateway is not told to stop" {
	gateway
	session a kim
	session b lee
	for s in a b; do
		ask $s "{\"request\":\"subscribe\",\"building\":\"B001\",\"points\":[\"$temp\"]}"
		within 60 has $s '.event == "value"'
	done
	within 60 db_is 'SELECT min(state) FROM subscription' 1
	kill -9 "${pid_of[a]}"
	wait "${pid_of[a]}" || :
	nbms-live sweep 2>/dev/null
	echo "set $temp 5" >&8
	within 60 has b '.value == 5'
	[ "$(count down '.point == "unsubscribe"')" -eq 0 ]
	kill -TERM "${pid_of[b]}"
	wait "${pid_of[b]}"
	has b '.event == "closing" and .reason == "stopping"'
	within 60 told '.point == "unsubscribe"'
	within 60 nobody
}

holds_one() { [ "$(db "SELECT count(*) FROM control WHERE state = 'effective' AND value <> 'null' AND ended IS NULL")" = 1 ]; }

@test "a control: effective, overridden, refused; who holds what; relinquished; expired by cron" {
	gateway --refuse "$setpoint"
	session a kim
	session b lee
	ask b '{"request":"held","building":"B001"}'
	ask a "{\"request\":\"control\",\"id\":7,\"building\":\"B001\",\"point_id\":\"$fan\",\"value\":1,\"minutes\":5}"
	within 60 has a '.reply == "control" and .id == 7 and .state == "sent" and .priority == 8'
	within 60 has a '.event == "control" and .state == "effective" and .value_after == 1 and .value_before == 0 and .by == "kim"'
	within 60 has b '.event == "control" and .state == "effective" and .by == "kim"'
	told '.point == "control" and .message.point_0.value == 1 and .message.point_0.priority == 8 and (.message.point_0.expires | length == 12)'
	ask a "{\"request\":\"control\",\"building\":\"B001\",\"point_id\":\"$setpoint\",\"value\":24}"
	within 60 has a '.event == "control" and .state == "refused"'
	ask a '{"request":"held","id":8,"building":"B001"}'
	within 60 has a ".id == 8 and (.held | length) == 1 and .held[0].point_id == \"$fan\""
	ask a "{\"request\":\"relinquish\",\"building\":\"B001\",\"point_id\":\"$fan\"}"
	within 60 has a '.event == "control" and .state == "released"'
	ask a '{"request":"held","id":9,"building":"B001"}'
	within 60 has a '.id == 9 and .held == []'
	ask a "{\"request\":\"control\",\"building\":\"B001\",\"point_id\":\"$fan\",\"value\":1,\"minutes\":1}"
	within 60 counts a.out '.event == "control" and .state == "effective"' 2
	leave a
	within 60 holds_one
	db "UPDATE control SET expires = 1 WHERE state = 'effective' AND value <> 'null'"
	nbms-live sweep
	within 60 has b '.event == "control" and .state == "expired"'
	[ "$(jq -n '[inputs | select(.point == "control")] | last | .message.point_0.value' down)" = null ]
}

@test "a gateway without control_result: the value tells; one that is mute: timeout, and a late answer counts" {
	gateway --no-result
	session a kim --wait 8s
	ask a "{\"request\":\"subscribe\",\"building\":\"B001\",\"points\":[\"$fan\"]}"
	within 60 told '.point == "subscribe"'
	ask a "{\"request\":\"control\",\"building\":\"B001\",\"point_id\":\"$fan\",\"value\":true}"
	within 60 has a '.event == "control" and .state == "effective" and (.reason | test("reports"))'
	# nobody subscribes to the set point: nothing comes back of it
	ask a "{\"request\":\"control\",\"building\":\"B001\",\"point_id\":\"$setpoint\",\"value\":23.5}"
	within 60 has a '.event == "control" and .state == "timeout"'
	id=$(jq -rn 'first(inputs | select(.state == "timeout")) | .request_id' a.out)
	echo "{\"thing\":\"$thing\",\"point\":\"control_result\",\"message\":{\"msg_type\":\"Control_Result\",\"request_id\":\"$id\",\"point_0\":{\"point_id\":\"$setpoint\",\"status\":\"overridden\",\"value\":20,\"priority\":5},\"point_count\":1,\"time\":\"202610010000\"}}" >&8
	within 60 has a '.event == "control" and .state == "overridden" and .winner == 5 and .value_after == 20'
}

@test "the state is right when the session has gone; another gateway's answer is none" {
	gateway --mute
	session a kim
	ask a "{\"request\":\"control\",\"building\":\"B001\",\"point_id\":\"$fan\",\"value\":1}"
	within 60 has a '.reply == "control"'
	id=$(jq -rn 'first(inputs | select(.reply == "control")) | .request_id' a.out)
	leave a
	answer() {
		echo "{\"thing\":\"$1\",\"point\":\"control_result\",\"message\":{\"msg_type\":\"Control_Result\",\"request_id\":\"$id\",\"point_0\":{\"point_id\":\"$fan\",\"status\":\"ok\",\"value\":1,\"priority\":8},\"point_count\":1,\"time\":\"202610010000\"}}"
	}
	run -1 nbms-live feed < <(answer C000004_B001_01)
	[ "$(db "SELECT state FROM control WHERE request_id = '$id'")" = sent ]
	answer $thing >&8
	within 60 state_is "$id" effective
}
state_is() { [ "$(db "SELECT state FROM control WHERE request_id = '$1'")" = "$2" ]; }

@test "control and relinquish from a shell: what came of it, and the status" {
	gateway --override "$setpoint"
	run -0 --separate-stderr nbms-live control -b C000003_B001 --point "$fan" --value 1 --by choi
	[ "$(jq -c '[.ok, .state, .by]' <<<"$output")" = '[true,"effective","choi"]' ]
	run -0 --separate-stderr nbms-live control -b C000003_B001 --point "$setpoint" --value 25 --by choi --priority 16
	[ "$(jq -c '[.ok, .state, .winner]' <<<"$output")" = '[true,"overridden",1]' ]
	run -65 --separate-stderr nbms-live control -b C000003_B001 --point "$temp" --value 25 --by choi
	[ "$(jq -r .error <<<"$output")" = read-only ]
	run -0 --separate-stderr nbms-live relinquish -b C000003_B001 --point "$fan" --by choi
	[ "$(db "SELECT state FROM control WHERE point_id = '$fan' AND value = '1' AND user_id = 'choi'")" = released ]
	run -65 nbms-live control -b C000009_B001 --point "$fan" --value 1 --by choi
	# over HTTP the refusal says why, whatever the session said before it
	local body
	body="{\"building\":\"C000003_B001\",\"point_id\":\"$temp\",\"value\":25}"
	printf %s "$body" | env GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=POST PATH_INFO=/api/control/write CONTENT_TYPE=application/json \
		CONTENT_LENGTH=${#body} HTTP_AUTHORIZATION="Bearer $(nbms-live token add --customer C000003 --role operator song)" nbms-query >answer
	grep -q '^Status: 409' answer
	[ "$(tail -n 1 answer | jq -r .message)" = 'an input is read only' ] || { cat answer; false; }
	run -64 nbms-live control -b C000003_B001 --point "$fan" --value nonsense --by choi
	run -64 nbms-live control -b C000003_B001 --value 1 --by choi
}

@test "alarms: what stands, then each change, also an operator's command" {
	gateway
	raise() { echo "{\"thing\":\"$thing\",\"point\":\"alarm\",\"message\":{\"msg_type\":\"Alarm\",\"alarm_0\":{\"alarm_point_id\":\"$1\",\"alarm_name\":\"Filter\",\"event\":\"$2\",\"level\":2,\"text\":\"x\"},\"alarm_count\":1,\"time\":\"$(TZ=Asia/Seoul date +%Y%m%d%H%M%S)\"}}" >&8; }
	raise F1 raise
	stands() { nbms-alarm list | grep -q '"F1"'; }
	within 60 stands
	session a lee
	ask a '{"request":"alarms","building":"B001"}'
	within 60 has a '.event == "alarm" and .snapshot and .alarm_point_id == "F1" and .state == "unacknowledged" and .level == 2'
	raise F2 raise
	within 60 has a '.event == "alarm" and (.snapshot | not) and .transition == "raise" and .alarm_point_id == "F2" and .building == "B001"'
	nbms-alarm ack "$(jq -rn 'first(inputs | select(.alarm_point_id == "F1")) | .episode' a.out)" --by kim
	within 60 has a '.event == "alarm" and .transition == "ack" and .alarm_point_id == "F1" and .by == "kim" and .state == "acknowledged"'
	raise F1 clear
	raise F2 clear
	within 60 has a '.transition == "clear" and .alarm_point_id == "F2"'
}

@test "no token, a wrong one, a revoked one, one that ends, one that is taken back while it is used" {
	run -77 --separate-stderr nbms-live <<<'{"request":"connect","token":"nbms_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}'
	[ "$(jq -sc '[.[0].error, .[1].reason]' <<<"$output")" = '["unknown-token","unknown-token"]' ]
	run -77 --separate-stderr nbms-live <<<'{"request":"connect","token":"'"' OR 1=1 --"'"}'
	run -0 --separate-stderr nbms-live <<<'{"request":"subscribe","building":"B001","points":["'$temp'"]}'
	[ "$(jq -sr '.[0].error' <<<"$output")" = not-connected ]
	nbms-live token add --customer C000003 --out gone.token --expires now+1h gone
	nbms-live token add --customer C000003 --out back.token back
	cp ./*.token "$site"
	session a gone
	session b back
	gateway
	ask b "{\"request\":\"subscribe\",\"building\":\"B001\",\"points\":[\"$temp\"]}"
	within 60 told '.point == "subscribe"'
	nbms-live token revoke back
	within 60 has b '.event == "closing" and .reason == "revoked-token"'
	within 60 told '.point == "unsubscribe"'
	db "UPDATE web_token SET expires = 1 WHERE user_id = 'gone'" # an hour later
	within 60 has a '.event == "closing" and .reason == "expired-token"'
	run -77 nbms-live --token-file back.token </dev/null
	run -77 nbms-live --token-file gone.token </dev/null
	run ! grep -rqF "$(cat back.token)" "$NBMS_DIR" # it stands nowhere
	within 60 nobody
}

@test "another customer's, another building's, deleted and read-only points; roles; nothing of them reaches a gateway" {
	gateway
	session eve eve
	session park park
	session lee lee
	session kim kim
	errors() { jq -rn '[inputs | select(.ok == false) | .error] | join(" ")' "$1.out"; }
	for b in B001 C000003_B001 'C000003_B001/../x' '' 'C000004_B001_01'; do
		ask eve "{\"request\":\"subscribe\",\"building\":\"$b\",\"points\":[\"$temp\",\"$fan\"]}"
	done
	ask eve "{\"request\":\"subscribe\",\"thing\":\"$thing\",\"points\":[\"$temp\"]}"
	ask eve "{\"request\":\"control\",\"building\":\"C000003_B001\",\"point_id\":\"$fan\",\"value\":1}"
	ask eve '{"request":"alarms","building":"C000003_B001"}'
	ask eve '{"request":"held","building":"C000003_B001"}'
	ask eve '{"request":"learning","building":"C000003_B001"}'
	ask eve '{"request":"ping"}'
	within 60 has eve '.reply == "ping"'
	[ "$(errors eve)" = 'unknown-point unknown-building unknown-building unknown-building unknown-building unknown-thing unknown-building unknown-building unknown-building unknown-building' ]
	ask park "{\"request\":\"subscribe\",\"building\":\"B001\",\"points\":[\"$temp\"]}"
	ask park '{"request":"subscribe","building":"B002","points":["55.BV-1:1_Other"]}'
	within 60 has park '.reply == "subscribe" and .ok'
	[ "$(errors park)" = unknown-building ]
	ask lee "{\"request\":\"control\",\"building\":\"B001\",\"point_id\":\"$fan\",\"value\":1}"
	ask lee '{"request":"optimizing","building":"B001"}'
	ask lee '{"request":"ping"}'
	within 60 has lee '.reply == "ping"'
	[ "$(errors lee)" = 'forbidden forbidden' ]
	for c in "\"$temp\",\"value\":1" '"39.BV-300:9_Gone_01","value":1' '"77.BV-1:1_Secret","value":1' '"55.BV-1:1_Other","value":1' \
		"\"$fan\",\"value\":2" "\"$fan\",\"value\":\"on\"" "\"$fan\"" "\"$fan\",\"value\":1,\"priority\":6" \
		"\"$fan\",\"value\":1,\"priority\":17" "\"$fan\",\"value\":1,\"minutes\":0" "\"$setpoint\",\"value\":[1]"; do
		ask kim "{\"request\":\"control\",\"building\":\"B001\",\"point_id\":$c}"
	done
	ask kim '{"request":"tender-learning","building":"B001","targetFile":"../../../etc/passwd"}'
	ask kim '{"request":"tender-predict","building":"B001","predictInput":"/etc/passwd"}'
	ask kim '{"request":"optimizing","building":"B001","RefLearningResult":"learning-C000004_B001-1"}'
	ask kim '{"request":"ping"}'
	within 60 has kim '.reply == "ping"'
	[ "$(errors kim)" = 'read-only unknown-point unknown-point unknown-point bad-value bad-value bad-value bad-priority bad-priority bad-minutes bad-value bad-task bad-task bad-task' ]
	[ "$(count down '.point != "hello"')" -eq 0 ]
	[ "$(db "SELECT count(*) FROM control WHERE user_id IN ('eve', 'park', 'lee')")" = 0 ]
}

@test "another gateway cannot speak to sessions, nor hear what is said to them" {
	gateway
	session a lee
	ask a "{\"request\":\"subscribe\",\"building\":\"B001\",\"points\":[\"$temp\"]}"
	within 60 told '.point == "subscribe"'
	bundle=$(echo "$NBMS_DIR/pki/things/C000004_B001_01"/*/)
	alien=(-h localhost -p "$port" --cafile "$bundle/root-ca.pem" --cert "$bundle/certificate.pem" --key "$bundle/private.key" -i C000004_B001_01)
	timeout 60 mosquitto_sub "${alien[@]}" -t 'nbms/live/#' -t "$thing" -W 2 >heard 2>/dev/null 3>&- 8>&- &
	ear=$!
	echo "set $temp 7" >&8
	within 60 has a '.value == 7'
	wait "$ear" || :
	[ ! -s heard ]
	for topic in nbms/live/$thing nbms/up/$thing '$aws/rules/Rule_'$thing; do
		timeout 60 mosquitto_pub "${alien[@]}" -q 1 -t "$topic" -m "{\"thing\":\"$thing\",\"point\":\"realtime\",\"message\":{\"point_0\":{\"point_id\":\"$temp\",\"msg\":[{\"attr_name\":\"M_Value\",\"data\":666}]},\"point_count\":1,\"time\":\"20261001120000\"}}" || :
	done
	echo "set $temp 8" >&8
	within 60 has a '.value == 8'
	run ! has a '.value == 666'
}

@test "tasks: the result comes to the session that asked, also when it is worked out elsewhere" {
	session a kim
	session b kim --learn 'exec 9>>"$NBMS_DIR/elsewhere"; nbms-learn run'
	ask a '{"request":"tender-predict","id":1,"building":"B001","predictInput":{"base":404282000,"kind":"works-national","day":"2026-03-01","bidders":10}}'
	ask b '{"request":"tender-predict","id":2,"building":"B001","predictInput":{"base":404282000,"kind":"works-national","day":"2026-03-01","bidders":20}}'
	within 60 has a '.id == 1 and .ok'
	within 60 has a '.event == "result" and .task == "tender-predict" and .status == "ok" and (.result | type == "object")'
	within 60 has b '.event == "result" and .status == "ok"'
	[ -e "$NBMS_DIR/elsewhere" ]
	ask a '{"request":"learning","id":3,"building":"B002"}' # nothing was ever logged there
	within 60 has a '.event == "result" and .task == "learning" and .status != "ok"'
	[ "$(count a.out '.event == "result"')" -eq 2 ]
	[ "$(count b.out '.event == "result"')" -eq 1 ]
	# a result for this session that somebody else takes in
	id=$(jq -rn 'first(inputs | select(.reply == "connect")) | .connection_id' a.out)
	nbms-learn task tender-predict --connection "$id" --input '{"base":100000000,"kind":"works-national","day":"2026-03-01","bidders":5}' |
		nbms-learn run | nbms-learn callback >/dev/null
	within 60 counts a.out '.event == "result" and .status == "ok"' 2
}

@test "garbage is answered and the session goes on; a line of 100 MB is one; half a line is the last" {
	{
		echo '{"request":"connect","token":"'"$(cat "$site/lee.token")"'"}'
		echo nonsense
		echo '[1]'
		echo '{"request":"self-destruct","id":{"a":1}}'
		printf '{"request":"\xff\xfe"}\n'
		printf '{"request":"ping","id":"%0300d"}\n' 1
		head -c 100000000 /dev/zero | tr '\0' x
		echo
		echo '{"request":"subscribe","building":"B001","points":[]}'
		printf '\0\0\n'
		echo '{"request":"ping","id":"last"}'
		printf '{"request":"pi'
	} >lines
	run -0 --separate-stderr bash -c '/usr/bin/time -f "%M" -o kb nbms-live <lines'
	[ "$(jq -sr '[.[] | .error // .reason // .reply] | join(" ")' <<<"$output")" = \
		'connect bad-json bad-json unknown-request bad-utf8 bad-request too-long bad-points bad-json ping truncated end-of-input' ]
	[ "$(tail -n 1 kb)" -lt 65536 ]
	within 60 nobody
}

@test "a flood is refused, then closed; whoever says nothing is closed" {
	{
		echo '{"request":"connect","token":"'"$(cat "$site/lee.token")"'"}'
		yes '{"request":"ping"}' | head -n 100000
	} >lines
	run -0 --separate-stderr nbms-live <lines
	[ "$(tail -n 1 <<<"$output")" = '{"event":"closing","reason":"flood"}' ]
	[ "$(grep -c too-many-requests <<<"$output")" -ge 50 ]
	within 60 [ -s "$site/quiet.out" ]
	[ "$(cat "$site/quiet.out")" = '{"event":"closing","reason":"no-token"}' ]
	within 60 nobody
}

@test "a slow reader has the newest values, and every answer" {
	gateway
	session quick kim
	ask quick "{\"request\":\"subscribe\",\"building\":\"B001\",\"points\":[\"$temp\"]}"
	within 60 has quick '.event == "value" and (.snapshot | not)'
	mkfifo in out
	nbms-live --token-file "$site/lee.token" --stall 600s <in >out 2>err 3>&- 8>&- &
	pid=$!
	echo $pid >>pids
	exec 6>in 7<out
	read -r -t 60 line <&7
	echo "{\"request\":\"subscribe\",\"building\":\"B001\",\"points\":[\"$temp\"]}" >&6
	within 60 db_is 'SELECT count(*), min(state) FROM subscription' '2|1'
	# more than a pipe holds, of one point
	awk -v t="$thing" -v p="$temp" 'BEGIN { for (i = 1; i <= 3000; i++) printf "{\"topic\":\"nbms/live/%s\",\"qos\":0,\"payload\":{\"thing\":\"%s\",\"point\":\"realtime\",\"message\":{\"point_0\":{\"point_id\":\"%s\",\"msg\":[{\"attr_name\":\"M_Value\",\"data\":%d}]},\"point_count\":1,\"time\":\"20261001120000\"}}}\n", t, t, p, i }' |
		nbms-send --host localhost --port "$site_port" --cafile "$NBMS_DIR/pki/site/root-ca.pem" --cert "$NBMS_DIR/pki/site/site.pem" \
			--key "$NBMS_DIR/pki/site/site.key" --id slow-test 2>/dev/null
	# the broker has given them to everybody, and the slow one has nothing left to read
	within 60 has quick '.value == 3000'
	within 60 rests $pid
	echo '{"request":"ping","id":"after"}' >&6
	cat <&7 >got 3>&- 8>&- &
	echo $! >>pids
	within 60 grep -q '"after"' got
	within 60 newest_is 3000
	[ "$(grep -c '"value"' got)" -lt 2500 ]
}
newest_is() { [ "$(grep '"event":"value"' got | tail -n 1 | jq .value)" = "$1" ]; }
# rests PID: it waits for something, again and again.
rests() {
	local i
	for i in 1 2 3 4 5; do
		[ "$(ps -o stat= -p "$1" | cut -c 1)" = S ] || return
		sleep 0.05
	done
}

@test "a reader that takes nothing is given up, and what it held is released" {
	gateway
	mkfifo in out
	nbms-live --token-file "$site/lee.token" --stall 1s <in >out 2>err 3>&- 8>&- &
	pid=$!
	echo $pid >>pids
	exec 6>in 7<out
	echo "{\"request\":\"subscribe\",\"building\":\"B001\",\"points\":[\"$temp\"]}" >&6
	within 60 told '.point == "subscribe"'
	for _ in $(seq 1 6); do # answers are never dropped: the pipe fills
		printf '{"request":"ping","id":"%0200d"}\n' $(seq 1 15) >&6
		sleep 0.5
	done 2>/dev/null &
	awk 'BEGIN { for (i = 1; i <= 600; i++) printf "{\"request\":\"held\",\"building\":\"B001\",\"id\":\"%0240d\"}\n", i }' >&6 2>/dev/null || :
	within 60 ended $pid
	grep -qE 'ends: (too-slow|flood)' err
	within 60 told '.point == "unsubscribe"'
}

@test "the broker is killed, and nbms-up starts it again: the session goes on" {
	gateway
	session a lee
	ask a "{\"request\":\"subscribe\",\"building\":\"B001\",\"points\":[\"$temp\"]}"
	within 60 has a '.event == "value" and (.snapshot | not)'
	kill -9 "$(cat "$NBMS_DIR/broker/data/mosquitto.pid")"
	ask a '{"request":"ping","id":1}'
	within 60 has a '.id == 1'
	within 60 grep -q 'connection lost' a.err
	within 60 again_connected
	within 60 sees 17
	leave a
	within 60 told '.point == "unsubscribe"'
	within 60 nobody
}
again_connected() { [ "$(grep -c 'connected as' a.err)" -ge 2 ]; }
sees() {
	echo "set $temp $1" >&8
	sleep 0.2
	has a ".value == $1"
}
