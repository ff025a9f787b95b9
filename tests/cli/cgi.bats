#!/usr/bin/env bats
# nbms-query as CGI: one request, as a web server would tell it, and what it is answered.

load common

token=nbms_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA

setup() {
	common_setup
	export NBMS_NOW=2022-10-05T00:00:00Z
	nbms-recv --replay "$top/testdata/captures/bare.ndjson" | nbms-store --auto-register Asia/Seoul
	nbms-device register <<-'ROWS'
		{"type":"building","customer":"C000009","building":"B001","timezone":"Asia/Seoul"}
	ROWS
	user kim C000003 viewer $token
}

# user NAME CUSTOMER ROLE TOKEN: somebody with a token.
user() {
	sql nbms-state/nbms.db "
		insert into web_user values('$1','$2','$1',null,'$3',0,0);
		insert into web_user_building values('$1','*');
		insert into web_token values('$(printf %s "$4" | sha256sum | cut -c 1-64)','$1',0,null,null,null);"
}

# request METHOD PATH QUERY [VARIABLE=VALUE ...]: the answer in `answer`, split into status, head and body.
request() {
	local method=$1 path=$2 query=$3
	shift 3
	env -i PATH="$PATH" NBMS_DIR=nbms-state NBMS_DB="${NBMS_DB-}" NBMS_NOW="$NBMS_NOW" GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD="$method" \
		SCRIPT_NAME=/ PATH_INFO="/api/$path" QUERY_STRING="$query" HTTP_HOST=localhost:8080 REMOTE_ADDR=127.0.0.1 \
		HTTP_AUTHORIZATION="Bearer $token" "$@" nbms-query >answer 2>err
	tr -d '\r' <answer | sed '/^$/q' >head
	tr -d '\r' <answer | sed '1,/^$/d' >body
	status=$(sed -n 's/^Status: \([0-9]*\).*/\1/p' head)
}

# get PATH [QUERY] [VARIABLE=VALUE ...]
get() {
	local path=$1 query=${2-}
	shift $(($# > 1 ? 2 : 1))
	request GET "$path" "$query" "$@"
}

# post PATH BODY [VARIABLE=VALUE ...]
post() {
	local path=$1 body=$2
	shift 2
	request POST "$path" '' CONTENT_TYPE=application/json CONTENT_LENGTH="$(printf %s "$body" | wc -c)" "$@" \
		< <(printf %s "$body")
}

# is STATUS [CODE]: of the last request.
is() {
	[ "$status" = "$1" ] && { [ $# -lt 2 ] || [ "$(jq -r .error body)" = "$2" ]; } && return
	cat answer err
	return 1
}

@test "a question is answered as the command answers it: JSON, NDJSON, CSV" {
	get latest/values 'point=*Temp*'
	is 200
	grep -qx 'Content-Type: application/json' head
	grep -qx 'X-Content-Type-Options: nosniff' head
	[ "$(sed -n 's/Content-Length: //p' head)" -eq "$(wc -c <body)" ]
	nbms-query latest -b C000003_B001 -p '*Temp*' >rows
	jq -c '.[]' body | diff rows -
	get latest/values 'point=*Temp*&format=ndjson'
	diff rows body
	nbms-query latest -p '*Temp*' -b C000003_B001 --csv >rows
	get latest/values 'point=*Temp*&format=csv'
	diff rows body
	get latest/values 'point=*Temp*' HTTP_ACCEPT='text/csv;q=0.9'
	diff rows body
	get latest/values point=%2AOutdoorTemp%2A
	[ "$(jq length body)" -eq 1 ]
}

@test "an answer that is known already is not sent again" {
	get facility/points
	is 200
	tag=$(sed -n 's/^ETag: //p' head)
	get facility/points '' HTTP_IF_NONE_MATCH="$tag"
	is 304
	[ ! -s body ]
	get facility/points '' HTTP_IF_NONE_MATCH="\"x\", W/$tag"
	is 304
	get facility/points '' HTTP_IF_NONE_MATCH='"x"'
	is 200
	request HEAD facility/points ''
	is 200
	[ ! -s body ] && grep -q '^Content-Length: [1-9]' head
}

@test "pages follow one another by their links, and no row is lost or there twice" {
	for path in individual/point latest/values facility/points facility/composites; do
		get $path limit=100000
		jq -c '.[]' body >all
		query=limit=$(($(wc -l <all) / 9 + 1))
		for _ in $(seq 200); do
			get $path "$query"
			is 200
			jq -c '.[]' body
			query=$(sed -n 's/^Link: <[^?]*?\(.*\)>; rel="next"/\1/p' head)
			[ -n "$query" ] || break
		done >pages
		diff all pages
	done
	get facility/points 'after=nothing'
	is 400
	get individual/point 'after=nothing'
	is 400
}

@test "no token, a bad one, one that is not enough: 401, 403" {
	get facility/points '' HTTP_AUTHORIZATION=
	is 401 no-token
	grep -q '^WWW-Authenticate: Bearer' head
	get facility/points '' HTTP_AUTHORIZATION="Basic $token"
	is 401 no-token
	get facility/points '' HTTP_AUTHORIZATION="Bearer ${token%?}B"
	is 401 unknown-token
	get facility/points '' HTTP_AUTHORIZATION="Bearer ' or 1=1 --"
	is 401 unknown-token
	get manage/tables
	is 403 not-allowed
	sql nbms-state/nbms.db 'update web_token set revoked = 1'
	get facility/points
	is 401 revoked-token
	get openapi.json '' HTTP_AUTHORIZATION=
	is 200
}

@test "another customer's building is one that is not there" {
	get facility/points building=C000009_B001
	is 404 not-found
	cp body foreign
	get facility/points building=C000009_B777
	is 404 not-found
	[ "$(jq -r .message body)" = "$(jq -r '.message | sub("B001"; "B777")' foreign)" ]
	get manage/buildings
	[ "$(jq -r '.[].customer' body)" = C000003 ]
	get facility/things
	[ "$(jq -r '.[].thing' body)" = C000003_B001_01 ]
	sql nbms-state/nbms.db "update web_user_building set building = 'B002'"
	get facility/points building=C000003_B001
	is 404 not-found
	get facility/points
	is 404 not-found
}

@test "a query string that is not one" {
	for query in a point 'point=%zz' 'point=%' 'point=%4' 'point=a%00b' 'point=%ff' 'point=a%0ab' 'building=a&building=b' \
		'point=' 'nothing=1' 'limit=-1' 'limit=1e3' 'limit=0' 'limit=99999999999999999999' 'limit=100001' 'all=maybe' \
		'from=2022-13-01' 'from=yesterday' 'format=xml' 'format=html' 'building=../../etc' 'by=day' '&&' \
		'building=C000003_B001%2F..' 'thing=%27;drop'; do
		get individual/point "$query"
		[ "$status" = 400 ] || [ "$status" = 404 ] || { echo "$query: $status"; cat answer; false; }
		jq -e '.error and .message' body >/dev/null
		run ! grep -q "$PWD\|nbms-state" body
	done
	get individual/point "point=$(printf 'x%.0s' $(seq 9000))"
	is 414
}

@test "a path that leads nowhere, a method that is not for it" {
	for path in '' nothing facility facility/ facility/points/ ../../../etc/passwd facility/../manage/tables \
		'facility/points%00' 'FACILITY/points'; do
		get "$path"
		is 404 unknown-path
	done
	for method in POST PUT DELETE TRACE get ''; do
		request "$method" facility/points ''
		is 405 wrong-method
		grep -q '^Allow: GET, HEAD' head
	done
	# as other servers tell the path
	get x '' SCRIPT_NAME=/api/facility/points PATH_INFO=
	is 200
	get x '' SCRIPT_NAME=/cgi-bin/nbms-query PATH_INFO=/api/facility/points
	is 200
}

@test "other origins are let in when they are listed, and not otherwise" {
	get facility/points '' HTTP_ORIGIN=https://evil.example
	is 200
	run ! grep -qi access-control head
	get facility/points '' HTTP_ORIGIN=https://good.example NBMS_ORIGINS='https://other.example, https://good.example'
	grep -qx 'Access-Control-Allow-Origin: https://good.example' head
	request OPTIONS facility/points '' HTTP_ORIGIN=https://good.example NBMS_ORIGINS=https://good.example
	is 204
	grep -q '^Access-Control-Allow-Headers: authorization' head
	request OPTIONS facility/points '' HTTP_ORIGIN=https://evil.example NBMS_ORIGINS=https://good.example
	run ! grep -qi access-control head
}

@test "what is wrong with the machine is not told to the client" {
	get facility/points '' NBMS_DIR=nowhere
	is 500
	[ "$(jq -r .message body)" = 'Internal Server Error' ]
	grep -q nowhere err
	if on_postgres; then
		sql nbms-state/nbms.db 'UPDATE history_month SET version = 99'
	else
		head -c 5000 /dev/urandom >nbms-state/history/C000003_B001/2022-10.db
	fi
	get individual/point
	is 500
	run ! grep -q history body
	run -74 env NBMS_DIR=nbms-state GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET PATH_INFO=/api/openapi.json \
		sh -c 'nbms-query >/dev/full'
}

@test "the description names every path, and is what the table says" {
	get openapi.json
	is 200
	jq -r '.paths | keys[]' body | sed 's|^/||' | sort | diff <(nbms-query --endpoints | sort) -
	jq -e '[.paths[][].responses."200"] | all' body >/dev/null
	jq -e '.paths."/latest/values".get.parameters | any(.name == "point" and .schema.type == "array")' body
}

# Another user asks from now on, with a token of their own.
as() {
	token=nbms_$(printf '%s' "${1}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" | cut -c 1-43)
	user "$1" "$2" "$3" "$token"
}

alarm() {
	echo '{"thing":"C000003_B001_01","point":"alarm","message":{"msg_type":"Alarm","alarm_0":{"alarm_point_id":"A1",
		"alarm_name":"Hot","event":"raise","level":1,"point_id":"39.AI-301:3001_OutdoorTemp_01","value":99},"alarm_count":1,
		"time":"202210041000"}}' | tr -d '\n\t' | sed 's/$/\n/' | nbms-alarm >/dev/null
}

@test "an alarm is acknowledged, shelved and let speak again by its program, and the audit says who did it" {
	alarm
	as op C000003 operator
	get notice/alarms building=C000003_B001
	is 200
	episode=$(jq -r '.[0].episode' body)
	post notice/ack "{\"building\":\"C000003_B001\",\"episode\":\"$episode\",\"reason\":\"--x; \$(touch hacked) 'seen'\"}"
	is 200
	[ "$(jq -r '.rows[0] | "\(.state) \(.by) \(.reason)"' body)" = "acknowledged op --x; \$(touch hacked) 'seen'" ]
	[ ! -e hacked ]
	post notice/ack "{\"building\":\"C000003_B001\",\"episode\":\"$episode\"}"
	is 409 refused
	[ "$(jq -r .message body)" = "$(nbms-alarm ack "$episode" --by op 2>&1 >/dev/null | sed 's/^nbms-alarm: //')" ]
	post notice/shelve '{"building":"C000003_B001","alarm":"A1","minutes":30}'
	is 200
	post notice/unshelve '{"building":"C000003_B001","alarm":"A1"}'
	is 200
	get notice/history to=now%2B1m
	[ "$(jq -r '.[] | .transition + " " + (.by // "-")' body | xargs)" = 'raise - ack op shelve op unshelve op' ]
	get control/audit
	[ "$(jq -r '.[] | "\(.action) \(.by) \(.from) \(.status)"' body | sort -u | head -n 2 | xargs)" = \
		'notice/ack op 127.0.0.1 0 notice/ack op 127.0.0.1 65' ]
	[ "$(jq -r '.[0] | .before[0].state, .after[0].state' body | xargs)" = 'unacknowledged acknowledged' ]
	[ "$(jq -r '.[0].request.reason' body)" = "--x; \$(touch hacked) 'seen'" ]
	# times as everything shows them, in the building's zone
	[ "$(jq -r '.[] | select(.action == "notice/shelve") | .after[0] | "\(.level) \(.shelved_until)"' body)" = \
		"1 $(TZ=Asia/Seoul date -d "$(jq -r '.[] | select(.action == "notice/shelve") | .time' body) 30 minutes" +%FT%T+09:00)" ]
	nbms-query audit -b C000003_B001 | jq -c . | diff - <(jq -c '.[]' body)
}

@test "schedules, zones, endpoints, notices and users go to the programs that own them" {
	as ada C000003 admin
	post schedule/put '{"building":"C000003_B001","schedule":{"schedule_id":"s","weekly":{"mon":[["08:00",1],["18:00",0]]},"default":0}}'
	is 200
	post schedule/put '{"building":"C000003_B001","schedule":{"schedule_id":"s","weekly":{"mon":[["28:00",1]]}}}'
	is 400
	[[ $(jq -r .message body) == 'bad-schedule: mon: "28:00"'* ]]
	post schedule/put '{"building":"C000003_B001","manual":{"schedule_id":"s","from":"2022-10-05T10:00","to":"2022-10-05T11:00","value":1,"customer":"C000009","type":"calendar"}}'
	is 200
	[ "$(sql nbms-state/nbms.db 'select customer, schedule_id, value from manual_schedule')" = 'C000003|s|1' ]
	post schedule/put '{"building":"C000003_B001","remove_schedule":"s"}'
	is 200
	[ "$(sql nbms-state/nbms.db 'select count(*) from schedule')" = 0 ]
	post userzone/put '{"building":"C000003_B001","zone":{"zone_id":"z","members":[{"point_id":"39.AI-301:3001_OutdoorTemp_01","role":"temperature"}]}}'
	is 200
	post manage/endpoint '{"arn":"mailto:a@b.example","level":2,"buildings":["B001"]}'
	is 200
	get manage/endpoints
	[ "$(jq -c '.[] | [.arn, .level, .buildings]' body)" = '["mailto:a@b.example",2,["B001"]]' ]
	post notice/send '{"title":"<b>title</b>","text":"text"}'
	is 200
	get notice/notices
	[ "$(jq -r '.[].title' body)" = '<b>title</b>' ]
	post manage/endpoint '{"arn":"mailto:a@b.example","remove":true}'
	is 200
	post manage/user '{"user":"lee","role":"viewer","buildings":["B001"],"name":"Lee"}'
	is 200
	given=$(jq -r .token body)
	get manage/me '' HTTP_AUTHORIZATION="Bearer $given"
	[ "$(jq -c '[.user, .role, .buildings[].building]' body)" = '["lee","viewer","C000003_B001"]' ]
	post manage/revoke '{"user":"lee"}'
	is 200
	get manage/me '' HTTP_AUTHORIZATION="Bearer $given"
	is 401 revoked-token
	run ! grep -rq "$given" nbms-state/nbms.db
	[ "$(sql nbms-state/nbms.db "select count(*) from audit where status is null")" = 0 ]
}

@test "who may not, does not" {
	alarm
	episode=$(nbms-query alarms | jq -r .episode)
	post notice/ack "{\"building\":\"C000003_B001\",\"episode\":\"$episode\"}"
	is 403 not-allowed # a viewer
	as other C000009 admin
	for body in "{\"building\":\"C000003_B001\",\"episode\":\"$episode\"}" "{\"building\":\"C000009_B001\",\"episode\":\"$episode\"}"; do
		post notice/ack "$body"
		is 404
	done
	post schedule/put '{"building":"C000003_B001","remove_schedule":"s"}'
	is 404
	post control/write '{"building":"C000003_B001","point_id":"39.BI-300:1627_AHUSupplyFan_01","value":1}'
	is 404
	post manage/revoke '{"user":"kim"}'
	[ "$(sql nbms-state/nbms.db "select count(*) from web_token where revoked is not null")" = 0 ]
	post manage/user '{"user":"kim","role":"admin"}'
	[ "$(sql nbms-state/nbms.db "select customer, role from web_user where user_id = 'kim'")" = 'C000003|viewer' ]
	as part C000003 admin
	sql nbms-state/nbms.db "update web_user_building set building = 'B001' where user_id = 'part'"
	post manage/user '{"user":"wide","role":"admin"}' # all buildings, from one who sees some
	is 400
	post manage/user '{"user":"wide","role":"admin","buildings":["B002"]}'
	is 404
	post notice/send '{"title":"t","text":"t"}'
	is 400
	[ "$(nbms-query alarms | jq -r .state)" = unacknowledged ]
}

@test "a body that is none: wrong type, wrong members, too long, cut short" {
	alarm
	as op C000003 operator
	ok='{"building":"C000003_B001","alarm":"A1"}'
	post notice/shelve "$ok" CONTENT_TYPE=text/plain
	is 415 wrong-type
	post notice/shelve "$ok" CONTENT_TYPE=application/x-www-form-urlencoded
	is 415
	post notice/shelve "$ok" CONTENT_LENGTH=2000000
	is 413
	post notice/shelve "$ok" CONTENT_LENGTH=100
	is 400 cut-short
	post notice/shelve "$ok" CONTENT_LENGTH=
	is 400 no-length
	for body in '' '[]' 'null' '{' '{"building":"C000003_B001"}' '{"building":"C000003_B001","alarm":"A1","alarm":"A2"}' \
		'{"building":"C000003_B001","alarm":"A1","more":1}' '{"building":"C000003_B001","alarm":["A1"]}' \
		'{"building":"C000003_B001","alarm":"A1","minutes":-1}' '{"building":"C000003_B001","alarm":"A1","once":"yes"}' \
		'{"building":"C000003_B001","alarm":"A\u0000B"}' '{"building":"C000003_B001","alarm":""}' \
		"{\"building\":\"C000003_B001\",\"alarm\":\"$(printf 'x%.0s' $(seq 5000))\"}" '{"building":3,"alarm":"A1"}'; do
		post notice/shelve "$body"
		[ "$status" = 400 ] || { echo "$body: $status"; false; }
	done
	for alarm in '--all' '-b' "'; drop table alarm; --" '../../x'; do
		post notice/shelve "{\"building\":\"C000003_B001\",\"alarm\":\"$alarm\"}"
		is 409 refused
	done
	[ "$(nbms-query alarms | jq -r .state)" = unacknowledged ]
	# from a page of another origin
	post notice/shelve "$ok" HTTP_ORIGIN=https://evil.example
	is 403 foreign-origin
	post notice/shelve "$ok" HTTP_ORIGIN=null
	is 403
	post notice/shelve "$ok" HTTP_ORIGIN=https://localhost:8080.evil.example
	is 403
	post notice/shelve "$ok" HTTP_ORIGIN=http://localhost:8080
	is 200
	post notice/unshelve "$ok" HTTP_ORIGIN=https://good.example NBMS_ORIGINS=https://good.example
	is 200
}

@test "every path answers an administrator, and nobody without a token" {
	alarm
	as ada C000003 admin
	nbms-query --endpoints | while read -r path; do
		case $path in
		*/ack | */shelve | */unshelve | */send | */put | */write | */relinquish | manage/endpoint | manage/user | manage/revoke)
			post "$path" '{}'
			is 400
			post "$path" '{}' HTTP_AUTHORIZATION=
			is 401
			continue
			;;
		individual/about) get "$path" point=ComP_U_AHU_01 ;;
		analysis/compare) get "$path" 'from=2022-10-04&to=2022-10-05&than=2022-10-03' ;;
		*) get "$path" ;;
		esac
		[ "$status" = 200 ] || [ "$path" = health ] || { echo "$path"; cat answer err; exit 1; }
		jq -e . body >/dev/null || { echo "$path"; cat answer; exit 1; }
		case $path in openapi.json | health) continue ;; esac
		get "$path" '' HTTP_AUTHORIZATION=
		is 401
	done
}

@test "a report is a page when it is asked for one" {
	get report/daily 'at=2022-10-04&format=html'
	is 200
	grep -qx 'Content-Type: text/html; charset=utf-8' head
	grep -q "^Content-Security-Policy: default-src 'none'" head
	grep -q '^<!doctype html>' body
	get report/daily at=2022-10-04 HTTP_ACCEPT='text/html,application/xhtml+xml,*/*;q=0.8'
	grep -q '^<!doctype html>' body
	get report/monthly 'at=2022-10&format=csv'
	[ "$(head -n 1 body | cut -d, -f1-3)" = what,from,to ]
	get facility/points format=html
	is 400
}
