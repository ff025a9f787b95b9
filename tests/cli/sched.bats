#!/usr/bin/env bats
# nbms-sched: schedules in and out, the coming day, why, prices, bills, zones.

bats_require_minimum_version 1.5.0

FAN1=39.BI-300:1627_AHUSupplyFan_01
B="--customer C000003 --building B001"

setup() {
	load common
	root=$BATS_TEST_DIRNAME/../..
	cd "$BATS_TEST_TMPDIR" || return
	export NBMS_DIR=$PWD/state NBMS_NOW=2026-07-16T14:05:00+09:00
	cat >rows <<'ROWS'
{"type":"building","customer":"C000003","building":"B001","timezone":"Asia/Seoul","tariff":"general/eul/high_a/2","contract_kw":500,"country":"KR"}
{"type":"thing","thing":"C000003_B001_01"}
ROWS
	nbms-device register "$root/testdata/holidays/kr.ndjson" "$root/testdata/tariffs/kr-general.ndjson" rows
	cat >schedules <<'ROWS'
{"type":"calendar","customer":"C000003","building":"B001","calendar":{"calendar_id":"off","dates":[{"holidays":"occupancy"},{"weekday":"sun"}]}}
{"type":"schedule","customer":"C000003","building":"B001","schedule":{"schedule_id":"ahu2","weekly":{"mon":[["08:00",1],["18:00",0]],"thu":[["08:00",1],["18:00",0]],"fri":[["08:00",1],["18:00",0]]},"exceptions":[{"name":"holidays","dates":{"calendar":"off"},"priority":8,"values":[["00:00",0]]}],"default":0,"write_priority":10}}
ROWS
	cat >from_mw <<ROWS
{"thing":"C000003_B001_01","point":"schedule","message":{"msg_type":"Schedule","schedule_0":{"schedule_id":"S1","point_id":"$FAN1","effective":["2022-01-01",null],"weekly":{"thu":[["08:00",1],["18:00",0]]},"default":0},"schedule_count":1,"time":"202607161400"}}
ROWS
}

# two units of the simulated building, and some of its log
building() {
	"$root"/scripts/simulate --from 2026-07-15 --to 2026-07-16T14:15 | nbms-store
}

@test "schedules of gateways and of operators are kept, and sent when asked for" {
	cat >ask <<'ROWS'
{"seq":7,"received":"2026-07-16T05:05:00Z","thing":"C000003_B001_01","point":"request_schedule","message":{"time":"202607161400"}}
{"seq":8,"received":"2026-07-16T05:05:00Z","thing":"C000003_B001_01","point":"request_calendar","message":{"time":"202607161400"}}
{"mark":8,"at":"2026-07-16T05:05:01Z"}
ROWS
	nbms-sched apply --count schedules from_mw ask >down 2>err
	grep -q 'in 5 = out 5 + rejected 0 + duplicate 0' err
	[ "$(jq -c '[.topic,.qos,.id,.payload.point,.payload.message.schedule_count]' down | head -1)" = \
		'["C000003_B001_01",1,"schedule-C000003_B001_01-7-0","schedule",2]' ]
	[ "$(jq -c 'select(.payload.point == "calendar") | .payload.message | [.calendar_0.dates[0],
		(.calendar_1.dates | index("2026-07-17") != null), .calendar_1.calendar_id]' down)" = \
		'[{"calendar":"holidays-occupancy"},true,"holidays-occupancy"]' ]
	# the same again was done before: nothing goes out twice
	nbms-sched apply --count ask >again 2>err
	[ ! -s again ]
	grep -q 'duplicate 2' err
	nbms-sched send schedule --thing C000003_B001_01 | jq -e '.payload.message.schedule_0.schedule_id == "S1"'
	run -66 nbms-sched send schedule --thing C000003_B001_09
}

@test "many schedules go out in records of less than 128 KB, none left out" {
	jq -cn 'range(0; 400) | {type:"schedule",customer:"C000003",building:"B001",schedule:{schedule_id:"s\(.)",
		weekly:{mon:[range(0;24)|["\(if . < 10 then "0" else "" end)\(.):00",.]]},default:0}}' >many
	nbms-sched apply many
	nbms-sched send schedule --thing C000003_B001_01 >down
	[ "$(wc -l <down)" -gt 1 ]
	[ "$(awk 'length($0) >= 131072' down | wc -l)" -eq 0 ]
	[ "$(jq '.payload.message.schedule_count' down | paste -sd+ | bc)" -eq 400 ]
	[ "$(jq -r '.id' down | sort -u | wc -l)" -eq "$(wc -l <down)" ]
}

@test "what is wrong is named by line, kept whole, and the rest is done" {
	{
		cat schedules
		echo '{"type":"schedule","customer":"C000003","building":"B001","schedule":{"schedule_id":"x","zone":"Asia/Sol"}}'
		echo '{"type":"schedule","customer":"C000003","building":"B009","schedule":{"schedule_id":"x"}}'
		echo '{"type":"calendar","customer":"C000003","building":"B001","calendar":{"calendar_id":"x","dates":"2026-02-30"}}'
		echo '{"type":"manual","customer":"C000003","building":"B001","schedule_id":"x","from":"now","to":"now-1h","value":1}'
		echo '{"type":"composite","customer":"C000003","building":"B001","composite_id":"nix","schedule":null}'
		echo '{"type":"odd"}'
		sed 's/08:00/25:00/' from_mw
		sed 's/"schedule_count":1/"schedule_count":2/' from_mw
		sed 's/C000003_B001_01/C000003_B001_77/' from_mw
		printf '{"type":"calendar"\377}\n'
		printf '{"type":"calendar"}'
	} >bad
	run -1 --separate-stderr nbms-sched apply --count --reject ledger bad
	# shellcheck disable=SC2154  # set by run
	[[ "$stderr" == *'in 13 = out 2 + rejected 11 + duplicate 0'* ]]
	[ "$(jq -r .rejected ledger | paste -sd,)" = bad-schedule,unknown-building,bad-calendar,bad-manual,unknown-composite,bad-record,bad-schedule,count-mismatch,unknown-thing,bad-utf8,truncated ] ||
		{ jq -r .rejected ledger | paste -sd, >&2; false; }
	[[ "$stderr" == *'bad:9: bad-schedule: schedule_0: thu: "25:00": not a time of day, 00:00 to 23:59'* ]]
	run -65 nbms-sched apply --strict bad
}

@test "hardly meant: an empty schedule, a calendar that refers to itself, clashing exceptions" {
	cat >odd <<'ROWS'
{"type":"schedule","customer":"C000003","building":"B001","schedule":{"schedule_id":"empty"}}
{"type":"calendar","customer":"C000003","building":"B001","calendar":{"calendar_id":"a","dates":{"calendar":"a"}}}
{"type":"schedule","customer":"C000003","building":"B001","schedule":{"schedule_id":"clash","exceptions":[{"dates":"2026-08-01","values":[["08:00",1]]},{"dates":{"weekday":"sat"},"values":[["09:00",1]]}],"default":0}}
ROWS
	run -0 --separate-stderr nbms-sched apply odd
	[[ "$stderr" == *'odd:1: schedule empty: empty: it never has a value'* ]]
	[[ "$stderr" == *'odd:2: calendar a: refers to itself'* ]]
	[[ "$stderr" == *'odd:3: exceptions 0 and 1 have priority 16 on 2026-08-01; the first rules'* ]]
}

@test "the coming day is worked out over a holiday, for composites by information and by point" {
	building
	nbms-sched apply schedules from_mw 2>err
	echo '{"type":"composite","customer":"C000003","building":"B001","composite_id":"ComP_U_AHU_02","schedule":{"schedule_id":"ahu2","role":"SupplyFan"}}' |
		nbms-sched apply
	[ "$(nbms-sched expand)" = '{"customer":"C000003","building":"B001","rows":6}' ]
	sql "$NBMS_DIR/nbms.db" "SELECT composite_id, begins, source, value
		FROM user_schedule ORDER BY 1, begins" | while IFS='|' read -r id begins rest; do
		echo "$id|$(TZ=Asia/Seoul date -d "@$begins" '+%F %T')|$rest"
	done >rows
	diff rows - <<'ROWS'
ComP_U_AHU_01|2026-07-16 14:05:00|weekly|1
ComP_U_AHU_01|2026-07-16 18:00:00|weekly|0
ComP_U_AHU_01|2026-07-17 00:00:00|default|0
ComP_U_AHU_02|2026-07-16 14:05:00|weekly|1
ComP_U_AHU_02|2026-07-16 18:00:00|weekly|0
ComP_U_AHU_02|2026-07-17 00:00:00|exception|0
ROWS
	# again, and an hour later: the same rows and a receding horizon
	nbms-sched expand
	[ "$(sql "$NBMS_DIR/nbms.db" 'SELECT count(*) FROM user_schedule')" -eq 6 ]
	NBMS_NOW=2026-07-16T15:05:00+09:00 nbms-sched expand $B
	[ "$(sql "$NBMS_DIR/nbms.db" "SELECT max(ends) FROM user_schedule")" -eq "$(date -d 2026-07-17T15:05+09:00 +%s)" ]
	[ "$(sql "$NBMS_DIR/nbms.db" 'SELECT count(*) FROM user_schedule a JOIN user_schedule b
		USING (point_id) WHERE a.begins < b.begins AND a.ends > b.begins')" -eq 0 ]
}

@test "a control goes out once for each change, again before it expires, and null relinquishes" {
	building
	nbms-sched apply from_mw
	nbms-sched expand --apply >down
	[ "$(jq -c '.payload.message.point_0' down)" = \
		"{\"point_id\":\"$FAN1\",\"value\":1,\"priority\":16,\"expires\":\"202607161800\"}" ]
	[ -z "$(nbms-sched expand --apply)" ]
	NBMS_NOW=2026-07-16T18:00:00+09:00 nbms-sched expand --apply | jq -e '.payload.message.point_0.value == 0'
	sed 's/"default":0/"default":null/; s/,\["18:00",0\]/,["18:00",null]/' from_mw | nbms-sched apply
	NBMS_NOW=2026-07-16T18:30:00+09:00 nbms-sched expand --apply | jq -e '.payload.message.point_0.value == null'
	[ -z "$(NBMS_NOW=2026-07-16T19:30:00+09:00 nbms-sched expand --apply)" ]
}

@test "a manual schedule rules for its period, then gives way" {
	building
	nbms-sched apply schedules from_mw
	nbms-sched manual $B --schedule S1 --period 2026-07-16T15:00/2026-07-16T16:00 --value 7 --name kim
	[ "$(nbms-sched manual $B --period 2026-07-16/2026-07-17)" = \
		'{"schedule_id":"S1","from":"2026-07-16T15:00:00+09:00","to":"2026-07-16T16:00:00+09:00","value":7,"name":"kim"}' ]
	[ "$(nbms-sched next $B --schedule S1 | jq -c '[.next,.then,.source]')" = '["2026-07-16T15:00:00+09:00",7,"manual"]' ]
	nbms-sched explain $B --schedule S1 --at 2026-07-16T15:30 >why
	[ "$(jq -rs 'map("\(.source) \(.fate)") | join(", ")' why)" = 'manual wins, weekly outranked, default outranked' ]
	nbms-sched explain $B --schedule S1 --at 2026-07-16T16:00 | jq -se 'map(select(.fate == "wins").source) == ["weekly"]'
	[ "$(sql "$NBMS_DIR/nbms.db" "SELECT value FROM user_schedule WHERE source = 'manual'")" = 7 ]
	nbms-sched manual $B --schedule S1 --period 2026-07-16/2026-07-17 --remove
	[ -z "$(nbms-sched manual $B --period 2026-07-16/2026-07-17)" ]
	run -66 nbms-sched manual $B --schedule nix --period 2026-07-16/2026-07-17 --value 1
	run -64 nbms-sched manual $B --schedule S1 --period 2026-07-16/2026-07-17 --value '{'
}

@test "it explains a holiday, and tells two schedules apart" {
	nbms-sched apply schedules from_mw
	nbms-sched explain $B --schedule ahu2 --at 2026-07-17T10:00 | jq -c '[.source,.name,.value,.fate]' >why
	diff why - <<'ROWS'
["exception","holidays",0,"wins"]
["weekly",null,1,"outranked"]
["default",null,0,"outranked"]
ROWS
	[ -z "$(nbms-sched diff $B --from 2026-07-16 --to 2026-07-18 S1 ahu2)" ]
	nbms-sched diff $B --from 2026-07-20 --to 2026-07-21 S1 ahu2 | jq -c '[.from,.to,.a,.b]' >diff
	[ "$(cat diff)" = '["2026-07-20T08:00:00+09:00","2026-07-20T18:00:00+09:00",0,1]' ]
	echo '{"schedule_id":"new","weekly":{},"default":0}' >new.json
	[ "$(nbms-sched diff $B --from 2026-07-16 --to 2026-07-17 S1 new.json | wc -l)" -eq 1 ]
	run -66 nbms-sched explain $B --schedule nix
}

@test "prices by interval over the change of hours of 2026-06-01" {
	nbms-sched price $B --period 2026-05-29T08:00/2026-06-02 >prices
	jq -r '[.from[5:13], .to[5:13], .day, .band, .price] | @tsv' prices >got
	tr ' ' '\t' <<'ROWS' | diff got -
05-29T08 05-29T11 weekday mid 109.8
05-29T11 05-29T12 weekday peak 140.5
05-29T12 05-29T13 weekday mid 109.8
05-29T13 05-29T18 weekday peak 140.5
05-29T18 05-29T22 weekday mid 109.8
05-29T22 05-30T00 weekday off_peak 87.3
05-30T00 05-30T08 saturday off_peak 87.3
05-30T08 05-30T22 saturday mid 109.8
05-30T22 05-31T00 saturday off_peak 87.3
05-31T00 06-01T00 sunday off_peak 87.3
06-01T00 06-01T08 weekday off_peak 87.3
06-01T08 06-01T15 weekday mid 140.2
06-01T15 06-01T21 weekday peak 222.3
06-01T21 06-01T22 weekday mid 140.2
06-01T22 06-02T00 weekday off_peak 87.3
ROWS
	nbms-sched price $B --period 2026-05-29T08:00/2026-06-02 | diff prices -
	[ "$(sql "$NBMS_DIR/nbms.db" 'SELECT count(*), sum(ends - begins) FROM unit_price')" = '15|316800' ]
	run -78 --separate-stderr nbms-sched price $B --period 2020-01-01/2020-01-02
	[[ "$stderr" == *'no prices for that day'* ]]
}

@test "a bill of real load, by two tariffs, with what one more kilowatt costs" {
	building
	nbms-sched bill $B --month 2026-07 --tariff general/eul/high_a/1 --tariff general/eul/high_a/2 >bills
	[ "$(wc -l <bills)" -eq 2 ]
	# what the interval charges add up to is the energy line, to the won
	sum=$(sql "$NBMS_DIR/history/C000003_B001/2026-07.db" "SELECT sum(value) FROM sample WHERE series =
		(SELECT id FROM series WHERE point_id LIKE '%MainMeter_01#Charge' AND attr = 'M_Value')")
	jq -es --argjson sum "$sum" '.[1] | .energy >= $sum - 2 and .energy <= $sum + 2 and .estimate and .unpriced == 0' bills
	# July counts for twelve bills: 8,320 won and 12.7 % on top, each
	jq -es '.[1].one_more_kw_12_bills == 112519.68 and .[1].set_by == "2026-07" and (.[1].floored | not)' bills
	jq -es '.[0].total != .[1].total and .[0].kwh == .[1].kwh' bills
	run -78 --separate-stderr nbms-sched bill $B --month 2026-07 --tariff nix
}

@test "zones are drawn, worked out, changed and removed" {
	building
	temp=$(sql "$NBMS_DIR/nbms.db" "SELECT point_id FROM point WHERE point_id LIKE '%AHUReturnAirTemp_01'")
	cat >zones <<ROWS
{"customer":"C000003","building":"B001","zone_id":"3F","members":[{"point_id":"$temp","role":"temperature"},{"point_id":"$FAN1","role":"equipment"}],"rule":{"humidity":50}}
{"customer":"C000003","building":"B001","zone_id":"bad","members":[]}
{"customer":"C000003","building":"B001","zone_id":"far","members":[{"point_id":"nowhere","role":"temperature"}]}
ROWS
	run -1 --separate-stderr nbms-sched zone --count zones
	[[ "$stderr" == *'zones:2: bad-zone: members: not a list of points'* ]]
	[[ "$stderr" == *'zones:3: zone far: nowhere: no such point yet'* ]]
	nbms-sched zones >status
	jq -es '.[0] | .zone_id == "3F" and .equipment == "on" and (.pmv | type) == "number" and (.stale | not)' status
	jq -es '.[1] | .zone_id == "far" and .comfort == "unknown" and .pmv == null and .stale' status
	[ "$(sql "$NBMS_DIR/nbms.db" "SELECT status FROM user_zone WHERE zone_id = '3F'" | jq -r .equipment)" = on ]
	# two hours on, nothing new has come: stale, and not made up
	nbms-sched zones --at 2026-07-16T16:05 | jq -se '.[0].stale and .[0].comfort == "unknown" and .[0].pmv == null'
	# the outline to plot behind it: 11 humidities at PMV -0.5, and back at 0.5
	nbms-query comfort-zone --building C000003_B001 >outline
	jq -es 'length == 44 and .[0].zone_id == "3F" and .[0].humidity == 0 and .[10].humidity == 100 and .[0].clo == 0.5
		and .[0].air > .[10].air and .[11].air > .[10].air and .[21].air > .[0].air and .[0].ratio == 0' outline
	[ "$(nbms-query comfort-zone --building C000003_B001 --limit 3 | wc -l)" -eq 3 ]
	echo '{"customer":"C000003","building":"B001","zone_id":"far","remove":true}' | nbms-sched zone
	[ "$(nbms-sched zones | wc -l)" -eq 1 ]
}

@test "a holiday list that ends soon is warned of" {
	nbms-sched apply schedules
	NBMS_NOW=2027-12-01T00:00:00+09:00 run -0 --separate-stderr nbms-sched expand
	[[ "$stderr" == *'holidays of kr: known through 2027-12-31 only, 30 days from now'* ]]
}

@test "the questions every program answers" {
	nbms-sched --help | grep -q explain
	nbms-sched --version | grep -q nbms
	run -64 nbms-sched
	run -64 nbms-sched fly
	run -64 nbms-sched apply --nix
	run -66 nbms-sched apply no-such-file
	run -64 nbms-sched expand --building B001
	run -66 nbms-sched expand --customer C9
	run -64 nbms-sched price $B --period 2026-07-02/2026-07-01
	run -64 nbms-sched price $B --period soon
	nbms-sched apply schedules
	run -74 sh -c "nbms-sched explain $B >/dev/full"
	run -74 sh -c "nbms-sched send schedule --thing C000003_B001_01 >/dev/full"
	head -c 20000000 /dev/zero | tr '\0' x >long
	echo >>long
	run -1 nbms-sched apply long
	! printf 'control \001 byte\n' | nbms-sched apply 2>&1 | grep -q "$(printf '\001')"
}

@test "SIGTERM in mid-stream: what was read is kept" {
	mkfifo in
	nbms-sched apply <in 7>&- &
	pid=$!
	exec 7>in
	cat schedules >&7
	is_kept() { [ "$(sql "$NBMS_DIR/nbms.db" 'SELECT count(*) FROM schedule')" = 1 ]; }
	within 60 is_kept
	kill -TERM $pid
	wait $pid
	exec 7>&-
	[ "$(sql "$NBMS_DIR/nbms.db" 'SELECT count(*) FROM schedule')" = 1 ]
}
