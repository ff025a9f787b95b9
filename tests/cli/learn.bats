#!/usr/bin/env bats
# nbms-learn: tasks made of a building's history, run anywhere, taken back; tenders; bad input.

load common

B="--customer C000003 --building B001"

# Sixty days of a small building, once for all tests: each gets a copy of the state.
setup_file() {
	local top
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	cd "$BATS_FILE_TMPDIR" || return
	export NBMS_DIR=$PWD/state NBMS_NOW=2026-07-15T00:00:00+09:00
	if on_postgres; then
		export LEARN_SERVER=${NBMS_DB%%#*}
		in_database learn
	fi
	cat >rows <<'ROWS'
{"type":"building","customer":"C000003","building":"B001","timezone":"Asia/Seoul","latitude":37.53,"longitude":126.98,"tariff":"general/eul/high_a/2","contract_kw":100,"country":"KR"}
{"type":"thing","thing":"C000003_B001_01"}
ROWS
	nbms-device register "$top/testdata/holidays/kr.ndjson" "$top/testdata/tariffs/kr-general.ndjson" rows
	"$top/scripts/simulate" --from 2026-05-16 --days 60 --points 60 | nbms-store
}

# in_database NAME [TEMPLATE]: a new database of the server, which copies one quickly
in_database() {
	psql -Xq "$LEARN_SERVER" -c "CREATE DATABASE $1 TEMPLATE ${2:-template0} STRATEGY file_copy"
	export NBMS_DB=${LEARN_SERVER/nbms\?/$1?}#state
}

setup() {
	common_setup
	if on_postgres; then
		in_database "learn_$BATS_TEST_NUMBER" learn
		mkdir state
	else
		cp -R "$BATS_FILE_TMPDIR/state" .
	fi
	export NBMS_DIR=$PWD/state NBMS_NOW=2026-07-15T00:00:00+09:00
}

# the coming day's weather, as a service would have given it an hour ago
forecast() {
	sql "$NBMS_DIR/nbms.db" "WITH RECURSIVE h(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM h WHERE k < 30)
		INSERT INTO weather_forecast SELECT 'C000003', 'B001', $(date -d 2026-07-14T15:00Z +%s) + k * 3600,
			$(date -d 2026-07-14T14:00Z +%s), 26 - 4 * cos(k * 0.2618 - 0.7), 70, 0, 'test' FROM h"
}

# csv EXPRESSION [DAYS]: hourly time,load,temperature; the expression may use h (hour), d (day), k (row)
csv() {
	awk -v days="${2:-60}" 'BEGIN {
		print "time,load,temperature"
		for (k = 0; k < days * 24; k++) {
			h = k % 24; d = int(k / 24)
			t = 1778857200 + k * 3600 # 2026-05-16 00:00 in Seoul
			printf "%s,%s,%.1f\n", strftime("%Y-%m-%dT%H:%M:%SZ", t, 1), ('"$1"'), 20 + d / 10 + 4 * sin((h - 9) / 3.82)
		}
	}'
}

learn_csv() {
	nbms-learn task learning $B --basic-data data.csv --id t | nbms-learn run
}

@test "a task holds all it needs: it runs without a database, and the same again gives the same" {
	nbms-learn task learning $B --id first --connection c42 >task
	[ "$(jq -c '[.task_id,.task,.customerNumber,.buildingNumber,.lat,.connectionId]' task)" = \
		'["first","learning","C000003","B001",37.53,"c42"]' ]
	[ "$(jq '.data.hours | .known, (.load | length), (.temperature | length)' task | paste -sd,)" = 1440,1440,1466 ]
	[ "$(jq -c '.data.hours.holidays' task)" != '[]' ]
	env -u NBMS_DIR nbms-learn run task >result
	env -u NBMS_DIR nbms-learn run <task | cmp - result
	[ ! -e nbms-state ]
	[ "$(jq -c '[.task_id,.connectionId,.status,has("data")]' result)" = '["first","c42","ok",false]' ]
	jq -e '.result.year_ahead.models[0] | .guideline_14 and .cvrmse < 0.2' result
	jq -e '.result.explain | .occupied_hours > 40 and (.week | length) == 168' result
	[ "$(jq -c '[.result.units[].unit]' result)" = '["ComP_U_AHU_01","ComP_U_FCU_01","ComP_U_PAC_01","ComP_U_VAV_01"]' ]
}

@test "the forecast is the best model's, close to what came, and its intervals hold" {
	# as of a week ago, with the weather that came, against what was metered
	nbms-query history -b C000003_B001 -p '*OutdoorTemp_01' --from 2026-07-08 --to 2026-07-09T03:00 --json |
		jq -r 'select(.time | test(":00:00")) | "INSERT INTO weather_forecast VALUES (\u0027C000003\u0027, \u0027B001\u0027,
			\(.time | .[0:19] + "Z" | fromdate - 32400), \("2026-07-07T14:00:00Z" | fromdate), \(.value), 70, 0, \u0027test\u0027);"' |
		sql "$NBMS_DIR/nbms.db"
	nbms-learn task learning $B --period 2026-05-16/2026-07-08 | nbms-learn run >result
	jq -e '.result | .forecast_by != "week-ago" and (.forecast | length) == 26' result
	nbms-query energy -b C000003_B001 -p '*EnergyMainMeter_01' --by hour --from 2026-07-08 --to 2026-07-09 >actual
	jq -c '.result.forecast[0:24][]' result | paste -d '\n' - actual | jq -s '
		[range(0; 48; 2) as $i | {f: .[$i], y: .[$i + 1].usage_kwh}] |
		{wape: ((map((.f.kwh - .y) | fabs) | add) / (map(.y) | add)),
		week: ((map((.f.week_ago - .y) | fabs) | add) / (map(.y) | add)), inside: (map(select(.y >= .f.low and .y <= .f.high)) | length)}' >judged
	jq -e '.wape < 0.08 and .wape < .week and .inside >= 18' judged || { cat judged; false; }
}

@test "optimising learns first where nothing was learned, saves money, keeps comfort, says why" {
	forecast
	nbms-learn task optimizing $B --schedule-mode apply >tasks
	[ "$(jq -r .task tasks | paste -sd,)" = learning,optimizing ]
	[ "$(tail -1 tasks | jq -r .data.learning)" = "$(head -1 tasks | jq -r .task_id)" ]
	nbms-learn run <tasks >results
	tail -1 results | jq -e '.status == "ok" and .result.saved.cost > 0 and .result.saved.comfort_kelvin_hours >= 0 and
		.result.certified_gap >= 0 and .result.optimised.peak_kw <= .result.standing.peak_kw + 0.01'
	tail -1 results | jq -e '[.result.units[] | select(.planned) | .intervals | length > 1 and all(.reason | length > 0) and
		.[0].from == "2026-07-15T00:00:00+09:00" and .[-1].to == "2026-07-16T00:00:00+09:00"] | length > 0 and all'
	# the waiting task alone says what it misses
	tail -1 tasks | nbms-learn run | jq -e '.status == "error" and (.reason | contains("learning task"))'
	nbms-learn callback results >told
	# now there is a learning result: one task is enough
	[ "$(nbms-learn task optimizing $B | jq -r '.task, (.data.learned | type)' | paste -sd,)" = optimizing,array ]
	nbms-learn task optimizing $B --ref-learning "$(head -1 tasks | jq -r .task_id)" | jq -e '.data.learned | length == 4'
	run -65 nbms-learn task optimizing $B --ref-learning none
}

@test "what was optimised becomes schedules that nbms-sched applies, and people's own rule over it" {
	forecast
	nbms-sched apply <<'ROWS'
{"type":"schedule","customer":"C000003","building":"B001","schedule":{"schedule_id":"ahu","point_id":"39.BI-300:1627_AHUSupplyFan_01","weekly":{"wed":[["07:00",1],["19:00",0]]},"default":0}}
{"type":"manual","customer":"C000003","building":"B001","schedule_id":"ahu","from":"2026-07-15T12:00:00+09:00","to":"2026-07-15T13:00:00+09:00","value":1,"name":"kim"}
ROWS
	nbms-learn task optimizing $B --schedule-mode apply >tasks
	tail -1 tasks | jq -e '.data.units[0] | .standing_from == "schedule" and (.standing | add) == 48 and
		([.override[] | select(. != null)] | length) == 4'
	nbms-learn run tasks >results
	nbms-learn schedules results >rows
	[ -n "$(jq -c 'select(.type == "manual")' rows)" ]
	nbms-sched apply --count rows 2>err
	holds err 'rejected 0'
	nbms-sched expand $B --apply >down
	sql "$NBMS_DIR/nbms.db" "SELECT DISTINCT schedule_id FROM user_schedule ORDER BY 1" >ids
	grep -qx AI_ComP_U_FCU_01 ids
	grep -qx AI_ComP_U_FCU_01_set ids
	# at noon the person's word stands
	nbms-sched explain $B --schedule ahu --at 2026-07-15T12:30 | jq -se 'map(select(.fate == "wins")) | .[0].name == "kim"'
	# again, two hours later: what we wrote ourselves is not taken for people's
	NBMS_NOW=2026-07-15T02:00:00+09:00 nbms-learn task optimizing $B |
		jq -se '.[-1].data.units[0] | ([.override[] | select(. != null)] | length) == 4 and (.standing | add) == 48'
	# advice changes nothing
	[ -z "$(sed 's/"AIScheduleMode":"apply"/"AIScheduleMode":"advise"/' results | nbms-learn schedules)" ]
	[ -n "$(sed 's/"AIScheduleMode":"apply"/"AIScheduleMode":"advise"/' results | nbms-learn schedules --all)" ]
}

@test "a result is kept once, told to its session, and stands in a file" {
	nbms-learn task learning $B --id L1 --connection c42 --result-dir mine/july | nbms-learn run >result
	nbms-learn callback --count result >told 2>err
	[ "$(jq -c '[.connectionId,.task_id,.status,.file]' told)" = '["c42","L1","ok","mine/july/L1.json"]' ]
	cmp result "$NBMS_DIR/results/mine/july/L1.json"
	nbms-learn callback --count result >again 2>err
	[ ! -s again ]
	holds err 'duplicate 1'
	[ "$(sql "$NBMS_DIR/nbms.db" "SELECT status, callback_state IS NULL FROM result")" = 'ok|1' ]
	[ "$(sql "$NBMS_DIR/nbms.db" "SELECT asked FROM task WHERE task_id = 'L1'" | jq -r .connectionId)" = c42 ]
	for dir in ../out /etc a//b a/../b .hidden; do
		run -65 nbms-learn task learning $B --result-dir "$dir"
		sed "s|mine/july|$dir|; s/L1/L2/" result >odd
		run -1 nbms-learn callback odd
	done
	[ ! -e out ]
}

@test "a callback URL gets the result; one that nobody answers is kept and tried again" {
	nbms-learn task learning $B --id L1 --callback http://127.0.0.1:1/nobody | nbms-learn run >result
	run -75 --separate-stderr nbms-learn callback --timeout 2 result
	# shellcheck disable=SC2154  # set by run
	[[ "$stderr" == *'kept for another try'* ]]
	[ "$(sql "$NBMS_DIR/nbms.db" "SELECT callback_state, callback_tries FROM result")" = 'due|1' ]
	perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1) or die;
		open F, ">port.new"; print F $s->sockport; close F; rename "port.new", "port"; $c = $s->accept;
		while (<$c>) { $n = $1 if /^content-length: (\d+)/i; print $c "HTTP/1.1 100 Continue\r\n\r\n" if /^expect:/i; last if /^\r$/ }
		read $c, $b, $n; open F, ">body"; print F $b; close F;
		print $c "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"' &
	within 60 test -s port
	sql "$NBMS_DIR/nbms.db" "UPDATE result SET callback = 'http://127.0.0.1:$(cat port)/done'"
	nbms-learn callback --retry
	wait $!
	cmp body result
	[ "$(sql "$NBMS_DIR/nbms.db" "SELECT callback_state, callback_tries FROM result")" = 'done|2' ]
	run -64 nbms-learn callback --retry result
	run -65 nbms-learn task learning $B --callback file:///etc/passwd
}

@test "requests as records, with the names they have always had" {
	cat >asked <<'ROWS'
{"task":"learning","customerNumber":"C000003","buildingNumber":"B001","period":"2026-06-01/2026-07-01","operationMode":"cool","connectionId":"c7","lon":127,"AIScheduleMode":"advise"}
{"task":"learning","customerNumber":"C000003","buildingNumber":"B009"}
{"task":"guessing"}
{"task":"learning","customerNumber":"C000003","buildingNumber":"B001","operationMode":"dry"}
ROWS
	run -1 --separate-stderr nbms-learn task --count asked
	[[ "$stderr" == *'in 4 = out 1 + rejected 3'* ]]
	[[ "$stderr" == *'asked:3: bad-task'* ]]
	# shellcheck disable=SC2154  # set by run
	echo "$output" | jq -e '.operationMode == "cool" and .lon == "127" and .data.hours.known == 720'
}

@test "bad histories get a status and a reason, never a number made of nothing" {
	csv '30 + 20 * (h > 7 && h < 19) + k % 7' >data.csv
	learn_csv | jq -e '.status == "ok" and .result.quality.usable == 1440'
	# a week: forecasts repeat the past at best
	csv '30 + 20 * (h > 7 && h < 19) + k % 7' 60 | awk 'NR == 1 || NR > 1273' >data.csv
	learn_csv | jq -e '.result.year_ahead.status == "too little usable history" and .result.quality.usable == 168'
	# three days
	csv '30 + k % 7' 60 | awk 'NR == 1 || NR > 1369' >data.csv
	learn_csv | jq -e '.status == "no-run" and .reason == "too little usable history"'
	# always the same; nothing but zeros; nothing at all
	csv 30 >data.csv
	learn_csv | jq -e '.status == "no-run" and ((.result.forecast // []) | length) == 0'
	csv 0 >data.csv
	learn_csv | jq -e '.status == "no-run" and .result.quality.zeros_as_missing == 1440'
	echo time,load,temperature >data.csv
	learn_csv | jq -e '.status == "no-run"'
	# gaps, a stuck week, spikes, negatives, zeros: left out and counted
	csv 'd == 20 ? "" : d > 29 && d < 37 ? 41.5 : k == 100 ? 9e6 : k == 101 ? -5 : k == 102 ? 0 : 30 + 20 * (h > 7 && h < 19) + k % 7' >data.csv
	learn_csv >result
	jq -e '.status == "ok" and (.result.quality | .stuck == 168 and .spike == 1 and .impossible == 1 and .zeros_as_missing == 1 and .missing == 25)' result ||
		{ jq -c .result.quality result; false; }
	# temperatures all the same: no slope is told
	csv '30 + 20 * (h > 7 && h < 19) + k % 7' | awk -F, -v OFS=, 'NR > 1 { $3 = 20 } 1' >data.csv
	learn_csv | jq -e '.status == "no-run" and .reason == "the outdoor temperature never changes"'
	run -65 nbms-learn task learning $B --basic-data missing.csv
	# what is no row is named by its line
	csv '30 + k % 7' >data.csv
	echo 'yesterday,5,5' >>data.csv
	nbms-learn task learning $B --basic-data data.csv 2>err >task
	holds err 'data.csv:1442: not time,load,temperature'
	# nothing of the kind in it
	: >data.csv
	nbms-learn task learning $B --basic-data data.csv 2>err | nbms-learn run | jq -e '.status == "no-run"'
	holds err 'data.csv: it is empty'
	echo 'a,b,c' >data.csv
	nbms-learn task learning $B --basic-data data.csv 2>err >task
	holds err 'data.csv: none of its 1 lines is an hour of the period'
	# a meter silent for weeks: what it said once is no forecast of tomorrow
	csv 'd > 40 ? "" : 30 + 20 * (h > 7 && h < 19) + k % 7' >data.csv
	learn_csv | jq -e '(.result | .forecast == [] and .forecast_by == null) and (.reason | contains("more than two weeks old"))'
	# silent for ten days: said
	csv 'd > 49 ? "" : 30 + 20 * (h > 7 && h < 19) + k % 7' >data.csv
	learn_csv | jq -e '.reason | contains("the newest reading is 240 hours old")'
	# hours that are zero each night: nothing is made of what stands for missing ones
	csv 'h < 6 ? 0 : 30 + 20 * (h > 7 && h < 19) + k % 7' >data.csv
	learn_csv | jq -e '(.reason | contains("of 6 hours to come nothing is known, as zeros stand for missing")) and
		([.result.forecast[] | select(.kwh == null)] | length == 6) and all(.result.forecast[]; .kwh != 0)'
	# some weeks: a model that could not be tried yet does not speak, whoever does has intervals
	csv '30 + 20 * (h > 7 && h < 19) + k % 7' >data.csv
	for from in 06-24 06-17 06-10; do
		nbms-learn task learning $B --basic-data data.csv --id t --period 2026-$from/2026-07-15 | nbms-learn run |
			jq -e '.result | .forecast_by as $by | any(.day_ahead.models[]; .model == $by) and all(.forecast[]; .low != null)'
	done
	# a week and the weather: what speaks could not be tried, which is said
	forecast
	nbms-learn task learning $B --basic-data data.csv --id t --period 2026-07-08/2026-07-15 | nbms-learn run |
		jq -e '(.reason | contains("too little history to try")) and all(.result.forecast[]; .low == null)'
	sql "$NBMS_DIR/nbms.db" 'DELETE FROM weather_forecast'
	# a few days: what is repeated is said
	csv 'd > 6 ? "" : 30 + 20 * (h > 7 && h < 19) + k % 7' >data.csv
	nbms-learn task learning $B --basic-data data.csv --id t --period 2026-05-16/2026-05-23 | nbms-learn run |
		jq -e '(.result.forecast_by == "week-ago") and (.reason | contains("repeat the past"))'
}

@test "without a forecast yesterday's weather stands in, for models and for plans, and that is said" {
	nbms-learn task learning $B >task
	[ "$(jq -r .data.weather.source task)" = missing ]
	nbms-learn run task | jq -e '(.reason | contains("yesterday")) and (.result | .forecast_by != "week-ago" and (.forecast | length == 24) and
		all(.forecast[]; .temperature == null and .low < .kwh and .kwh < .high))'
	nbms-learn task optimizing $B >tasks
	tail -1 tasks | jq -e '.data.outdoor_from_yesterday == 96'
	# a few lost reports of yesterday leave no hole in tomorrow
	printf '%s\n' '{"type":"building","customer":"C000003","building":"B004","timezone":"Asia/Seoul","tariff":"general/eul/high_a/2","contract_kw":100}' \
		'{"type":"thing","thing":"C000003_B004_01"}' | nbms-device register
	"$top/scripts/simulate" --thing C000003_B004_01 --from 2026-07-12 --days 3 --points 40 | grep -v '"time":"202607141[01]' | nbms-store
	nbms-learn task optimizing --customer C000003 --building B004 | tail -1 >holed
	jq -e '.data | ([.outdoor_past[] | select(. == null)] | length > 0) and (.outdoor | length == 96 and all(. != null))' holed
	nbms-learn run tasks | tail -1 | jq -e '.result.outdoor_from_yesterday == 96 and (.reason | contains("yesterday"))'
	# one that was issued two days ago is no forecast any more
	forecast
	sql "$NBMS_DIR/nbms.db" "UPDATE weather_forecast SET issued = issued - 172800"
	[ "$(nbms-learn task learning $B | jq -r .data.weather.source)" = missing ]
}

@test "a zone out of reach is brought as near as can be and named; the others are planned as ever" {
	forecast
	nbms-learn task optimizing $B >tasks
	jq -c 'if .task == "optimizing" then (.data.units[] | select(.unit == "ComP_U_FCU_01") | .setpoint) = 15 else . end' tasks |
		nbms-learn run | tail -1 >result
	jq -e '.status == "ok" and (.reason | test("^1 of 3 zones cannot be kept in their band: ComP_U_FCU_01 is [0-9.]+ K outside at 2026-07-15T"))' result
	jq -e '.result.units[] | select(.unit == "ComP_U_FCU_01") | .band_reached == false and
		(.outside | .most_kelvin > 1 and .least_kelvin_hours > 1 and .kelvin_hours < 1.1 * .least_kelvin_hours)' result
	jq -e '.result.units[] | select(.unit == "ComP_U_AHU_01") | .band_reached and (.intervals | length) > 1' result
	# where nothing can be done for anybody: so it is said, with the worst zone and when
	jq -c 'if .task == "optimizing" then .data.units |= map(.setpoint = 12) | .data.boxes |= map(.setpoint = 12.5) else . end' tasks |
		nbms-learn run | tail -1 |
		jq -e '.status == "infeasible" and (.reason | test("^nothing that can be done .*ComP_U_.*K outside at 2026-07-15T"))'
}

@test "a plan costs no more than what stands, unless comfort is what is asked for" {
	forecast
	nbms-learn task optimizing $B >tasks
	# so hot that what stands leaves the band
	jq -c 'if .task == "optimizing" then .data.outdoor |= map(. + 6) else . end' tasks >hot
	nbms-learn run hot | tail -1 >cheap
	jq -c 'if .task == "optimizing" then .valueType = "comfort" else . end' hot | nbms-learn run | tail -1 >dear
	jq -e '.result | .standing.comfort_kelvin_hours > 1 and .saved.cost >= 0 and
		.optimised.comfort_kelvin_hours <= .standing.comfort_kelvin_hours + 0.1' cheap || { jq -c '.reason, .result.saved' cheap; false; }
	jq -e '.result.for_comfort | .cost > 0 and .comfort_kelvin_hours > 0' cheap
	jq -se '(.[1].result.optimised.comfort_kelvin_hours < .[0].result.optimised.comfort_kelvin_hours - 0.2) and
		.[1].result.for_comfort == null and .[1].result.saved.cost < .[0].result.saved.cost' cheap dear
}

@test "a VAV box opens when its air handler runs: setpoint and least flow of its own, as schedules too" {
	forecast
	nbms-learn task optimizing $B --schedule-mode apply >tasks
	tail -1 tasks | jq -e '.data.boxes[0] | .air_handler == "ComP_U_AHU_01" and .flow_min > 0 and .flow_max > .flow_min and .supply < 20'
	nbms-learn run tasks >results
	tail -1 results | jq -e '.result.units[] | select(.class == "VAV") | .planned and
		any(.intervals[]; .on and .min_flow == 210 and .flow >= 210 and .setpoint > 20) and
		all(.intervals[]; .on or .min_flow == 0) and any(.intervals[]; .reason == "shut: its air handler is off")'
	# never open while its air handler is off
	tail -1 results | jq -e '.result.units | (map(select(.class == "AHU"))[0].intervals | map(select(.on))) as $air |
		map(select(.class == "VAV"))[0].intervals | map(select(.on)) | length > 0 and
		all(. as $b | any($air[]; .from <= $b.to and .to >= $b.from))'
	tail -1 results | jq -e '.result.boxes | .optimised.kwh <= .standing.kwh and .optimised.comfort_kelvin_hours < 0.1'
	nbms-learn callback results >told
	nbms-learn schedules results | nbms-sched apply --count 2>err
	holds err 'rejected 0'
	nbms-sched expand $B --apply >down
	[ "$(sql "$NBMS_DIR/nbms.db" "SELECT DISTINCT schedule_id FROM user_schedule WHERE schedule_id LIKE '%VAV%' ORDER BY 1" | paste -sd,)" = \
		AI_ComP_U_VAV_01_flow,AI_ComP_U_VAV_01_set ]
	# whose air handler is not known is not planned, and says so
	tail -1 tasks | jq -c '.data.boxes |= map(del(.air_handler)) | .data.learned = input.result.units | del(.data.learning)' - results |
		nbms-learn run | jq -e '.result.units[] | select(.class == "VAV") | .planned == false and (.reason | contains("air handler"))'
}

@test "comfort that no schedule can keep is infeasible; without a tariff there is no run for cost" {
	forecast
	nbms-learn task optimizing $B >tasks
	jq -c 'if .task == "optimizing" then .data.units |= map(.setpoint = 12) else . end' tasks | nbms-learn run >results
	tail -1 results | jq -e '.status == "infeasible" and (.reason | length) > 0 and ([.result.units[] | select(.band_reached == false)] | length) > 0'
	jq -c 'if .task == "optimizing" then del(.data.price) else . end' tasks | nbms-learn run | tail -1 |
		jq -e '.status == "no-run" and (.reason | contains("tariff"))'
	jq -c 'if .task == "optimizing" then del(.data.price) | .valueType = "energy" else . end' tasks | nbms-learn run | tail -1 |
		jq -e '.status == "ok" and .result.saved.kwh >= 0'
	jq -c 'if .task == "optimizing" then .valueType = "co2" else . end' tasks | nbms-learn run | tail -1 | jq -e '.status == "no-run"'
	jq -c 'if .task == "optimizing" then .method = "startstop" else . end' tasks | nbms-learn run | tail -1 | jq -e '.status == "ok"'
	jq -c 'if .task == "optimizing" then .data.units |= map(del(.temperature)) else . end' tasks | nbms-learn run | tail -1 |
		jq -e '.status == "no-run" and .result.units[0].reason == "its zone'"'"'s temperature is not known"'
}

@test "optimising tasks with numbers beyond reason, or without what they need: a status and a reason" {
	forecast
	nbms-learn task optimizing $B >tasks
	nbms-learn run tasks >results
	jq -cs '.[1].data.learned = $l[0].result.units | del(.[1].data.learning) | .[1]' --slurpfile l results tasks >one
	cp one many
	# status, reason (a regular expression), and what is changed
	while IFS='|' read -r status reason change; do
		jq -c "$change" one >task
		cat task >>many
		nbms-learn run task >out || { echo "$change"; return 1; }
		jq -e --arg s "$status" --arg r "$reason" '.status == $s and (.reason | test($r))' out ||
			{ echo "$change: $(jq -c '.status, .reason' out)"; return 1; }
	done <<-'TABLE'
		no-run|tariff|.data.price = (.data.price | map(1e300))
		no-run|tariff|.data.price[3] = null
		no-run|outdoor temperature|.data.outdoor = (.data.outdoor | map(1e300))
		no-run|outdoor temperature|.data.outdoor[0] = null
		no-run|standing schedule|.data.learned = (.data.learned | map(.thermal.cool = 1e300))
		no-run|standing schedule|.data.learned = (.data.learned | map(.thermal.people = 1e300))
		no-run|standing schedule|.data.learned = (.data.learned | map(.thermal.order = 3))
		no-run|standing schedule|.data.units = (.data.units | map(.power_max = 1e6))
		no-run|standing schedule|.data.units = (.data.units | map(.standing = [1]))
		no-run|no units|.data.units = []
		error|missing|.data.hours = null
		ok|cannot be kept|.data.boxes = (.data.boxes | map(.supply = 60))
		ok||.data.units = (.data.units | map(.inside = [range(192) | 1e9]))
		ok|peak is of these units alone|.data.hours.load = (.data.hours.load | map(null))
		ok||.data.boxes = [1, {}, {"unit": "x"}]
		ok||del(.lat)
	TABLE
	# a zone whose model knows the sun is not planned where its place is not known
	jq -c 'del(.lat)' one | nbms-learn run | jq -e '.result.units[] | select(.unit == "ComP_U_FCU_01") | .planned == false and (.reason | contains("sun"))'
	# all of them in one run: none harms another
	[ "$(nbms-learn run many | wc -l)" -eq 17 ]
}

@test "CSV of hours: out of order, twice, of days with 23 and 25 hours, beyond reason" {
	local load='30 + 20 * (h > 7 && h < 19) + k % 7'
	csv "$load" >data.csv
	nbms-learn task learning $B --basic-data data.csv --id t | jq -c .data.hours >plain
	# out of order and twice: the first of an hour stands
	{ head -1 data.csv; tail -n +2 data.csv | sort -r; tail -n +2 data.csv | sed 's/,[0-9]*,/,99,/'; } >odd.csv
	nbms-learn task learning $B --basic-data odd.csv --id t 2>err | jq -c .data.hours | cmp - plain
	holds err 'odd.csv: 1440 lines are of an hour that has one already: the first stands'
	# what no meter and no air has is left out and counted
	csv "k < 400 ? 1e300 : k < 410 ? \"nan\" : k < 420 ? \"inf\" : $load" | awk -F, -v OFS=, 'NR > 1 && NR < 102 { $3 = 1e6 } 1' >data.csv
	learn_csv >result
	jq -e '.result.quality | .impossible == 400 and .missing == 20 and .without_temperature > 80' result || { jq -c .result.quality result; false; }
	csv "1e300 * ($load)" >data.csv
	learn_csv | jq -e '.status == "no-run" and (.reason | contains("1440 are negative or impossibly large"))'
	csv 5 >data.csv
	learn_csv | jq -e '.status == "no-run" and (.reason | contains("1440 are of a meter that stood still"))'
	csv "$load" | awk -F, -v OFS=, 'NR > 1 { $3 = "" } 1' >data.csv
	learn_csv | jq -e '.status == "no-run" and .reason == "no outdoor temperature is known"'
	# local times of London, with the hour that is not there in March and the one that comes twice in October
	echo '{"type":"building","customer":"C000003","building":"B002","timezone":"Europe/London"}' | nbms-device register
	{
		echo time,load,temperature
		for day in 2026-03-28 2026-03-29 2026-10-24 2026-10-25; do
			for h in $(seq -w 0 23); do echo "${day}T$h:00,1$h,10"; done
		done
	} >data.csv
	nbms-learn task learning --customer C000003 --building B002 --basic-data data.csv --id t --period 2026-03-28/2026-10-26 2>err |
		jq -c '.data.hours' >hours
	# 23 hours of one day and 24 of the 25 of the other are known
	jq -e '[.load[] | select(. != null)] | length == 95' hours
}

@test "where clocks are half an hour off, or a quarter, hours and forecast begin as theirs do" {
	local zone offset place=0 day
	for zone in Asia/Kolkata/19800 Australia/Adelaide/34200 Asia/Kathmandu/20700; do
		offset=${zone##*/} zone=${zone%/*} place=$((place + 1))
		day=$(($(date -d 2026-07-15T00:00Z +%s) - offset)) # its midnight
		jq -cn --arg b "H$place" --arg z "$zone" '{type: "building", customer: "C000003", building: $b, timezone: $z}' | nbms-device register
		# thirty days by the clock on the wall
		awk 'BEGIN { print "time,load,temperature"
			for (k = 0; k < 720; k++) printf "%s,%d,%.1f\n", strftime("%Y-%m-%dT%H:%M", 1781481600 + k * 3600, 1),
				30 + k % 24 + k % 7, 20 + k % 24 / 4 }' >data.csv
		sql "$NBMS_DIR/nbms.db" "WITH RECURSIVE h(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM h WHERE k < 30)
			INSERT INTO weather_forecast SELECT 'C000003', 'H$place', $((day - day % 3600)) + k * 3600, $((day - 7200)), 10 + 4 * k, 70, 0, 'test' FROM h"
		# ten minutes past midnight there
		NBMS_NOW=$(date -u -d @$((day + 600)) +%FT%TZ) nbms-learn task learning --customer C000003 --building "H$place" --basic-data data.csv --id t >task
		jq -e --argjson day $day '.data.hours | .start == $day - 720 * 3600 and .known == 720 and .load[:3] == [30,32,34] and
			(.temperature | .[720] == 10 + 4 * ($day % 3600 / 3600) and .[721] - .[720] == 4)' task || { jq -c .data task | cut -c1-300; false; }
		nbms-learn run task | jq -e '.result.forecast[0].from | startswith("2026-07-15T00:00:00+")'
	done
	# and of what was metered, in steps of half an hour: a day's energy is that of its hours
	jq -cn '{type: "building", customer: "C000003", building: "H4", timezone: "Asia/Kathmandu"}, {type: "thing", thing: "C000003_H4_01"}' | nbms-device register
	"$top/scripts/simulate" --thing C000003_H4_01 --zone Asia/Kathmandu --from 2026-07-01 --days 3 --period 30 --points 60 | nbms-store
	NBMS_NOW=2026-07-03T23:40+05:45 nbms-learn task learning --customer C000003 --building H4 --id t >task
	nbms-query energy -b C000003_H4 -p '*EnergyMainMeter_01' --by hour --from 2026-07-02 --to 2026-07-03 --json >hours
	jq -e --slurpfile y hours '.data.hours | .known as $n | .load[$n - 47:$n - 23] as $x | ($x | length) == ($y | length) and
		([range(0; 24) | $x[.] - $y[.].usage_kwh | fabs] | max) < 0.002' task || { jq -c .data.hours.load task; cat hours; false; }
}

@test "records that are no tasks are named by line; hostile ones do no harm" {
	nbms-learn task learning $B >task
	{
		echo '{"task_id":"a","task":"learning","data":{}}'
		echo '{"task_id":"../a","task":"learning","data":{}}'
		echo '{"task_id":"a","task":"flying","data":{}}'
		echo '{"task_id":"a","task":"learning","data":{"hours":{"start":1.5e300,"zone":"Asia/Seoul","known":3,"load":[1,2,3],"temperature":[1,2,3]}}}'
		echo '{"task_id":"a","task":"learning","data":{"hours":{"start":0,"zone":"Moon","known":0,"load":[],"temperature":[1]}}}'
		echo '{"task_id":"a","task":"learning","data":{"hours":{"start":0,"zone":"UTC","known":9,"load":[1],"temperature":[1]}}}'
		echo '{"task_id":"a","task":"optimizing","data":{"learned":[],"steps":1e9}}'
		echo '{"task_id":"a","task":"tender-predict","data":{"notice":{"base":-5}}}'
		echo '{"task_id":"a","task":"tender-learning","data":{"openings":[{"id":"x","base":9e99,"estimated":1}]}}'
		printf '{"task_id":"b\377"}\n'
		cat task
		printf '{"task_id":"cut"'
	} >bad
	run -1 --separate-stderr nbms-learn run --count --reject ledger bad
	[[ "$stderr" == *'in 12 = out 8 + rejected 4'* ]]
	[ "$(jq -r .rejected ledger | paste -sd,)" = bad-task,bad-task,bad-utf8,truncated ]
	[ "$(echo "$output" | jq -r .status | paste -sd,)" = error,error,error,error,error,error,no-run,ok ]
	run -65 nbms-learn run --strict bad
	echo "$output" >out
}

@test "backtest: the models against the naive rules, as a table" {
	nbms-learn backtest $B --json >rows 2>err
	[ "$(jq -r .model rows | sort -u | paste -sd,)" = 'caltrack,day-ago,hour-of-week mean,mean,ridge,ridgear,served,towt,towt+bias,week-ago' ]
	jq -se 'map(select(.horizon == "year-ahead" and .model == "mean")) | .[0].cvrmse_percent < 20' rows
	jq -se 'map(select(.horizon == "day-ahead" and .pinball_kwh != null)) | length == 1 and .[0].pinball_kwh > 0 and
		.[0].pinball_kwh < .[0].mae_kwh' rows
	nbms-learn backtest $B --table 2>err | head -1 | grep -q 'building *horizon *model'
	csv '30 + k % 7' 20 >data.csv
	run -69 nbms-learn backtest $B --basic-data data.csv
	# years after the last reading
	NBMS_NOW=2036-01-01T00:00:00Z run -69 nbms-learn backtest $B --json
	[ "$output" = 'nbms-learn: building C000003_B001: history: too little usable history' ] || { echo "$output"; false; }
}

@test "every program's questions: help, version, options, a full disk, SIGTERM" {
	nbms-learn --help | grep -q 'usage: nbms-learn task'
	nbms-learn --version | grep -q '^nbms-learn '
	run -64 nbms-learn
	run -64 nbms-learn fly
	run -64 nbms-learn run --nonsense
	run -64 nbms-learn task learning --building B001
	run -64 nbms-learn task learning $B --level best
	run -64 nbms-learn task learning $B --occupied 9-5
	run -66 nbms-learn run missing
	on_postgres || run -66 nbms-learn backtest -d nowhere
	nbms-learn task learning $B >task
	run -74 bash -c 'nbms-learn run task >/dev/full'
	run -74 bash -c "nbms-learn task learning $B >/dev/full"
	mkfifo pipe
	nbms-learn run <pipe >out &
	local pid=$!
	exec 4>pipe
	cat task >&4
	within 60 test -s out
	kill -TERM "$pid"
	wait "$pid"
	exec 4>&-
	jq -e '.status == "ok"' out
}

# openings.csv: forty of the public procurement service, three companies of habit among eight
openings() {
	awk 'BEGIN {
		srand(7)
		print "bidNtceNo,standard,range_pct,bssamt,plnprc,sno,bsisPlnprc,drwtNum,prcbdrNm,bidprcAmt,sucsfbidLwltRate"
		for (o = 0; o < 40; o++) {
			b = 100000000 + int(rand() * 9e8)
			for (i = 1; i <= 15; i++) { p[i] = int(b * (1 + (-2 + (i - 1 + rand()) * 4 / 15) / 100)); d[i] = int(rand() * 6) }
			for (i = 15; i > 1; i--) { j = 1 + int(rand() * i); t = p[i]; p[i] = p[j]; p[j] = t }
			split("", u); s = 0
			for (k = 0; k < 4; k++) {
				m = 0
				for (i = 1; i <= 15; i++) if (!(i in u) && (m == 0 || d[i] > d[m])) m = i
				u[m] = 1; s += p[m]
			}
			for (i = 1; i <= 15; i++) printf "N%03d,조달청,2,%d,%d,%d,%d,%d,,,87.745\n", o, b, int(s / 4), i, p[i], d[i]
			for (k = 0; k < 8; k++) printf "N%03d,조달청,2,%d,%d,,,,회사 %d,%d,87.745\n", o, b, int(s / 4), k,
				int(b * 0.87745 * (1 + (k < 5 ? 0.2 + 0.25 * (rand() + rand() - 1) : rand() * 2 - 1) / 100))
		}
	}' >openings.csv
}

@test "tenders: the law, the generator, companies, a curve, three bids, and the warning" {
	openings
	nbms-learn task tender-learning --target openings.csv --companies '회사 0,회사 6' | nbms-learn run >learned
	jq -e '.result.standards | length == 1 and (.[0] | .standard == "조달청" and .openings == 40 and .generator == "equal" and
		.generator_decided and .cells.equal == 1 and .cells.split < 1 and (.law.sd - 0.5121 | fabs) < 0.0001)' learned
	jq -e '.result.companies | map(.bids) == [40, 40] and (.[0].mean_percent - 0.2 | fabs) < 0.1' learned
	# the same in CP949, with a byte order mark, and with CR at the ends of lines
	iconv -f UTF-8 -t CP949 openings.csv >949.csv
	{ printf '\357\273\277'; sed 's/$/\r/' openings.csv; } >bom.csv
	for file in 949.csv bom.csv; do
		nbms-learn task tender-learning --target $file --companies '회사 0,회사 6' | nbms-learn run | jq -c .result |
			cmp - <(jq -c .result learned)
	done
	nbms-learn task tender-predict --target openings.csv --companies '회사 0,회사 1,회사 2,회사 3,회사 4' --input \
		'{"base":404282000,"rate":87.745,"bidders":30,"cost":340000000,"standard":"조달청"}' | nbms-learn run >curve
	jq -e '.status == "ok" and .result.rate == 87745 and .result.bidders == 30 and (.result.curve | length) == 101 and
		.result.edge_low > 1 and .result.bids.safe.below_floor <= 0.1 and (.result.warning | contains("draw"))' curve
	jq -e '.result.bids | map(.bid | . == floor and . > 340000000) | all' curve
	jq -e '[.result.curve[] | .win_low <= .win + 1e-9 and .win <= .win_high + 1e-9] | all' curve
	# among strangers who follow the law it is a lottery, and that is what it says
	nbms-learn task tender-predict --input '{"base":404282000,"kind":"works-national","day":"2026-03-01","bidders":10}' | nbms-learn run >law
	jq -e '.result.rate == 89745 and (.result.bids.best.win - 0.1 | fabs) < 0.001 and (.reason | contains("no bid has an edge"))' law
	nbms-learn task tender-predict --input '{"base":404282000,"kind":"works-national","day":"2026-01-29","bidders":10}' | nbms-learn run |
		jq -e '.result.rate == 87745'
	# the least valid bid at the median is the floor rate of the base amount, to the won
	jq -e '.result.prices[3] | .estimated == 404282000 and .least_bid == 362822881' law
	nbms-learn task tender-predict --building-mode works-local --input '{"base":404282000,"day":"2025-07-01","bidders":10}' | nbms-learn run |
		jq -e '.result.rate == 89745 and .result.law.high == 3 and .result.law.generator == "split"'
	run -65 nbms-learn task tender-predict --building-mode office --input '{"base":404282000}'
	nbms-learn task tender-predict --reserve-range -3,3 --input '{"base":404282000,"rate":87.745}' | nbms-learn run |
		jq -e '.result.law.generator == "split" and (.result.law.mean + 0.1 | fabs) < 0.001'
}

@test "tenders: agencies are told apart where the openings name them" {
	openings
	# two agencies under one standard: the first draws as its standard says, the second has few openings
	awk -F, -v OFS=, 'NR == 1 { print $0, "ntceInsttNm"; next } { print $0, (substr($1, 2) + 0 < 33 ? "가 시청" : "나 군청") }' openings.csv >by.csv
	nbms-learn task tender-learning --target by.csv | nbms-learn run >learned
	jq -e '.result | .standards[0].openings == 40 and (.agencies | map([.agency, .openings, .generator]) == [["가 시청", 33, "equal"]]) and
		.agencies_not_told == 1' learned
	nbms-learn task tender-predict --target by.csv --input '{"base":404282000,"rate":87.745,"agency":"가 시청"}' | nbms-learn run |
		jq -e '.result.openings == 33 and .result.generator_decided'
	nbms-learn task tender-predict --target by.csv --input '{"base":404282000,"rate":87.745,"agency":"없음","standard":"조달청"}' | nbms-learn run |
		jq -e '.result.openings == 40 and .result.generator_decided'
	# without names there is nothing to tell apart
	nbms-learn task tender-learning --target openings.csv | nbms-learn run | jq -e '.result.agencies == [] and .result.agencies_not_told == 0'
}

@test "tenders: openings that are empty, mis-encoded or malformed; notices that are none" {
	openings
	for text in '' 'a,b,c\n1,2,3\n' 'bidNtceNo,bssamt,plnprc\n' 'bidNtceNo,bssamt,plnprc\n"N1,1,1\n' '\377\376\200\n'; do
		# shellcheck disable=SC2059  # escapes are meant
		printf "$text" >bad.csv
		nbms-learn task tender-learning --target bad.csv 2>err >task || [ $? -eq 1 ]
		[ -s err ]
		nbms-learn run task | jq -e '.status == "no-run" and .reason == "no opening can be used"'
	done
	sed '20s/,[0-9]*,/,lots,/; 21s/,2,/,99,/; 22s/$/,more/; 23s/,\([0-9]*\),\([0-9]*\),/,\1,7,/' openings.csv >odd.csv
	nbms-learn task tender-learning --target odd.csv 2>err >task || [ $? -eq 1 ]
	[ "$(grep -c '^nbms-learn: odd.csv:2[0-3]: ' err)" -ge 3 ]
	nbms-learn run task | jq -e '.status == "ok" and .result.standards[0].openings == 40'
	run -65 nbms-learn task tender-learning
	run -65 nbms-learn task tender-learning --target nowhere.csv
	run -65 nbms-learn task tender-learning --target openings.csv --reserve-range 5,6
	run -65 nbms-learn task tender-predict
	run -65 nbms-learn task tender-predict --input nowhere.json
	run -65 nbms-learn task tender-predict --input '[1]'
	nbms-learn task tender-predict --input '{"base":0,"rate":87.745}' | nbms-learn run | jq -e '.status == "error"'
	nbms-learn task tender-predict --input '{"base":1000000}' | nbms-learn run | jq -e '.status == "error" and (.reason | contains("floor rate"))'
	nbms-learn task tender-predict --input '{"base":1000000,"rate":87.745,"cost":2000000,"bidders":3}' | nbms-learn run | jq -e '.status == "error"'
}
