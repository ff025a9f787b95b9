#!/usr/bin/env bats
# nbms-weather against a local service that behaves, and misbehaves, as the real ones do.

bats_require_minimum_version 1.5.0

setup() {
	load common
	root=$BATS_TEST_DIRNAME/../..
	cd "$BATS_TEST_TMPDIR" || return
	export NBMS_DIR=$PWD/state NBMS_NOW=2026-07-16T14:05:00+09:00
	nbms-device register <<'ROWS'
{"type":"building","customer":"C000003","building":"B001","timezone":"Asia/Seoul","latitude":37.51,"longitude":127.01}
{"type":"building","customer":"C000003","building":"B002","timezone":"Asia/Seoul","latitude":37.52,"longitude":127.02}
{"type":"building","customer":"C000004","building":"B001","timezone":"Europe/London","latitude":51.5,"longitude":-0.12}
{"type":"building","customer":"C000004","building":"B002","timezone":"Europe/London"}
{"type":"thing","thing":"C000003_B001_01"}
ROWS
	echo sEcReT-kEy >key
	"$root"/scripts/weather-stand-in calls >address 3>&- 7>&- &
	echo $! >pid
	within 60 test -s address
	url=$(cat address)
}

teardown() {
	kill "$(cat pid)" 2>/dev/null || true
}

weather() { nbms-weather --key key --retries 0 "$@"; }

@test "24 hours for every building with a position; neighbours share a call" {
	weather --url "$url" >rows
	[ "$(wc -l <calls)" -eq 2 ]
	grep -q 'ok /data/2.5/forecast with a key' calls
	[ "$(jq -r '"\(.customer)_\(.building)"' rows | sort | uniq -c | awk '{print $1, $2}' | paste -sd,)" = \
		'24 C000003_B001,24 C000003_B002,24 C000004_B001' ]
	# 18:00 and 21:00 in Seoul are steps of the service, what lies between is marked
	jq -c 'select(.customer == "C000003" and .building == "B001") | [.time[8:13], .temperature, .humidity, .interpolated]' rows | head -7 >got
	diff got - <<'ROWS'
["16T15",20,60,false]
["16T16",21.18,55.33,true]
["16T17",22.36,50.67,true]
["16T18",23.54,46,false]
["16T19",24.03,44,true]
["16T20",24.51,42,true]
["16T21",25,40,false]
ROWS
	jq -es 'all(.source == "owm-2.5" and .age == 0 and (.stale | not)
		and .issued[11:16] == (if .customer == "C000003" then "14:05" else "06:05" end))' rows
	[ "$(sql "$NBMS_DIR/nbms.db" "SELECT count(*), min(temperature) > 10 FROM weather_forecast")" = '72|1' ]
	# within the half hour it is not asked again
	weather --url "$url" | diff rows -
	[ "$(wc -l <calls)" -eq 2 ]
}

@test "three providers say the same, each in its own way" {
	for provider in owm-3.0 open-meteo; do
		NBMS_DIR=$PWD/$provider
		copy_state state "$NBMS_DIR"
		weather --provider $provider --url "$url" --hours 48 --building B001 --customer C000003 >$provider.rows
		[ "$(wc -l <$provider.rows)" -eq 47 ] || [ "$(wc -l <$provider.rows)" -eq 48 ]
		[ "$(jq -c '[.time[8:13], .temperature, .humidity, .interpolated]' $provider.rows | sed -n 4p)" = '["16T18",23.54,46,false]' ]
		jq -es 'all(.interpolated | not)' $provider.rows
	done
	grep -q 'ok /v1/forecast with a key' calls || grep -q 'ok /v1/forecast without a key' calls
	weather --url "$url" --hours 96 --customer C000003 --building B001 | jq -es 'length == 96'
	run -64 weather --provider owm-3.0 --url "$url" --hours 120
	run -64 nbms-weather --provider owm-2.5
	run -64 nbms-weather --provider metoffice
}

@test "a service in trouble: said in a line without the key, old data kept and marked" {
	weather --url "$url" >/dev/null
	export NBMS_NOW=2026-07-16T18:05:00+09:00
	for case in 401:77 404:78 429:75 500:75 cut:75 garbage:75 kelvin:75 skew:75 empty:75; do
		run --separate-stderr weather --url "$url/${case%:*}"
		# shellcheck disable=SC2154  # set by run
		[ "$status" -eq "${case#*:}" ] || { echo "$case: $status $stderr" >&2; false; }
		[ -n "$stderr" ]
		[[ "$stderr" != *sEcReT* ]]
		[[ "$stderr" != *appid* ]]
		# shellcheck disable=SC2154
		echo "$output" | jq -es 'length > 50 and all(.stale and .age == 14400 and .temperature > 10)'
	done
	[[ "$(weather --url "$url/401" 2>&1 >/dev/null)" == *'does not take the key (401: Invalid API key.'* ]]
	[[ "$(weather --url "$url/kelvin" 2>&1 >/dev/null)" == *'are no weather'* ]]
	[[ "$(weather --url "$url/skew" 2>&1 >/dev/null)" == *'one of the clocks is wrong'* ]]
	[[ "$(weather --url http://127.0.0.1:1 2>&1 >/dev/null)" == *'127.0.0.1:1: '* ]]
	# a refused key is not tried again for the next cell
	: >calls
	run weather --url "$url/401"
	[ "$(wc -l <calls)" -eq 1 ]
}

@test "slow is cut off, and trouble that passes is tried again" {
	# its answer would come after ten minutes
	run -75 timeout 120 nbms-weather --key key --retries 0 --url "$url/slow" --timeout 1 --customer C000003 --building B001
	nbms-weather --key key --retries 2 --url "$url/flaky" --customer C000004 --building B001 >rows
	[ "$(wc -l <rows)" -eq 24 ]
}

@test "what is too old is refused, not shown as weather" {
	weather --url "$url" --hours 48 >/dev/null
	NBMS_NOW=2026-07-17T15:00:00+09:00 run -69 --separate-stderr weather --cached
	[ -z "$output" ]
	[[ "$stderr" == *'C000003_B001: what is known was issued too long ago'* ]]
	run -69 nbms-weather --cached -d nowhere --customer C000003 || true
	run -66 weather --url "$url" --customer C9
	run -78 weather --url "$url" --customer C000004 --building B002
}

@test "the day's calls are counted here, and the last is the last" {
	run -75 --separate-stderr weather --url "$url" --quota 1
	[ "$(wc -l <calls)" -eq 1 ]
	[[ "$stderr" == *"owm-2.5: today's 1 calls are used up"* ]]
	[ "$(sql "$NBMS_DIR/nbms.db" 'SELECT provider, day, calls FROM weather_call')" = 'owm-2.5|2026-07-16|1' ]
	NBMS_NOW=2026-07-17T14:05:00+09:00 weather --url "$url" --quota 2 | jq -es 'length == 72'
}

@test "forecast against what the sensor read, by hours ahead" {
	weather --url "$url" --customer C000003 --building B001 >rows
	point=39.AI-301:3001_OutdoorTemp_01
	# the sensor reads one degree less than was forecast
	jq -c --arg p "$point" '{thing: "C000003_B001_01", point: "periodic_log", message: {msg_type: "Periodic_Log",
		point_0: {msg: [{attr_name: "M_Value", data: (.temperature - 1)}], period: 60, point_id: $p},
		point_count: 1, time: (.time[0:16] | gsub("[-T:]"; ""))}}' rows >logs
	export NBMS_NOW=2026-07-18T00:00:00+09:00
	nbms-store logs
	nbms-weather error --customer C000003 --building B001 --point "$point" >errors
	jq -es 'length == 24 and .[0].lead_hours == 0 and all(.n == 1 and (.bias - 1 | fabs) < 0.01 and (.mae - 1 | fabs) < 0.01
		and (.rmse - 1 | fabs) < 0.01)' errors
	run -64 nbms-weather error --customer C000003
}

@test "the questions every program answers" {
	nbms-weather --help | grep -q provider
	nbms-weather --version | grep -q nbms
	run -64 nbms-weather --nix
	run -66 nbms-weather --key no-such-file
	: >empty
	run -78 nbms-weather --key empty
	run -74 sh -c "nbms-weather --key key --url '$url' >/dev/full"
	nbms-weather --key key --fresh 0 --url "$url/slow" --timeout 600 3>&- &
	pid=$!
	within 60 grep -q slow calls
	kill -TERM $pid
	within 60 ended $pid
}
