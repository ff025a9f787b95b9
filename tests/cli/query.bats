#!/usr/bin/env bats
# nbms-query: what was stored comes back, in order, in every form, and what is not there is said.

load common

setup() {
	common_setup
	export NBMS_NOW=2022-12-01T00:00:00Z
}

# building KEY ZONE: a building and its gateways 01 and 02.
building() {
	local c=${1%_*} b=${1#*_}
	nbms-device register <<-ROWS
		{"type":"customer","customer":"$c"}
		{"type":"building","customer":"$c","building":"$b","timezone":"$2"}
		{"type":"thing","thing":"$1_01"}
		{"type":"thing","thing":"$1_02"}
	ROWS
}

# log THING STAMP POINT JSON [POINT JSON ...]: a periodic_log record.
log() {
	local thing=$1 stamp=$2 n=0 points=
	shift 2
	while [ $# -gt 0 ]; do
		points+="\"point_$n\":{\"msg\":[{\"attr_name\":\"M_Value\",\"data\":$2}],\"period\":15,\"point_id\":\"$1\"},"
		n=$((n + 1))
		shift 2
	done
	echo "{\"thing\":\"$thing\",\"point\":\"periodic_log\",\"message\":{\"msg_type\":\"Periodic_Log\",$points\"point_count\":$n,\"time\":\"$stamp\"}}"
}

# The members named, of each row, a row a line.
only() {
	jq -r "[$1] | join(\" \")"
}

@test "history gives back what was logged, in order of time, of every kind" {
	building C1_B1 Asia/Seoul
	{
		log C1_B1_01 202210040915 a 1.5 b '"Auto"'
		log C1_B1_01 202210040945 a null b true
		log C1_B1_01 202210041000 a 12345678901234567890 b '"line\n\"quoted\", \u00b0C"'
		log C1_B1_01 202210040930 a 2 b false
	} | nbms-store
	cat >expected <<'ROWS'
{"time":"2022-10-04T09:15:00+09:00","point_id":"a","attr":"M_Value","value":1.5,"thing":"C1_B1_01"}
{"time":"2022-10-04T09:15:00+09:00","point_id":"b","attr":"M_Value","value":"Auto","thing":"C1_B1_01"}
{"time":"2022-10-04T09:30:00+09:00","point_id":"a","attr":"M_Value","value":2,"thing":"C1_B1_01"}
{"time":"2022-10-04T09:30:00+09:00","point_id":"b","attr":"M_Value","value":false,"thing":"C1_B1_01"}
{"time":"2022-10-04T09:45:00+09:00","point_id":"a","attr":"M_Value","value":null,"thing":"C1_B1_01"}
{"time":"2022-10-04T09:45:00+09:00","point_id":"b","attr":"M_Value","value":true,"thing":"C1_B1_01"}
{"time":"2022-10-04T10:00:00+09:00","point_id":"a","attr":"M_Value","value":12345678901234567890,"thing":"C1_B1_01"}
{"time":"2022-10-04T10:00:00+09:00","point_id":"b","attr":"M_Value","value":"line\n\"quoted\", \u00b0C","thing":"C1_B1_01"}
ROWS
	nbms-query history -b C1_B1 | diff expected -
	nbms-query history --point b | diff <(grep '"b"' expected) -
	nbms-query history --point '[a]' | diff <(grep '"a"' expected) -
	nbms-query history --limit 3 | diff <(head -n 3 expected) -
	nbms-query history --from 2022-10-04T09:30 --to 2022-10-04T10:00 | diff <(sed -n 3,6p expected) -
	nbms-query history --from 202210040930 --to 2022-10-04T01:00:00Z | diff <(sed -n 3,6p expected) -
	nbms-query history --csv --point b >csv
	cat >expected <<-'ROWS'
		time,point_id,attr,value,thing
		2022-10-04T09:15:00+09:00,b,M_Value,Auto,C1_B1_01
		2022-10-04T09:30:00+09:00,b,M_Value,false,C1_B1_01
		2022-10-04T09:45:00+09:00,b,M_Value,true,C1_B1_01
		2022-10-04T10:00:00+09:00,b,M_Value,"line
		""quoted"", °C",C1_B1_01
	ROWS
	diff expected csv
	nbms-query history --table --point a --limit 1 >table
	printf '%s\n' 'time                       point_id  attr     value  thing' \
		'2022-10-04T09:15:00+09:00  a         M_Value    1.5  C1_B1_01' | diff - table
}

@test "the day the clocks go back has its hour twice, the day they go forward has none" {
	building C1_B1 Europe/London
	for utc in 2022-10-29T23:00 2022-10-30T00:30 2022-10-30T01:30 2022-10-30T23:30 2022-10-31T00:00; do
		log C1_B1_01 $utc:00Z a 1
	done | nbms-store
	[ "$(nbms-query history --from 2022-10-30 --to 2022-10-31 | jq -r .time | xargs)" = \
		'2022-10-30T00:00:00+01:00 2022-10-30T01:30:00+01:00 2022-10-30T01:30:00+00:00 2022-10-30T23:30:00+00:00' ]
	for utc in 2022-03-27T00:45 2022-03-27T01:00; do log C1_B1_01 $utc:00Z a 1; done | nbms-store
	[ "$(nbms-query history --to 2022-03-28 | jq -r .time | xargs)" = \
		'2022-03-27T00:45:00+00:00 2022-03-27T02:00:00+01:00' ]
}

@test "months follow one another, and a month is the building's own" {
	building C1_B1 Asia/Seoul
	for stamp in 202212010000 202210312345 202211010000 202302280000 202211302345; do
		NBMS_NOW=2023-03-01T00:00:00Z
		log C1_B1_01 $stamp a "$stamp"
	done | NBMS_NOW=2023-03-01T00:00:00Z nbms-store
	[ "$(nbms-query history | jq -r .value | xargs)" = \
		'202210312345 202211010000 202211302345 202212010000 202302280000' ]
	[ "$(nbms-query history --from 2022-11 --to 2022-12 | jq -r .value | xargs)" = '202211010000 202211302345' ]
	[ "$(nbms-query months | only .month,.frames,.series | xargs)" = '2022-10 1 1 2022-11 2 1 2022-12 1 1 2023-02 1 1' ]
	[ "$(nbms-query count | only .month,.samples | xargs)" = '2022-10 1 2022-11 2 2022-12 1 2023-02 1' ]
	[ "$(nbms-query latest | jq -r .value)" = 202302280000 ]
	[ "$(nbms-query latest --to 2022-12 | jq -r .value)" = 202211302345 ]
}

@test "a replaced gateway: its points go on, merged in order of time" {
	building C1_B1 Asia/Seoul
	{
		log C1_B1_01 202210040900 a 1 old 7
		log C1_B1_01 202210040930 a 3
		log C1_B1_02 202210040915 a 2
		log C1_B1_02 202210040945 a 4
		log C1_B1_01 202210040945 a 5
	} | nbms-store
	[ "$(nbms-query history -p a | only .value,.thing | xargs)" = \
		'1 C1_B1_01 2 C1_B1_02 3 C1_B1_01 5 C1_B1_01 4 C1_B1_02' ]
	[ "$(nbms-query history -p a --thing C1_B1_02 | jq .value | xargs)" = '2 4' ]
	[ "$(nbms-query latest | only .point_id,.time | xargs)" = \
		'a 2022-10-04T09:45:00+09:00 old 2022-10-04T09:00:00+09:00' ]
	[ "$(nbms-query count | only .point_id,.thing,.samples | xargs)" = \
		'a C1_B1_01 3 a C1_B1_02 2 old C1_B1_01 1' ]
}

@test "latest: late data does not replace it, and it looks back only so far" {
	building C1_B1 Asia/Seoul
	{
		log C1_B1_01 202210041000 a 10 b 20
		log C1_B1_01 202210040915 a 1 b 2 c 3
		log C1_B1_01 202209200000 d 4
	} | nbms-store
	[ "$(nbms-query latest | only .point_id,.value | xargs)" = 'a 10 b 20 c 3' ]
	[ "$(nbms-query latest --from 2022-09 | only .point_id,.value | xargs)" = 'a 10 b 20 c 3 d 4' ]
	[ "$(nbms-query latest --to 2022-10-04T10:00 -p a | jq .value)" = 1 ]
	[ "$(nbms-query latest -p '[ab]' --csv | tail -n +2 | cut -d, -f4 | xargs)" = '10 20' ]
}

@test "many points at once are the same points one by one" {
	building C000003_B001 Asia/Seoul
	gzip -dc "$top/testdata/captures/day-883.ndjson.gz" |
		sed 1d | head -n 9 | nbms-recv --replay - | nbms-store
	nbms-query history >all
	[ "$(nbms-query count | jq -s 'map(.samples) | add')" -eq "$(wc -l <all)" ]
	nbms-query history -p '*Fan*' | diff <(grep 'point_id":"[^"]*Fan' all) -
	nbms-query latest | wc -l | diff <(jq -r .point_id,.attr all | paste - - | sort -u | wc -l) -
	id=$(sed -n 5p all | jq -r .point_id)
	nbms-query history -p "$id" | diff <(grep -F "\"$id\"" all) -
	jq -r .time all | sort -c
}

@test "SIGTERM in mid-stream: whole rows, and status 0" {
	building C000003_B001 Asia/Seoul
	gzip -dc "$top/testdata/captures/day-883.ndjson.gz" | head -n 9 | nbms-recv --replay - | nbms-store
	nbms-query history >all
	mkfifo pipe
	nbms-query history >pipe &
	exec 7<pipe
	read -r _ <&7
	kill -TERM $!
	cat <&7 >rest
	exec 7<&-
	wait $!
	[ "$(wc -l <rest)" -gt 0 ]
	[ "$(wc -l <rest)" -lt "$(($(wc -l <all) - 1))" ]
	sed -n "2,$(($(wc -l <rest) + 1))p" all | cmp - rest
	# a reader that has seen enough
	nbms-query history | head -n 2 | cmp - <(head -n 2 all)
}

@test "a damaged file is said to be one" {
	only_sqlite
	building C1_B1 Asia/Seoul
	log C1_B1_01 202210040900 a 1 | nbms-store
	month=nbms-state/history/C1_B1/2022-10.db
	cp $month kept
	head -c 5000 /dev/urandom >$month
	run -78 nbms-query history
	[[ $output == *"$month: cannot "* ]]
	head -c 9000 kept >$month
	run -78 nbms-query history
	: >$month # its beginning: somebody is making it
	[ -z "$(nbms-query history)" ]
	sqlite3 nbms-state/nbms.db 'PRAGMA user_version = 9999'
	run -78 nbms-query points
	[[ $output == *'made by a newer nbms'* ]]
}

@test "gaps, as periods" {
	building C1_B1 Asia/Seoul
	for stamp in 202210040900 202210040915 202210041000 202210041015; do
		log C1_B1_01 $stamp a 1
	done | nbms-store
	[ "$(nbms-query gaps --to 2022-10-04T10:16 | only .thing,.first,.last,.periods,.period)" = \
		'C1_B1_01 2022-10-04T09:30:00+09:00 2022-10-04T09:45:00+09:00 2 15' ]
	[ "$(nbms-query gaps --from 2022-10-04T09:45 --to 2022-10-04T10:00 | jq .periods)" = 1 ]
	[ "$(nbms-query gaps --thing C1_B1_02 | wc -l)" -eq 0 ]
	NBMS_NOW=2022-10-04T02:00:00Z
	[ "$(nbms-query gaps | only .first,.periods | tail -n 1)" = '2022-10-04T10:30:00+09:00 3' ]
}

@test "energy by hour, day and month of the building's zone" {
	nbms-device register <<-'ROWS'
		{"type":"customer","customer":"C1"}
		{"type":"building","customer":"C1","building":"B1","timezone":"Europe/London"}
		{"type":"thing","thing":"C1_B1_01"}
	ROWS
	{
		echo '{"thing":"C1_B1_01","point":"init","message":{"msg_type":"Init","point_0":{"point_id":"m","point_info":{"class":"Energy","unit":"kWh"}},"point_count":1,"time":"2022-10-29T00:00:00Z"}}'
		# a quarter of a kWh each quarter of an hour: a kilowatt; in the last one 2 kWh
		start=$(date -d 2022-10-28T23:00Z +%s)
		for i in $(seq 0 200); do
			log C1_B1_01 "$(date -u -d "@$((start + 900 * i))" +%FT%TZ)" m "$((i * 25 + (i == 200) * 175))e-2"
		done
	} | nbms-store
	nbms-query energy --from 2022-10-29 --to 2022-11-01 >days
	[ "$(only .from,.usage_kwh,.demand_kw,.intervals,.marked,.charge <days | xargs)" = \
		'2022-10-29T00:00:00+01:00 24 1 96 0 2022-10-30T00:00:00+01:00 25 1 100 0 2022-10-31T00:00:00+00:00 2.75 8 4 0' ] ||
		only .from,.usage_kwh,.demand_kw,.intervals,.marked,.charge <days
	[ "$(nbms-query energy | head -n 1 | only .from,.intervals,.marked)" = '2022-10-29T00:00:00+01:00 96 0' ]
	[ "$(nbms-query energy --by hour --from 2022-10-30T00:00 --to 2022-10-30T02:00 | only .from,.to,.usage_kwh | xargs)" = \
		'2022-10-30T00:00:00+01:00 2022-10-30T01:00:00+01:00 1 2022-10-30T01:00:00+01:00 2022-10-30T01:00:00+00:00 1 2022-10-30T01:00:00+00:00 2022-10-30T02:00:00+00:00 1' ]
	[ "$(nbms-query energy --by month -p m --from 2022-10 | only .usage_kwh,.demand_kw,.demand_at,.intervals | xargs)" = \
		'51.75 8 2022-10-31T01:00:00+00:00 201' ]
}

@test "points, composites, buildings, things and tables" {
	building C1_B1 Asia/Seoul
	cat >init <<-'ROWS'
		{"thing":"C1_B1_01","point":"init","message":{"msg_type":"Init","point_0":{"point_id":"39.BI-300:1_AHUSupplyFan_01","point_info":{"unit":"","x":[1]},"point_location":{"floor":"3F","zone":"East"}},"point_1":{"point_id":"z","point_info":{"unit":"degC"}},"point_count":2,"time":"202210040900"}}
	ROWS
	nbms-store init
	[ "$(nbms-query points | only .point_id,.class,.unit,.floor,.zone,.deleted)" = \
		"$(printf '%s\n' '39.BI-300:1_AHUSupplyFan_01 AHU  3F East ' 'z  degC   ')" ]
	[ "$(nbms-query points --all -p '*Fan*' | jq -c '[.point_info, .point_location]')" = '[{"unit":"","x":[1]},{"floor":"3F","zone":"East"}]' ]
	[ "$(nbms-query composites --all | jq -c '[.composite_id, .roles, .members]')" = \
		'["ComP_U_AHU_01",1,{"SupplyFan":"39.BI-300:1_AHUSupplyFan_01"}]' ]
	[ "$(nbms-query composites -p ComP_U_AHU_01 | wc -l)" -eq 1 ]
	[ "$(nbms-query composites -p z | wc -l)" -eq 0 ]
	[ "$(nbms-query buildings | jq -r .timezone)" = Asia/Seoul ]
	[ "$(nbms-query things | jq -r .thing | xargs)" = 'C1_B1_01 C1_B1_02' ]
	[ "$(nbms-query tables | jq -r 'select(.table == "point" or .table == "thing") | .rows' | xargs)" = '2 2' ]
}

@test "what is not there is said, with status 66; what cannot be asked, with 64" {
	run -66 nbms-query history -d nowhere
	[[ $output == *'nowhere'*': no registry there' ]]
	mkdir empty
	run -66 nbms-query history -d empty
	[[ $output == *'empty'*': no registry there' ]]
	building C1_B1 Asia/Seoul
	log C1_B1_01 202210040900 a 1 | nbms-store
	run -66 nbms-query history -b C1_B9
	[[ $output == *'no such building: C1_B9' ]]
	run -66 nbms-query history -p a -p nothing
	[[ $output == *'C1_B1: no such point: nothing' ]]
	run -66 nbms-query latest -p '*nothing*'
	run -66 nbms-query history --thing C1_B1_07
	run -66 nbms-query history --thing C9_B1_01
	run -64 nbms-query history --from tomorrowish
	[[ $output == *'--from: not a time: tomorrowish'* ]]
	run -64 nbms-query history --from 2022-10-05 --to 2022-10-05
	run -64 nbms-query history -b ../../etc
	run -64 nbms-query points --from now
	run -64 nbms-query history extra
	run -64 nbms-query energy --by week
	run -64 nbms-query frob
	run -64 nbms-query
	[ -z "$(nbms-query history --from 2023-01)" ]
	nbms-device register <<<'{"type":"building","customer":"C1","building":"B2","timezone":"Asia/Seoul"}'
	run -64 nbms-query history
	[[ $output == *'which of the buildings?'* ]]
	[ -z "$(nbms-query history -b C1_B2)" ]
	[ -z "$(nbms-query gaps -b C1_B2)" ]
	[ -z "$(nbms-query latest -b C1_B2)" ]
	run -74 sh -c 'nbms-query history -b C1_B1 >/dev/full'
}

# Runs nbms-query as somebody who may not write to the state directory.
as_reader() {
	cp -n "$(command -v nbms-query)" .
	chmod a+x . .. ../.. nbms-query 2>/dev/null || true
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups ./nbms-query "$@"
	else
		./nbms-query "$@"
	fi
}

@test "a state directory that may not be written to" {
	only_sqlite
	building C1_B1 Asia/Seoul
	log C1_B1_01 202210040900 a 1 | nbms-store
	chmod -R a+rX,a-w nbms-state
	[ "$(as_reader history -d "$PWD/nbms-state" | jq .value)" = 1 ]
	[ "$(as_reader tables -d "$PWD/nbms-state" | wc -l)" -gt 5 ]
	[ -z "$(find nbms-state -name '*-wal' -o -name '*-shm')" ]
	chmod -R u+w nbms-state
	# while somebody else writes there
	mkfifo pipe
	nbms-store pipe &
	exec 7>pipe
	log C1_B1_01 202210040915 a 2 >&7
	within 60 test -e nbms-state/history/C1_B1/2022-10.db-wal
	if [ "$(id -u)" -eq 0 ]; then
		within 60 both_are_there
	fi
	exec 7>&-
	wait $!
}

both_are_there() {
	[ "$(as_reader history -d "$PWD/nbms-state" | jq .value | xargs)" = '1 2' ]
}

more_rows() { nbms-query history >rows && [ "$(wc -l <rows)" -gt "$before" ]; }

@test "read while it is written: whole frames, in order, more each time" {
	building C1_B1 Asia/Seoul
	mkfifo pipe
	nbms-store pipe &
	exec 7>pipe
	before=0
	for hour in 00 01 02 03 04 05 06 07; do
		for minute in 00 15 30 45; do log C1_B1_01 20221004$hour$minute a 1 b '"x"' c 3; done >&7
		within 60 more_rows
		[ $(($(wc -l <rows) % 3)) -eq 0 ]
		before=$(wc -l <rows)
	done
	exec 7>&-
	wait $!
	[ "$(nbms-query history -p b | jq -r .value | sort | uniq -c | xargs)" = '32 x' ]
}

# Register readings of a meter, each 15 minutes of a day in Seoul: DAY FIRST [TOTAL]
meter_day() {
	local i total=$2
	for i in $(seq 0 95); do
		log C1_B1_01 "$1$(printf %02d%02d $((i / 4)) $((i % 4 * 15)))" m $((total + i)) other $((3 * i))
	done
}

# The three ways a day's energy is read have to agree with the samples, whatever was summed.
energy_agrees() {
	for by in day month; do
		nbms-query energy -b C1_B1 --by $by >summed
		for file in nbms-state/history/C1_B1/*.db; do sqlite3 "$file" 'UPDATE energy_summed SET claim = 1 WHERE claim = 0'; done
		nbms-query energy -b C1_B1 --by $by >sampled
		for file in nbms-state/history/C1_B1/*.db; do sqlite3 "$file" 'UPDATE energy_summed SET claim = 0 WHERE claim = 1'; done
		diff sampled summed
	done
}

@test "a day's energy from its sums is that of its samples; what comes late takes the sums of its day away" {
	only_sqlite
	building C1_B1 Asia/Seoul
	nbms-device register <<<'{"type":"building","customer":"C1","building":"B1","tariff":"general/eul/high_a/2","contract_kw":100,"country":"KR"}'
	nbms-device register "$top/testdata/tariffs/kr-general.ndjson" "$top/testdata/holidays/kr.ndjson"
	echo '{"thing":"C1_B1_01","point":"init","message":{"msg_type":"Init","point_0":{"point_id":"m","point_info":{"class":"Energy","unit":"kWh"},"point_location":{}},"point_count":1,"time":"202210300000"}}' | nbms-store
	export NBMS_NOW=2024-12-01T00:00:00Z
	# over the end of a month, without an hour of one day
	{ meter_day 20241030 0; meter_day 20241031 96; meter_day 20241101 192; } | grep -v '"time":"2024103112' | nbms-store
	[ "$(nbms-store sums | jq -c '[.month, .days]' | xargs)" = '[2024-10,32] [2024-11,31]' ]
	[ -z "$(nbms-store sums)" ]
	[ "$(nbms-query energy --by day | jq -c '[.usage_kwh, .marked]' | xargs)" = '[96,0] [96,1] [95,0]' ]
	energy_agrees
	# late readings: the day is read from its samples until it is summed again
	meter_day 20241031 96 | grep '"time":"2024103112' | nbms-store
	[ "$(sqlite3 nbms-state/history/C1_B1/2024-10.db 'select count(*) from energy_summed')" = 31 ]
	[ "$(nbms-query energy --by day | jq -c '[.usage_kwh, .marked]' | xargs)" = '[96,0] [96,0] [95,0]' ]
	energy_agrees
	# what ends at midnight stands in the next month's file, and belongs to the day before
	log C1_B1_01 202411010000 m 193 | nbms-store
	[ "$(nbms-query energy --by day | jq -c .usage_kwh | xargs)" = '96 97 94' ]
	[ "$(nbms-store sums | jq -c '[.month, .days]' | xargs)" = '[2024-10,1] [2024-11,2]' ]
	energy_agrees
	[ "$(nbms-query energy --by day --from 2024-10-31T06:00 --to 2024-11-01 | jq .usage_kwh)" = 73 ]
	[ "$(nbms-query cost --by month | jq -c '[.usage_kwh, .currency, .charge > 0]' | xargs)" = '[193,KRW,true] [94,KRW,true]' ]
	[ "$(nbms-query compare --from 2024-11-01 --to 2024-11-02 --than 2024-10-31 | jq -c '[.usage_kwh, .than_kwh, .change_kwh]')" = '[94,97,-3]' ]
	[ "$(nbms-query peak --by day | jq -c '[.demand_kw, .of_contract]' | tail -n 1)" = '[4,0.04]' ]
	# an archive of before there were sums is read as it is
	sqlite3 nbms-state/history/C1_B1/2024-10.db 'DROP TABLE chunk; DROP TABLE energy_day; DROP TABLE energy_summed; PRAGMA user_version = 1'
	[ "$(nbms-query energy --by day | jq -c .usage_kwh | xargs)" = '96 97 94' ]
	[ "$(nbms-store sums | jq -c '[.month, .days]' | xargs)" = '[2024-10,32]' ]
	energy_agrees
}

# Four days of two gateways, over the end of a month and a change of the clocks: values of every kind, reports that are missing,
# double or odd, points that come and go. SEED PART: a tenth of the reports, the first nine or the last.
mixed() {
	awk -v seed="$1" -v part="$2" '
	function value(p) {
		if (rand() < 0.04) return "null"
		if (p == 0) return int(rand() * 3)
		if (p == 1) return sprintf("%.1f", 20 + 5 * rand())
		if (p == 2) return sprintf("%.15g", rand() / 3)
		if (p == 3) return rand() < 0.5 ? "true" : "false"
		if (p == 4) return rand() < 0.7 ? "\"Auto\"" : "\"Off\""
		if (p == 5) return rand() < 0.5 ? "-0.0" : "12345678901234567890"
		return 7
	}
	BEGIN {
		srand(seed)
		for (t = 1667001600; t < 1667001600 + 4 * 86400; t += 900) # 2022-10-29T00:00Z
			for (g = 1; g <= 2; g++) {
				gone = rand() < 0.1
				at = rand() < 0.03 ? t + 1 + int(rand() * 800) : t
				text = ""
				for (p = n = 0; p < 12; p++)
					if (rand() < 0.9)
						text = text sprintf("\"point_%d\":{\"msg\":[{\"attr_name\":\"M_Value\",\"data\":%s}],\"period\":15,\"point_id\":\"%s\"},",
							n++, value(p), p == 11 ? "only_" g : "p" p)
				late = rand() < 0.1
				line = sprintf("{\"thing\":\"C1_B1_0%d\",\"point\":\"periodic_log\",\"message\":{\"msg_type\":\"Periodic_Log\",%s\"point_count\":%d,\"time\":\"%s\"}}",
					g, text, n, strftime("%Y-%m-%dT%H:%M:%SZ", at, 1))
				if (!gone && n > 0 && late == (part == "late")) print line
			}
	}'
}

# Every way through the samples.
all_of_it() {
	nbms-query history --json
	for point in p4 'p[35]' '*'; do
		nbms-query history -p "$point" --json
		nbms-query history -p "$point" --from 2022-10-30T00:15 --to 2022-11-01T13:00 --csv
	done
	nbms-query history -p p1 --thing C1_B1_02 --limit 100 --json
	nbms-query history -p p1 --max-points 40 --json
	nbms-query trend -p p1 -p p2 --by day --json
	nbms-query count --json
	nbms-query latest --json
	for to in 2022-10-31T00:10 2022-11-01T07:01; do
		nbms-query latest --to $to --json
		nbms-query latest -p p2 -p only_1 -p new --from 2022-10-29T12:20 --to $to --json
	done
}

@test "samples of days that were worked out are those that came, whatever comes later" {
	building C1_B1 Europe/London
	{
		mixed 1 first
		log C1_B1_02 2022-10-29T05:07:00Z new 1
	} | nbms-store
	all_of_it >before
	nbms-store sums >/dev/null
	all_of_it | diff before -
	# what is late takes its days off the list; what is corrected, too
	mixed 1 late | nbms-store
	log C1_B1_01 2022-10-30T12:00:00Z p0 99 p4 '"Late"' p1 null | nbms-store
	log C1_B1_02 2022-10-29T23:00:00Z p1 1e-7 new 1 | nbms-store
	all_of_it >before
	grep -q '"Late"' before
	[ "$(nbms-store sums | jq .days | xargs)" != '' ]
	all_of_it | diff before -
	[ -z "$(nbms-store sums)" ]
	# what comes once more counts, and one sample alone is enough
	mixed 1 late | nbms-store
	all_of_it >before
	run -1 grep -q '"Late"' before
	log C1_B1_01 2022-10-31T00:00:00Z p3 false | nbms-store
	all_of_it >before
	nbms-store sums >/dev/null
	all_of_it | diff before -
}

@test "a chunk that is damaged is told, and nothing is made up of it" {
	only_sqlite
	building C1_B1 Asia/Seoul
	meter_day 20221004 5 | nbms-store
	nbms-store sums >/dev/null
	sqlite3 nbms-state/history/C1_B1/2022-10.db "UPDATE chunk SET data = substr(data, 1, 20)"
	run -78 --separate-stderr nbms-query history -p m
	[[ $stderr == *'2022-10.db: damaged: a chunk of m'* ]]
}

@test "trends by interval: days of 23 and 25 hours, what is missing is told, several points at once" {
	building C1_B1 Europe/London
	for hour in $(seq 0 71); do
		log C1_B1_01 "$(date -u -d "2022-10-28T23:00Z + $hour hour" +%FT%TZ)" a "$((hour % 2))" b 5
	done | sed 's/"period":15/"period":60/g' | nbms-store
	[ "$(nbms-query trend --by day -p a | jq -c '[.from, .count, .sum, .mean, .coverage]' | xargs)" = \
		'[2022-10-29T00:00:00+01:00,24,12,0.5,1] [2022-10-30T00:00:00+01:00,25,12,0.48,1] [2022-10-31T00:00:00+00:00,23,12,0.5319148936170213,0.9792]' ]
	[ "$(nbms-query trend --by week | jq -c '[.point_id, .count]' | xargs)" = '[a,49] [b,49] [a,23] [b,23]' ]
	[ "$(nbms-query trend --by 360m -p b --from 2022-10-30 --to 2022-10-31 | jq -c '[.from[11:13], .count]' | xargs)" = '[00,6] [05,6] [11,6] [17,6] [23,1]' ]
	[ "$(nbms-query trend --by hour -p b --from 2022-10-29T10:30 --to 2022-10-29T12:00 | jq -c '[.count, .coverage]' | xargs)" = '[0,0.5] [1,1]' ]
	run -64 nbms-query trend --by fortnight
	# to be drawn: the outline, in order, never more than asked for
	log C1_B1_01 2022-10-30T12:30:00Z a 77 | nbms-store
	[ "$(nbms-query history -p a --max-points 10 | wc -l)" -le 10 ]
	[ "$(nbms-query history -p a --max-points 4 | jq -s 'map(.value) | max')" = 77 ]
	nbms-query history -p a --from 2022-10-29 --to 2022-11-01 --max-points 1000 | diff <(nbms-query history -p a) -
	nbms-query history -p a --max-points 20 | jq -r .time | sort -c
	run -64 nbms-query history --max-points 1
}

@test "schedules by the week, reports as rows and as a page, a point with all about it" {
	building C1_B1 Asia/Seoul
	NBMS_NOW=2022-10-05T03:00:00Z
	echo '{"thing":"C1_B1_01","point":"init","message":{"msg_type":"Init","point_0":{"point_id":"m","point_info":{"name":"<script>alert(1)</script>","class":"Energy","unit":"kWh"},"point_location":{}},"point_count":1,"time":"202209300000"}}' | nbms-store
	for hour in 00 06 12 18; do log C1_B1_01 20221004${hour}00 m "${hour#0}" t 22.5; done | sed 's/"period":15/"period":360/g' | nbms-store
	log C1_B1_01 202210050000 m 24 t 23 | nbms-store
	nbms-sched apply <<-'ROWS'
		{"type":"schedule","customer":"C1","building":"B1","schedule":{"schedule_id":"s","weekly":{"wed":[["08:00",1],["18:00",0]]},"exceptions":[{"name":"Fair","dates":"2022-10-07","priority":3,"values":[["10:00",1],["11:00",null]]}],"default":0}}
		{"type":"manual","customer":"C1","building":"B1","schedule_id":"s","from":"2022-10-06T09:00","to":"2022-10-06T10:00","value":1,"name":"Kim"}
	ROWS
	[ "$(nbms-query week | jq -r '[.from[5:16], .to[5:16], .value, .source, .name] | join(" ")')" = "10-03T00:00 10-05T08:00 0 default 
10-05T08:00 10-05T18:00 1 weekly 
10-05T18:00 10-06T00:00 0 weekly 
10-06T00:00 10-06T09:00 0 default 
10-06T09:00 10-06T10:00 1 manual Kim
10-06T10:00 10-07T10:00 0 default 
10-07T10:00 10-07T11:00 1 exception Fair
10-07T11:00 10-10T00:00 0 default " ]
	run -64 nbms-query week --from 2022-01-01 --to 2022-12-31
	nbms-sched zone <<-'ROWS'
		{"customer":"C1","building":"B1","zone_id":"z","name":"A & B","members":[{"point_id":"t","role":"temperature"}],"rule":{"humidity":50,"stale":"12h"}}
	ROWS
	nbms-query daily >rows
	[ "$(jq -r 'select(.what == "total") | .usage_kwh' rows)" = 24 ]
	[ "$(jq -r 'select(.what == "interval") | .usage_kwh' rows | xargs)" = '6 6 6 6' ]
	[ "$(jq -r 'select(.what == "zone") | .mean, .pmv < 0' rows | xargs)" = '22.5 true' ]
	nbms-query daily --html >page.html
	grep -q '&lt;script&gt;alert(1)&lt;/script&gt;' page.html
	run ! grep -q '<script>' page.html
	grep -q 'A &amp; B' page.html
	[ "$(nbms-query monthly --at 2022-10 --csv | head -n 2 | tail -n 1 | cut -d, -f1,6)" = total,24 ]
	[ "$(nbms-query point -p t | jq -c '[.thing, .latest[0].value, .alarms]')" = '["C1_B1_01",23,[]]' ]
	run -64 nbms-query point -p '*'
	run -64 nbms-query energy --html
	[ "$(nbms-query overview | jq -c '[.state, .energy_yesterday_kwh, .alarms.level_1]')" = '["down",24,0]' ]
}

@test "as a user: what they may not see is not there" {
	building C1_B1 Asia/Seoul
	building C2_B1 Asia/Seoul
	log C1_B1_01 202210041000 a 1 | nbms-store
	nbms-live token add --customer C1 --out t1 kim
	nbms-live token add --customer C2 --role admin --out t2 lee
	[ "$(nbms-query overview --user kim | jq -r .building)" = C1_B1 ]
	[ "$(nbms-query history --user kim | wc -l)" -eq 1 ]
	[ "$(nbms-query things --user lee | jq -r .thing | xargs)" = 'C2_B1_01 C2_B1_02' ]
	run -66 nbms-query history --user lee -b C1_B1
	[[ $output == *'no such building: C1_B1' ]]
	run -77 nbms-query users --user kim
	[ "$(nbms-query users --user lee | jq -r .user)" = lee ]
	run -66 nbms-query me --user nobody
	[ "$(nbms-query me --user kim | jq -r .role)" = viewer ]
}

@test "what learning, optimising and tenders found" {
	building C1_B1 Asia/Seoul
	NBMS_NOW=2022-10-05T03:00:00Z
	[ -z "$(nbms-query forecast)$(nbms-query optimising)$(nbms-query results)$(nbms-query tenders)" ]
	nbms-learn callback >/dev/null <<-'ROWS'
		{"task_id":"l1","task":"learning","customerNumber":"C1","buildingNumber":"B1","status":"ok","reason":"ok","result":{"forecast":[{"from":"2022-10-04T23:00:00+09:00","kwh":9,"low":8,"high":10,"week_ago":7,"temperature":15},{"from":"2022-10-05T00:00:00+09:00","kwh":5,"low":4,"high":6,"week_ago":3,"temperature":14}]}}
		{"task_id":"o1","task":"optimizing","customerNumber":"C1","buildingNumber":"B1","status":"ok","reason":"ok","result":{"standing":{"cost":10},"saved":{"cost":3}}}
		{"task_id":"t1","task":"tender-predict","status":"ok","reason":"ok","result":{"bids":{"best":{"bid":5}}}}
	ROWS
	echo '{"thing":"C1_B1_01","point":"init","message":{"msg_type":"Init","point_0":{"point_id":"m","point_info":{"class":"Energy","unit":"kWh"},"point_location":{}},"point_count":1,"time":"202209300000"}}' | nbms-store
	for at in 202210042300,0 202210042330,4 202210050000,8; do log C1_B1_01 "${at%,*}" m "${at#*,}"; done | sed 's/"period":15/"period":30/g' | nbms-store
	[ "$(nbms-query forecast | jq -c '[.from[5:16], .kwh, .low, .actual_kwh, .task_id]' | xargs)" = '[10-04T23:00,9,8,8,l1] [10-05T00:00,5,4,null,l1]' ]
	[ "$(nbms-query optimising | jq -c '[.task_id, .result.saved.cost]')" = '["o1",3]' ]
	[ "$(nbms-query results | jq -c '[.task_id, .status, has("result")]' | sort | xargs)" = '[l1,ok,false] [o1,ok,false]' ]
	[ "$(nbms-query results --task o1 | jq .result.standing.cost)" = 10 ]
	[ "$(nbms-query tenders | jq .result.bids.best.bid)" = 5 ]
	# of several customers, a tender that is nobody's is only for the shell
	nbms-live token add --customer C1 --out t1 kim
	[ "$(nbms-query tenders --user kim | wc -l)" -eq 1 ]
	building C2_B1 Asia/Seoul
	[ -z "$(nbms-query tenders --user kim)" ]
	[ "$(nbms-query tenders | wc -l)" -eq 1 ]
	rm nbms-state/results/C1_B1/o1.json
	nbms-query optimising -b C1_B1 2>err | jq -e '.result == null'
	grep -q 'cannot be read' err
}
