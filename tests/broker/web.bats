#!/usr/bin/env bats
# The page as people meet it: a real broker with TLS, the whole pipeline, websocketd, and a Chromium that is driven through
# everything once (web_drive.py). Each test here is a step of that.

bats_require_minimum_version 1.5.0

load common

building=C000003_B001
thing=${building}_01

# What the browser's steps need to do as somebody else, as commands in $dir.
helpers() {
	local bundle
	bundle=$(find "$NBMS_DIR/pki/things/$thing" -mindepth 1 -maxdepth 1 -type d | head -n 1)
	cat >"$dir/start-server" <<-START
		#!/bin/bash
		setsid '$top/scripts/nbms-web' -d '$NBMS_DIR' -p $port --log error >>'$dir/web.log' 2>&1 3>&- &
		echo \$! >'$dir/web.pid'
		for _ in \$(seq 1200); do
			curl -sf http://localhost:$port/ >/dev/null && exec pgrep -x websocketd -P \$(cat '$dir/web.pid') >'$dir/websocketd.pid'
			sleep 0.05
		done
		exit 1
	START
	printf '#!/bin/sh\nexec kill -9 "$(cat "%s")"\n' "$dir/websocketd.pid" >"$dir/kill-server"
	chmod +x "$dir/start-server" "$dir/kill-server"
	"$dir/start-server"
	# what is written into the pipe goes out as the gateway's
	mkfifo "$dir/tell"
	nbms-query latest -b "$building" --json >"$dir/values"
	"$top/scripts/gateway-stand-in" "$thing" "$gateways" "$bundle" --values "$dir/values" <>"$dir/tell" >"$dir/gateway.log" 2>&1 3>&- &
	echo $! >>"$dir/pids"
}

# A building of forty points with two days of history, one with a year of one point, and one of another customer.
make_site() {
	local from
	nbms-device register "$top/testdata/tariffs/kr-general.ndjson" "$top/testdata/holidays/kr.ndjson"
	nbms-device register <<-'ROWS'
		{"type":"customer","customer":"C000003","name":"Hangang Offices"}
		{"type":"building","customer":"C000003","building":"B001","name":"Head office","timezone":"Asia/Seoul","tariff":"general/eul/high_a/2","contract_kw":900,"country":"KR"}
		{"type":"building","customer":"C000003","building":"B002","name":"Annex","timezone":"Asia/Seoul","country":"KR"}
		{"type":"thing","thing":"C000003_B002_01"}
		{"type":"building","customer":"C000003","building":"B003","name":"Tower","timezone":"Asia/Seoul","tariff":"general/eul/high_a/2","contract_kw":100,"country":"KR"}
		{"type":"thing","thing":"C000003_B003_01"}
		{"type":"customer","customer":"C000009","name":"Other people"}
		{"type":"building","customer":"C000009","building":"B001","name":"Other people's tower","timezone":"Asia/Seoul","country":"KR"}
		{"type":"thing","thing":"C000009_B001_01"}
	ROWS
	nbms-device broker --out "$NBMS_DIR/broker" --name localhost --port "$gateways" --site-port "$site"
	nbms-device create "$thing"
	nbms-device broker --out "$NBMS_DIR/broker" --name localhost --port "$gateways" --site-port "$site"
	from=$(TZ=Asia/Seoul date -d yesterday +%F)
	{
		"$top/scripts/simulate" --thing "$thing" --points 60 --from "$from" --to "$(TZ=Asia/Seoul date +%FT%H:00)" --kinds init,periodic_log
		jq -cn --arg thing "$thing" --arg time "$(TZ=Asia/Seoul date +%Y%m%d%H%M)" '{thing: $thing, point: "init", message: {msg_type: "Init",
			point_0: {point_id: "39.AV-9:1_evil", point_info: {name: "<img src=x onerror=window.pwned=3>", class: "AHU", type: "AV", unit: "<b>K</b>"},
			point_location: {floor: "<i>1F</i>", zone: "\"><script>window.pwned=4</script>"}}, point_count: 1, time: $time}}'
	} | nbms-store
	local other
	for other in C000003_B002_01 C000009_B001_01; do
		awk -v thing=$other -v n="$([ $other = C000003_B002_01 ] && echo 35040 || echo 4)" -v now="$(date +%s)" 'BEGIN {
			print "{\"thing\":\"" thing "\",\"point\":\"init\",\"message\":{\"msg_type\":\"Init\",\"point_0\":{\"point_id\":\"39.AI-1:1_OutdoorTemp_01\",\"point_info\":{\"name\":\"OutdoorTemp_01\",\"class\":\"Weather\",\"type\":\"AI\",\"unit\":\"degC\"},\"point_location\":{}},\"point_count\":1,\"time\":\"202001010000\"}}"
			t = now - now % 900 - n * 900
			for (i = 0; i < n; i++) {
				t += 900
				printf "{\"thing\":\"%s\",\"point\":\"periodic_log\",\"message\":{\"msg_type\":\"Periodic_Log\",\"point_0\":{\"msg\":[{\"attr_name\":\"M_Value\",\"data\":%.2f}],\"period\":15,\"point_id\":\"39.AI-1:1_OutdoorTemp_01\"},\"point_count\":1,\"time\":\"%s\"}}\n", thing,
					12 - 14 * cos(6.2832 * i / 35040) - 5 * cos(6.2832 * i / 96) + sin(i), strftime("%Y%m%d%H%M", t + 32400, 1)
			}
		}' | nbms-store
	done
	nbms-sched apply <<-'ROWS'
		{"type":"schedule","customer":"C000003","building":"B001","schedule":{"schedule_id":"ahu01","weekly":{"mon":[["08:00",1],["18:00",0]],"tue":[["08:00",1],["18:00",0]],"wed":[["08:00",1],["18:00",0]],"thu":[["08:00",1],["18:00",0]],"fri":[["08:00",1],["18:00",0]]},"default":0}}
		{"type":"composite","customer":"C000003","building":"B001","composite_id":"ComP_U_AHU_01","schedule":{"schedule_id":"ahu01","role":"SupplyFan"}}
	ROWS
	nbms-sched expand --customer C000003 --building B001 >/dev/null
	nbms-sched zone <<-'ROWS'
		{"customer":"C000003","building":"B001","zone_id":"1F","name":"First floor","members":[{"point_id":"39.AI-300:1631_AHUReturnAirTemp_01","role":"temperature"}],"rule":{"stale":"7d","humidity":45}}
	ROWS
	nbms-sched zones --customer C000003 --building B001 >/dev/null
	# forty days to learn from, and the coming day's weather
	"$top/scripts/simulate" --thing C000003_B003_01 --points 40 --from "$(TZ=Asia/Seoul date -d '40 days ago' +%F)" --to "$(TZ=Asia/Seoul date +%FT%H:00)" | nbms-store
	awk -v now="$(date +%s)" 'BEGIN { for (h = -1; h < 48; h++) printf "INSERT INTO weather_forecast VALUES (%cC000003%c,%cB003%c,%d,%d,%.1f,50,0,%ctest%c);\n", 39, 39, 39, 39,
		now - now % 3600 + h * 3600, now - now % 3600, 4 + 3 * sin(h / 3.8), 39, 39 }' | sqlite3 "$NBMS_DIR/nbms.db"
	nbms-learn task optimizing --customer C000003 --building B003 --schedule-mode advise --level fast | nbms-learn run >"$dir/learned"
	nbms-learn callback "$dir/learned" >/dev/null
	nbms-learn task tender-predict --customer C000003 --input '{"base":404282000,"kind":"works-national","day":"2026-03-01","bidders":10}' | nbms-learn run >"$dir/learned"
	nbms-learn callback "$dir/learned" >/dev/null
	nbms-live token add --customer C000003 --role operator operator >"$dir/operator.token"
	nbms-live token add --customer C000003 --role admin admin >"$dir/admin.token"
	nbms-live token add --customer C000003 --role viewer viewer >"$dir/viewer.token"
	nbms-live token add --customer C000003 --role operator leaver >"$dir/leaver.token"
}

setup_file() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export top dir=$BATS_FILE_TMPDIR NBMS_DIR=$BATS_FILE_TMPDIR/site shots=$BATS_TEST_DIRNAME/../../build/screenshots
	gateways=$(free_port) site=$(free_port) port=$(free_port)
	export gateways site port
	mkdir -p "$NBMS_DIR" "$shots" "$dir/steps"
	rm -f "$shots"/failed-*
	make_site
	"$top/scripts/nbms-up" >"$dir/up.log" 2>&1 3>&- &
	echo $! >"$dir/pids"
	helpers
	/usr/bin/python3 "$BATS_TEST_DIRNAME/web_drive.py" "$dir" "http://localhost:$port/" "$shots" >"$dir/drive.log" 2>&1 3>&- &
	echo $! >"$dir/drive.pid"
}

teardown_file() {
	local pid
	for pid in $(cat "$dir/drive.pid" "$dir/web.pid" "$dir/pids"); do kill "$pid" 2>/dev/null; done
	for pid in $(cat "$dir/drive.pid" "$dir/web.pid" "$dir/pids"); do
		within 60 ended "$pid"
	done
	cp "$dir/figures" "$BATS_TEST_DIRNAME/../../build/tests/web.figures" 2>/dev/null || :
}

told() { [ -e "$dir/steps/$1.ok" ] || [ -e "$dir/steps/$1.failed" ] || ! kill -0 "$(cat "$dir/drive.pid")" 2>/dev/null; }

# step NAME: what became of that step, as soon as it is known.
step() {
	within 240 told "$1" || :
	[ -e "$dir/steps/$1.ok" ] || { cat "$dir/steps/$1.failed" 2>/dev/null || tail -n 20 "$dir/drive.log" "$dir/web.log" "$dir/up.log"; return 1; }
}

web() { timeout 120 "$top/scripts/nbms-web" "$@"; }
bearer() { printf 'Authorization: Bearer %s' "$(cat "$dir/$1.token")"; }

@test "a token that is none is refused in words" { step refused_in_words; }
@test "signed in, one sees one's own buildings and no token in address, cookie or storage that stays" { step signs_in_and_sees_own_buildings_only; }
@test "a value changes on the screen within a second of its MQTT publish" { step value_changes_within_a_second; }
@test "a value is written, said again before it goes, and confirmed" { step writes_a_control_and_sees_it_confirmed; }
@test "who holds what, and release" { step sees_who_holds_what_and_releases_it; }
@test "an alarm appears by itself and is acknowledged" { step acknowledges_an_alarm; }
@test "an alarm is shelved with a reason, which stands in its history" { step shelves_it_and_reads_the_history; }
@test "HTML and script in names and texts stay text" { step data_stays_text; }
@test "a trend: found by typing, drawn, zoomed by key" { step looks_at_a_trend; }
@test "a year of 15-minute values is drawn without a pause" { step a_year_without_a_pause; }
@test "the week of a schedule, and a change of it" { step edits_the_week; }
@test "forecast, comfort, reports, tenders" { step other_views_have_their_say; }
@test "forecast against what came, the plan with its reasons, a tender's curve" { step forecast_plan_and_tender_are_drawn; }
@test "the keyboard alone" { step keyboard_alone; }
@test "Korean, dark, and a telephone of 360 pixels" { step korean_dark_and_small; }
@test "another customer's building is not there: in the page, in requests, in the session" { step foreign_building_is_not_there; }
@test "websocketd killed: values are said to be old; the page comes back by itself" { step comes_back_by_itself; }
@test "an administrator makes a user, whose token is shown once" { step administers_users; }
@test "a revoked token is thrown out and not let in again" { step revoked_is_thrown_out; }
@test "a viewer is offered no commands, and refused them" { step viewers_are_offered_no_commands; }
@test "the browser had nothing to complain of: no error, no breach of the policy" { step nothing_was_complained_of; }

@test "every answer carries the policy; pages of elsewhere get no session" {
	run -0 curl -s -D - -o /dev/null "http://localhost:$port/"
	[[ $output == *"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'"* ]]
	[[ $output == *'X-Frame-Options: DENY'* && $output == *'X-Content-Type-Options: nosniff'* ]]
	[[ $output != *unsafe-inline* ]]
	upgrade=(-H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==')
	run curl -s -m 60 -o /dev/null -w '%{http_code}' "${upgrade[@]}" -H 'Origin: http://evil.example' "http://localhost:$port/live"
	[ "$output" = 403 ]
	exec 9<>"/dev/tcp/localhost/$port" # curl would wait for the end of a session
	printf '%s\r\n' 'GET /live HTTP/1.1' "Host: localhost:$port" "${upgrade[@]#-H}" "Origin: http://localhost:$port" '' | sed '/^\r$/{$!d}' >&9
	read -r -t 60 answer <&9
	exec 9>&-
	[[ $answer == *' 101 '* ]]
}

@test "no request without a token, no path out of the folder, no listing of it" {
	[ "$(curl -s -o /dev/null -w '%{http_code}' "http://localhost:$port/api/main/overview")" = 401 ]
	[ "$(curl -s -o /dev/null -w '%{http_code}' -H "$(bearer operator)" "http://localhost:$port/api/main/overview")" = 200 ]
	for path in /../site/nbms.db /%2e%2e/%2e%2e/site/nbms.db /api/../../nbms.db /api/main /api/main/overview/../../../request /.git/config; do
		code=$(curl -s --path-as-is -o "$BATS_TEST_TMPDIR/got" -w '%{http_code}' "http://localhost:$port$path")
		[[ $code != 200 ]] || { echo "$path: $code"; return 1; }
		! grep -qa 'SQLite format' "$BATS_TEST_TMPDIR/got"
	done
}

@test "what the page hands over as files is CSV and HTML" {
	run -0 curl -sf -H "$(bearer viewer)" "http://localhost:$port/api/individual/point?building=C000003_B002&point=39.AI-1:1_OutdoorTemp_01&attr=M_Value&from=now-1d&format=csv"
	[[ ${lines[0]} == time,point_id,attr,value* && ${#lines[@]} -ge 90 ]]
	day=$(TZ=Asia/Seoul date -d yesterday +%F)
	for kind in daily monthly; do
		[ $kind = daily ] || day=${day%-*}
		run -0 curl -sf -H "$(bearer viewer)" "http://localhost:$port/api/report/$kind?building=C000003_B003&at=$day&format=html"
		[[ $output == *'<h1>Tower'* && $output == *kWh* ]]
	done
}

@test "outside the machine only with TLS and named origins" {
	run -78 web -d "$NBMS_DIR" -p "$(free_port)" -a 0.0.0.0
	[[ $output == *'needs --tls-cert and --tls-key'* ]]
	tls_make web
	run -78 web -d "$NBMS_DIR" -p "$(free_port)" -a 0.0.0.0 --tls-cert "$dir/tls/web.crt" --tls-key "$dir/tls/web.key"
	[[ $output == *'needs --origin'* ]]
	run -64 web -d "$NBMS_DIR" --tls-cert "$dir/tls/web.crt"
	run -66 web -d "$BATS_TEST_TMPDIR/none"
	run -64 web --nonsense
	run -64 web -p eighty
	other=$(free_port)
	"$top/scripts/nbms-web" -d "$NBMS_DIR" -p "$other" -a 0.0.0.0 --tls-cert "$dir/tls/web.crt" --tls-key "$dir/tls/web.key" --origin localhost:"$other" >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
	pid=$!
	within 60 curl -sf --cacert "$dir/tls/ca.crt" -o /dev/null "https://localhost:$other/"
	run curl -s --cacert "$dir/tls/ca.crt" -D - -o /dev/null "https://localhost:$other/"
	[[ ${output,,} == *strict-transport-security* ]]
	kill "$pid"
	wait "$pid"
}

# A session that subscribes and then reads nothing; to be started with &.
slow_reader() {
	exec /usr/bin/python3 - "$other" "$(cat "$dir/operator.token")" 3>&- <<-'SLOW'
		import base64, json, os, socket, struct, sys, time
		s = socket.create_connection(("localhost", int(sys.argv[1])))
		s.sendall(f"GET /live HTTP/1.1\r\nHost: localhost:{sys.argv[1]}\r\nOrigin: http://localhost:{sys.argv[1]}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n".encode())
		s.recv(1)
		for m in ({"request": "connect", "token": sys.argv[2]}, {"request": "subscribe", "building": "C000003_B001", "points": ["39.AI-300:1631_AHUReturnAirTemp_01"]}):
		    data = json.dumps(m).encode()
		    s.sendall(b"\x81" + (struct.pack("!B", 0x80 | len(data)) if len(data) < 126 else struct.pack("!BH", 0xfe, len(data))) + b"\0\0\0\0" + data)
		time.sleep(600)
	SLOW
}

@test "what is killed leaves no session behind, and nothing in the runtime directory" {
	step nothing_was_complained_of || :
	mkdir "$BATS_TEST_TMPDIR/run"
	other=$(free_port)
	XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run "$top/scripts/nbms-web" -d "$NBMS_DIR" -p "$other" --max 1 --log error >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
	web=$!
	within 60 curl -sf -o /dev/null "http://localhost:$other/"
	[ "$(stat -c %a "$BATS_TEST_TMPDIR"/run/nbms-web.*)" = 700 ]
	# a reader that never reads: the session is there until websocketd is not
	slow_reader &
	slow=$!
	held() { sqlite3 "$NBMS_DIR/nbms.db" 'SELECT count(*) FROM subscription'; }
	some() { [ "$(held)" -gt 0 ]; }
	none() { [ "$(held)" -eq 0 ]; }
	within 60 some
	# it is the one that there may be: requests are to come again later, files are there
	answers() { [ "$(curl -s -m 60 -o /dev/null -w '%{http_code}' "http://localhost:$other/$1")" = "$2" ]; }
	answers api/main/overview 429
	answers app.js 200
	# the session itself killed: the next sweep finds what it has left
	kill -9 "$(pgrep -x nbms-live -P "$(pgrep -x websocketd -P "$web")")"
	nbms-live sweep
	none
	kill "$slow"
	within 60 answers api/main/overview 401
	slow_reader &
	slow=$!
	within 60 some
	kill -9 "$(pgrep -x websocketd -P "$web")"
	within 60 none
	kill "$slow"
	wait "$web" || :
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/run")" ]
}

@test "asked whether all is well, the broker is not knocked at: nothing in its log" {
	# whoever has left before the broker takes the connection is told of in other words
	strangers() { grep -cE 'Client <unknown>|Client connection from' "$dir/up.log" || :; }
	knocks() { [ "$(strangers)" -gt "$before" ]; }
	before=$(strangers)
	nbms-query health --json >"$BATS_TEST_TMPDIR/told" || :
	[ "$(jq -r 'select(.check == "broker") | .level + " " + .text' "$BATS_TEST_TMPDIR/told")" = "well port $site: listens" ]
	(exec 9<>"/dev/tcp/127.0.0.1/$site") # one who does knock, to know that the log is so far
	within 60 knocks
	[ "$(strangers)" -eq $((before + 1)) ]
}

@test "nothing is ever parsed as HTML or code" {
	run -1 grep -rnE 'innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|eval\(|new Function|setAttribute\(.on' "$top/scripts/web"
	run -1 grep -nE '<script>|<style|style=|javascript:| on[a-z]+=' "$top/scripts/web/index.html"
}

@test "both languages have the same words" {
	for tongue in en ko; do
		keys_of "$tongue" >"$BATS_TEST_TMPDIR/$tongue"
	done
	diff "$BATS_TEST_TMPDIR/en" "$BATS_TEST_TMPDIR/ko"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/en")" -gt 200 ]
	# and all that a plan gives as its reason
	sed -n 's/^\t\treturn "\(.*\)";/\1/p' "$top/lib/learn/reason.c" >"$BATS_TEST_TMPDIR/reasons"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/reasons")" -ge 14 ]
	while read -r reason; do
		grep -qF "'why.$reason': '" "$top/scripts/web/ko.js" || { echo "no Korean for: $reason"; return 1; }
	done <"$BATS_TEST_TMPDIR/reasons"
}

keys_of() { grep -oE "'[a-z][^']*': '" "$top/scripts/web/$1.js" | sort; }
