#!/usr/bin/env bats
# shellcheck disable=SC2154  # stderr is set by run
# nbms-push: who is told of what, once, through stand-ins for the services that check what they are sent.

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
		-addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' 2>/dev/null
	openssl genrsa -out sa.pem 2048 2>/dev/null
	openssl rsa -in sa.pem -noout -modulus 2>/dev/null | cut -d= -f2 >modulus
}

setup() {
	load common
	files=$BATS_FILE_TMPDIR
	cd "$BATS_TEST_TMPDIR" || return
	: >requests
	python3 "$BATS_TEST_DIRNAME/push_services.py" "$files/cert.pem" "$files/key.pem" "$(cat "$files/modulus")" \
		SECRETKEY hooksecret requests ports 3>&- &
	server=$!
	within 60 test -s ports
	read -r web mail <ports
	jq -n --rawfile key "$files/sa.pem" --arg uri "https://localhost:$web/token" \
		'{project_id:"demo",client_email:"nbms@demo.example",private_key:$key,token_uri:$uri}' >account.json
	echo '{"access_key_id":"AKIDEXAMPLE","secret_access_key":"SECRETKEY"}' >aws.json
	echo hooksecret >hook
	echo 'pass word' >password
	mkdir -p nbms-state
	cat >nbms-state/push.ndjson <<-CHANNELS
		{"channel":"fcm","service_account":"account.json","url":"https://localhost:$web","cafile":"$files/cert.pem"}
		{"channel":"sns","credentials":"aws.json","url":"https://localhost:$web","cafile":"$files/cert.pem"}
		{"channel":"mail","server":"smtp://localhost:$mail","from":"nbms@example.com","user":"nbms","password_file":"password","cafile":"$files/cert.pem"}
		{"channel":"webhook","secret_file":"hook","cafile":"$files/cert.pem"}
	CHANNELS
	nbms-device register <<-'ROWS'
		{"type":"building","customer":"C000003","building":"B001","timezone":"Asia/Seoul"}
		{"type":"thing","thing":"C000003_B001_01"}
	ROWS
	now=$(date +%s)
}

teardown() {
	kill "$server" 2>/dev/null || true
}

# A deadline over each run: one that does not end fails its test.
push() { timeout 120 nbms-push --retry 1 --linger 5 "$@" 2>>err; }

# alarm SECONDS-FROM-NOW EVENT [LEVEL [ID]]
alarm() {
	printf '{"thing":"C000003_B001_01","point":"alarm","message":{"msg_type":"Alarm","alarm_0":%s,"alarm_count":1,"time":"%s"}}\n' \
		"{\"alarm_point_id\":\"${4-FAN.TRIP}\",\"alarm_name\":\"팬 트립\",\"event\":\"$2\",\"level\":${3-1},\"text\":\"belt?\"}" \
		"$(TZ=Asia/Seoul date -d "@$((now + $1))" +%Y%m%d%H%M%S)"
}

# What the services were sent: service, to and title, sorted.
sent() { jq -r '"\(.service) \(.to) \(.title)"' requests | grep -v '^token' | sort; }
good() { [ -s requests ] && [ -z "$(jq -c 'select(.good | not)' requests)" ]; }

nothing_waits() { [ -z "$(nbms-push log --json | jq -c 'select(.state=="waiting")')" ]; }

@test "an alarm goes to the customer's endpoints that want it, by every channel; raise and clear paired" {
	nbms-push endpoint import <<-ENDPOINTS
		{"CustomerNumber":"C000003","Arn":"arn:aws:sns:ap-northeast-2:123456789012:endpoint/GCM/CloudApp/a1","UserID":"testUser1","Alarm":true,"BuildingNumber":[{"S":"B001"}],"Notice":true}
		{"CustomerNumber":{"S":"C000003"},"Arn":{"S":"fcm:phone1"},"UserID":{"S":"testUser1"},"Alarm":{"BOOL":true},"BuildingNumber":{"L":[{"S":"B001"},{"S":"B002"}]},"Notice":{"BOOL":false}}
		{"CustomerNumber":"C000003","Arn":"fcm:elsewhere","Alarm":true,"BuildingNumber":["B002"],"Notice":true}
		{"CustomerNumber":"C000003","Arn":"fcm:silent","Alarm":false,"BuildingNumber":["B001"],"Notice":true}
		{"CustomerNumber":"C000009","Arn":"fcm:stranger","Alarm":true,"Notice":true}
		{"customer":"C000003","arn":"mailto:jo@example.com","level":2}
		{"customer":"C000003","arn":"https://localhost:$web/hook"}
	ENDPOINTS
	alarm -60 raise 1 | nbms-alarm --no-silence | push
	[ "$(sent)" = "fcm phone1 Alarm: 팬 트립 (critical)
mail jo@example.com Alarm: 팬 트립 (critical)
sns arn:aws:sns:ap-northeast-2:123456789012:endpoint/GCM/CloudApp/a1 Alarm: 팬 트립 (critical)
webhook /hook Alarm: 팬 트립 (critical)" ]
	good
	[[ $(jq -r 'select(.service=="mail").text' requests) == *"C000003 B001"*"belt? [FAN.TRIP]"* ]]
	# one that joins now hears no clear of what it was not told
	nbms-push endpoint add --customer C000003 fcm:late
	: >requests
	alarm -30 clear 1 | nbms-alarm --no-silence | push
	[ "$(sent | cut -d' ' -f1,3- | uniq)" = "fcm Cleared: 팬 트립
mail Cleared: 팬 트립
sns Cleared: 팬 트립
webhook Cleared: 팬 트립" ]
	[ "$(grep -c late requests)" -eq 0 ]
	good
	[ "$(nbms-push log --json | jq -r .state | sort | uniq -c | tr -s ' ')" = " 8 sent" ]
	[ "$(nbms-push log --json | jq -r 'select(.arn|startswith("arn")).service_id' | sort -u)" = m-17 ]
	# the same transitions again: nothing
	nbms-push endpoint remove --customer C000003 fcm:late
	: >requests
	nbms-alarm history --from now-1h --json | jq -c '. + {customer:"C000003",building:"B001",tell:.told}' | push
	[ ! -s requests ]
}

@test "minor alarms wake only those who want them" {
	nbms-push endpoint import <<<'{"customer":"C000003","arn":"fcm:boss","level":1}'
	nbms-push endpoint add --customer C000003 fcm:all
	alarm -60 raise 3 | nbms-alarm --no-silence >/dev/null
	push </dev/null
	[ "$(sent)" = "fcm all Alarm: 팬 트립 (minor)" ]
}

@test "answers of every kind: tried again, pruned, given up, and nobody else waits" {
	for name in ok gone alien quota once500 bad garbage close forbidden; do nbms-push endpoint add --customer C000003 "fcm:$name"; done
	nbms-push endpoint add --customer C000003 "https://localhost:$web/once500" "https://localhost:$web/close" mailto:gone@example.com mailto:later@example.com \
		"https://localhost:1/nobody" arn:aws:sns:eu-west-1:1:endpoint/GCM/A/gone
	alarm -60 raise 1 | nbms-alarm --no-silence >/dev/null
	push --give-up 20 --linger 30 </dev/null
	[ "$(nbms-push log --csv | cut -d, -f3,6,10- | sed "s/,\"*[^,]*$//; s/localhost:$web/HOST/" | cut -d, -f1,2 | tail -n +2 | sort)" = "failed,arn:aws:sns:eu-west-1:1:endpoint/GCM/A/gone
failed,fcm:alien
failed,fcm:bad
failed,fcm:forbidden
failed,fcm:gone
failed,https://HOST/close
failed,https://localhost:1/nobody
failed,mailto:gone@example.com
sent,fcm:garbage
sent,fcm:ok
sent,fcm:once500
sent,fcm:quota
sent,https://HOST/once500
sent,mailto:later@example.com
unknown,fcm:close" ]
	[ "$(nbms-push endpoint list --json | jq -r 'select(.dead) | .arn' | paste -sd' ')" = "arn:aws:sns:eu-west-1:1:endpoint/GCM/A/gone fcm:alien fcm:gone" ]
	# a hook may be sent twice, with one key; the quota was waited for
	[ "$(jq -r 'select(.to=="/close").key' requests | sort -u | wc -l)" -eq 1 ]
	[ "$(jq -r 'select(.to=="/close").key' requests | wc -l)" -gt 1 ]
	[ "$(grep -c '"to": "close"' requests)" -eq 1 ]
	# no secret and no address in what was said
	run ! grep -qE 'SECRETKEY|hooksecret|pass word|token-1|nobody' err
	# the dead are not told again
	: >requests
	alarm -50 clear 1 | nbms-alarm --no-silence >/dev/null
	push --give-up 2 </dev/null
	run ! grep -qE '"to": "(gone|alien)"' requests
}

@test "one that hangs does not hold up the others, nor the input" {
	nbms-push endpoint add --customer C000003 fcm:hang fcm:ok "https://localhost:$web/hang"
	mkfifo pipe
	nbms-push --linger 1 <pipe 2>err &
	pusher=$!
	exec 5>pipe
	alarm -60 raise 1 | nbms-alarm --no-silence >&5
	within 60 has_lines requests 1 '"ok"'
	for i in $(seq 500); do echo '{"notice":{"customer":"C000009","title":"t","text":"x"}}'; done >&5
	alarm -59 raise 1 B | nbms-alarm --no-silence >&5
	within 60 has_lines requests 2 '"ok"'
	# meanwhile both that hang were under way
	[ "$(nbms-push log --json | jq -c 'select(.state == "sent" and (.arn | test("hang")))' | wc -l)" -eq 0 ]
	exec 5>&-
	kill -TERM $pusher
	wait $pusher
}

@test "kill -9 at any moment: nothing is sent twice for one transition" {
	nbms-push endpoint add --customer C000003 fcm:p1 fcm:p2 fcm:hang mailto:a@example.com
	for i in $(seq 30); do alarm $((-200 + i)) raise 1 "A$i"; done | nbms-alarm --no-silence >/dev/null
	for round in 1 2 3 4 5 6; do
		nbms-push --linger 60 </dev/null 2>>err &
		victim=$!
		was=$(wc -l <requests)
		goes_on() { has_lines requests $((was + 1)) || nothing_waits; }
		within 60 goes_on
		sleep "0.$((RANDOM % 20))"
		kill -9 $victim || true # it may be done
		wait $victim || true
	done
	alarm -1 raise 1 LAST | nbms-alarm --no-silence >/dev/null
	nbms-push --linger 60 </dev/null 2>>err &
	victim=$!
	heard() { [ "$(nbms-push log --json | jq -r 'select(.state=="sent").arn' | sort -u | wc -l)" -eq 3 ]; }
	within 60 heard
	kill -9 $victim || true
	wait $victim || true
	[ "$(jq -r 'select(.service=="fcm" or .service=="mail") | "\(.to) \(.body // .text)"' requests | sort | uniq -d)" = "" ]
	# what was under way says so, and can be sent again on request
	[ "$(nbms-push log --json | jq -c 'select(.state=="unknown")' | wc -l)" -gt 0 ]
	[ "$(nbms-push log --json | jq -r 'select(.state=="sent").arn' | sort -u | paste -sd' ')" = "fcm:p1 fcm:p2 mailto:a@example.com" ]
}

@test "reminders and escalation, until somebody acknowledges" {
	nbms-push endpoint import <<-'ENDPOINTS'
		{"customer":"C000003","arn":"fcm:duty","remind":1}
		{"customer":"C000003","arn":"fcm:chief","escalate":2}
		{"customer":"C000003","arn":"fcm:director","escalate":3600}
	ENDPOINTS
	alarm -60 raise 1 | nbms-alarm --no-silence >/dev/null
	began=$SECONDS
	nbms-push --follow </dev/null 2>err &
	pusher=$!
	within 60 has_lines requests 1 chief
	within 60 has_lines requests 2 '"duty"'
	nbms-alarm ack "$(nbms-alarm list --json | jq -r .episode)" >/dev/null
	within 60 nothing_waits
	[ "$(grep -c '"duty"' requests)" -le $((SECONDS - began + 2)) ] # the first, then one a second at most
	[ "$(nbms-push log --json | jq -r 'select(.arn=="fcm:director") | .state + " " + .error')" = "cancelled ack" ]
	grep -q 'Reminder: not acknowledged' requests
	kill -TERM $pusher
	wait $pusher
}

@test "a notice goes to those who want notices, once for an id" {
	nbms-push endpoint import <<-'ENDPOINTS'
		{"customer":"C000003","arn":"fcm:a","Notice":true,"BuildingNumber":["B001"]}
		{"customer":"C000003","arn":"fcm:b","Notice":true,"BuildingNumber":["B002"]}
		{"customer":"C000003","arn":"fcm:c","Notice":false}
	ENDPOINTS
	nbms-push notice --customer C000003 --building B001 --title 점검 --text 'water off 09:00-10:00' --id n1
	nbms-push notice --customer C000003 --building B001 --title 점검 --text 'water off 09:00-10:00' --id n1
	echo '{"notice":{"customer":"C000003","title":"All","text":"everybody"}}' | push
	[ "$(sent)" = "fcm a All
fcm a 점검
fcm b All" ]
	good
}

@test "old alarms of a replay call nobody" {
	nbms-push endpoint add --customer C000003 fcm:a
	now=1664845200 alarm 0 raise 1 | nbms-alarm --no-silence | push
	[ ! -s requests ]
}

@test "no services, no channels: said, kept, and tried when they are back" {
	nbms-push endpoint add --customer C000003 fcm:a
	kill "$server"
	wait "$server" 2>/dev/null || true
	alarm -60 raise 1 | nbms-alarm --no-silence >/dev/null
	run -0 timeout 120 nbms-push --linger 1 </dev/null
	[[ $output == *"fcm: no access token: localhost:"* ]]
	[ "$(nbms-push log --json | jq -r .state)" = waiting ]
	rm nbms-state/push.ndjson
	NBMS_NOW=$(date -u -d '5 minutes' +%Y-%m-%dT%H:%M:%SZ) run -0 timeout 120 nbms-push --linger 1 </dev/null
	[ "$(nbms-push log --json | jq -r '.state + " " + .error')" = "failed no such channel is set up" ]
}

@test "what is wrong is named: endpoints, channels, input" {
	cat >rows <<-'ROWS'
		{"CustomerNumber":"C000003","Arn":"telegram:1"}
		{"CustomerNumber":"C/3","Arn":"fcm:1"}
		{"CustomerNumber":"C000003","Arn":"fcm:a b"}
		{"CustomerNumber":"C000003","Arn":"arn:aws:sns:x.evil.com/:1:a:b"}
		{"CustomerNumber":"C000003","Arn":"fcm:1","Alarm":"yes"}
		{"CustomerNumber":"C000003","Arn":"fcm:1","BuildingNumber":"B001"}
		{"CustomerNumber":"C000003","Arn":"http://insecure/"}
	ROWS
	run -1 --separate-stderr nbms-push endpoint import --count rows
	[[ $stderr == *"in 7 = out 0 + rejected 7 + duplicate 0"* ]]
	[ -z "$(nbms-push endpoint list --json)" ]
	run -64 nbms-push endpoint add --customer C000003 nonsense
	run -65 nbms-push endpoint remove --customer C000003 fcm:nobody
	run -1 --separate-stderr nbms-push <<<'{"transition":"explode"}'
	[[ $stderr == *"<stdin>:1: bad-transition"* ]]
	run -1 sh -c 'printf "nonsense\n[1]\n" | nbms-push'
	for line in '{"channel":"pigeon"}' '{"channel":"webhook"}' '{"channel":"mail","server":"imap://x","from":"a@b"}' \
		'{"channel":"fcm","service_account":"aws.json"}' '{"channel":"sns","credentials":"missing"}' nonsense; do
		echo "$line" >bad
		run -78 nbms-push -c bad </dev/null
		[[ $output == *"bad:1: not a channel"* ]]
	done
}

@test "the questions every program is asked" {
	run -0 nbms-push --help
	run -0 nbms-push --version
	run -64 nbms-push --no-such-option
	run -64 nbms-push operand </dev/null
	run -64 nbms-push endpoint
	run -64 nbms-push notice --customer C1
	run -66 nbms-push log -d nowhere
	run -66 nbms-push endpoint import missing
	nbms-push endpoint add --customer C000003 fcm:a
	run -74 sh -c 'nbms-push endpoint list >/dev/full'
	run -1 sh -c 'printf %s "{\"notice\":{}}" | nbms-push --linger 0'
	[[ $output == *truncated* ]]
	# one delivers; what another is given is told by the first, and by the other when that one is gone
	nbms-push endpoint remove --customer C000003 fcm:a
	nbms-push endpoint add --customer C000003 mailto:a@b.example
	notice() { echo '{"notice":{"customer":"C000003","title":"T","text":"X","id":"'"$1"'"}}'; }
	told() { [ "$(nbms-push log --json | jq -r 'select(.state == "sent") | .id' | wc -l)" -eq "$1" ]; }
	mkfifo pipe
	{ notice one; cat pipe; } | nbms-push &
	first=$!
	exec 5>pipe
	within 60 told 1
	mkfifo other
	nbms-push <other 2>err 5>&- &
	second=$!
	exec 6>other
	within 60 holds err 'another nbms-push delivers'
	notice two >&6
	within 60 told 2
	notice three | nbms-push 5>&- 6>&-
	within 60 told 3
	kill -9 $first
	exec 5>&-
	notice four >&6
	within 60 told 4
	exec 6>&-
	wait $second
}

@test "an invitation: nbms-live mails a new user's token by the same channel; one that cannot be mailed opens nothing" {
	nbms-live token add --customer C000003 --role operator --name '김 하나' --mail hana@example.com hana >out
	[ ! -s out ]
	[ "$(jq -r 'select(.service == "mail") | "\(.to) \(.good) \(.title)"' requests)" = 'hana@example.com true Your access' ]
	token=$(jq -r 'select(.service == "mail").text' requests | grep -oE 'nbms_[A-Za-z0-9_-]{43}')
	[[ "$(jq -r 'select(.service == "mail").text' requests)" == *'김 하나'*C000003*operator*hana* ]]
	digest=$(printf %s "$token" | sha256sum | cut -c 1-12)
	[ "$(nbms-live token list | jq -r 'select(.user == "hana") | [.token, .mail, .revoked] | @csv')" = "\"$digest\",\"hana@example.com\"," ]
	run -69 nbms-live token add --customer C000003 --mail gone@example.com gone
	[ "$(nbms-live token list | jq -r 'select(.user == "gone") | .revoked != null')" = true ]
	rm nbms-state/push.ndjson
	run -69 nbms-live token add --customer C000003 --mail hana@example.com hana
	[[ "$output" == *'no mail channel is set up'* ]]
}

@test "what may not have come is told again when somebody says so; what is long settled is forgotten" {
	nbms-push endpoint add --customer C1 mailto:a@b.example
	nbms-push notice --customer C1 --title T --text X --id one 2>/dev/null
	nbms-push notice --customer C1 --title T --text X --id two 2>/dev/null
	sql nbms-state/nbms.db "UPDATE delivery SET state = 'unknown', settled = 1000, attempts = 3 WHERE id = 1;
		UPDATE delivery SET state = 'sent', settled = 1000 WHERE id = 2"
	run -1 nbms-push resend 2 77
	run -64 nbms-push resend
	run -64 nbms-push resend --unknown 1
	nbms-push resend --unknown 2>err
	grep -q '1 will be told again' err
	[ "$(sql nbms-state/nbms.db 'SELECT state, attempts FROM delivery WHERE id = 1')" = 'waiting|0' ]
	run -64 nbms-push prune
	nbms-push prune --older 1d 2>err
	[ "$(sql nbms-state/nbms.db 'SELECT id FROM delivery')" = 1 ]
}
