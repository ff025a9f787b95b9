#!/usr/bin/env bats
# nbms-store: what gateways say into the registry and the month files, in whatever order and however often it comes.

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	# three days over a month's end, with logs lost, repeated, late and cut, values that are none, meters exchanged
	scripts/simulate --points 60 --from 2022-09-29 --days 3 --faults 0.06 >"$BATS_FILE_TMPDIR/days"
	head -n 1 "$BATS_FILE_TMPDIR/days" >"$BATS_FILE_TMPDIR/init"
	tail -n +2 "$BATS_FILE_TMPDIR/days" >"$BATS_FILE_TMPDIR/logs"
}

setup() {
	load common
	cd "$BATS_TEST_DIRNAME/../.." || return
	data=$PWD/testdata
	captures=$PWD/testdata/captures
	cd "$BATS_TEST_TMPDIR" || return
	thing=C000003_B001_01
	meter=39.AV-301:2001_EnergyMainMeter_01
}

# The registry in $1, with a tariff from $2 (none without).
registry() {
	nbms-device register -d "$1" "$data"/tariffs/kr-general.ndjson "$data"/holidays/kr.ndjson - <<-ROWS
		{"type":"building","customer":"C000003","building":"B001","timezone":"Asia/Seoul","tariff":"${2-}","country":"KR"}
		{"type":"building","customer":"C000007","building":"L001","timezone":"Europe/London"}
		{"type":"thing","thing":"C000003_B001_01"}
		{"type":"thing","thing":"C000007_L001_01"}
	ROWS
}

# init TIME POINT_ID [JSON of point_info], one point
init() {
	local info=${3-}
	[ -n "$info" ] || info='{"class":"Energy","unit":"kWh"}'
	echo '{"thing":"'$thing'","point":"init","message":{"msg_type":"Init","point_0":{"point_id":"'"$2"'","point_info":'"$info"'},"point_count":1,"time":"'"$1"'"}}'
}

# log TIME POINT_ID=JSON ...
log() {
	local time=$1 i=0 p items=
	shift
	for p; do
		items="$items\"point_$i\":{\"msg\":[{\"attr_name\":\"M_Value\",\"data\":${p#*=}}],\"period\":${period:-15},\"point_id\":\"${p%%=*}\"},"
		i=$((i + 1))
	done
	echo '{"thing":"'$thing'","point":"periodic_log","message":{"msg_type":"Periodic_Log",'"$items"'"point_count":'$i',"time":"'"$time"'"}}'
}

# history DIR [CONDITION]: all months of a state directory
history() {
	local f
	for f in $(months "$1"); do
		sql "$f" "SELECT * FROM history WHERE ${2:-true} ORDER BY time, point_id, attr"
	done
}

# The whole state but for when things arrived: what two runs have to agree in.
state() {
	local f
	for f in $(months "$1"); do
		echo "$f" | sed "s,^$1/,,"
		sql "$f" 'SELECT ts, thing, local, stamp, period FROM frame ORDER BY 1, 2'
		sql "$f" "SELECT thing, point_id, attr, period FROM series WHERE attr <> 'Mark' ORDER BY 1, 2, 3"
	done
	history "$1"
	sql "$1"/nbms.db 'SELECT * FROM point ORDER BY 1, 2, 3; SELECT * FROM composite_member ORDER BY 1, 2, 3, 4'
}

site() { # site DIR SQL
	sql "$1"/nbms.db "$2"
}

@test "init, log and delete: points, composites, history, whoever reads the file" {
	registry s
	nbms-store -d s $captures/bare.ndjson
	[ "$(site s 'SELECT count(*) FROM point')" -eq 40 ]
	site s "SELECT class, role FROM composite_member NATURAL JOIN composite WHERE composite_id = 'ComP_U_AHU_01'" |
		grep -qx 'AHU|SupplyFan'
	db=s/history/C000003_B001/2022-10.db
	[ "$(sql $db 'SELECT count(*) FROM frame')" -eq "$(grep -c periodic_log $captures/bare.ndjson)" ]
	[ "$(sql $db "SELECT value FROM meta WHERE name = 'timezone'")" = Asia/Seoul ]
	# every value of the capture is there, and reads as it was sent
	jq -r 'select(.point == "periodic_log") | .message | .time as $t | to_entries[] | select(.key | test("^point_[0-9]"))
		| .value | .point_id as $p | .msg[] | [$t, $p, .attr_name, .data] | @tsv' $captures/bare.ndjson | sort >sent
	sql $db "SELECT replace(replace(replace(substr(time, 1, 16), '-', ''), 'T', ''), ':', ''), point_id, attr, value FROM history
		WHERE point_id NOT LIKE 'ComP%' AND point_id NOT LIKE '%#%'" | tr '|' '\t' | sed 's/\.0$//' | sort >kept
	sed 's/\.0$//' sent | diff - kept
	# composites follow their members
	[ "$(sql $db "SELECT count(*) FROM history c JOIN history m ON m.time = c.time WHERE c.point_id = 'ComP_U_AHU_01'
		AND c.attr = 'Run' AND m.point_id LIKE '%AHUSupplyFan_01' AND CAST(c.value AS REAL) = CASE WHEN CAST(m.value AS REAL) > 0 THEN 1 ELSE 0 END")" -eq 12 ]
	[ "$(sql $db "SELECT DISTINCT attr FROM history WHERE point_id = 'ComP_U_AHU_01' ORDER BY 1" | xargs)" = \
		'Mode Run RunMinutes SetTemp Temp' ]
	fan=$(site s "SELECT point_id FROM point WHERE name = 'AHUSupplyFan_01'")
	for at in 202210041100 202210030000; do # the second is older than the init: too late
		echo '{"thing":"C000003_B001_01","point":"delete","message":{"point_0":{"point_id":"'"$fan"'"},"point_count":1,"time":"'$at'"}}'
	done | nbms-store -d s
	[ "$(site s "SELECT deleted FROM point WHERE point_id = '$fan'")" = 1664848800 ]
	log 202210041115 "$fan=1" | nbms-store -d s
	[ "$(history s "time LIKE '%11:15%'")" = "2022-10-04T11:15:00+09:00|$fan|M_Value|1.0" ]
	[ "$(history s "time LIKE '%11:15%' AND point_id LIKE 'ComP%'")" = '' ]
}

@test "values of every kind, several attributes, many at once" {
	registry s
	echo '{"thing":"C000003_B001_01","point":"periodic_log","message":{"point_0":{"point_id":"x \"y\" \u00e9","period":15,"msg":[
		{"attr_name":"M_Value","data":-1.25e-3},{"attr_name":"on","data":true},{"attr_name":"off","data":false},
		{"attr_name":"text","data":"ab\"c\u00e9"},{"attr_name":"none","data":null},{"attr_name":"big","data":9007199254740993},
		{"attr_name":"zero","data":0},{"attr_name":"empty","data":""}]},"point_count":1,"time":"202210041000"}}' | tr -d '\n\t' >r
	echo >>r
	nbms-store -d s r
	history s | cut -d '|' -f 2- >got
	cat >want <<-'EOF'
		x "y" é|M_Value|-0.00125
		x "y" é|big|9007199254740993
		x "y" é|empty|
		x "y" é|none|
		x "y" é|off|0
		x "y" é|on|1
		x "y" é|text|ab"cé
		x "y" é|zero|0.0
	EOF
	diff want got
	db=s/history/C000003_B001/2022-10.db
	sql $db 'SELECT attr, json FROM sample_text JOIN series ON id = series ORDER BY attr' |
		diff - <(printf '%s\n' 'big|9007199254740993' 'empty|""' 'off|false' 'on|true' 'text|"ab\"c\u00e9"')
	# what a value was does not show through what it is
	sed 's/true/5/; s/"data":null/"data":"now"/; s/9007199254740993/7/' r | nbms-store -d s
	history s "attr IN ('on', 'none', 'big')" | cut -d '|' -f 3- | diff - <(printf 'big|7.0\nnone|now\non|5.0\n')
}

@test "a log over several messages of the same time" {
	registry s
	fan=39.BI-300:1_AHUSupplyFan_01 temp=39.AI-300:2_AHUReturnAirTemp_01 set=39.AV-300:3_AHUReturnAirTempSet_01
	for p in $fan $temp $set; do init 202210040900 $p '{"class":"AHU"}'; done >r
	init 202210040900 $meter >>r
	log 202210041000 $fan=1 >>r
	log 202210041000 $temp=22.5 $meter=100 >>r
	log 202210041000 $set=23 >>r
	log 202210041015 $meter=104 $set=24 >>r
	log 202210041015 $temp=null $fan=0 >>r
	nbms-store -d s r
	history s "point_id LIKE 'ComP%' OR point_id LIKE '%#%'" | cut -d '|' -f 1- | sed 's/2022-10-04T//; s/:00+09:00//; s/39.*#/#/' >got
	cat >want <<-'EOF'
		10:00|#Usage|M_Value|
		10:00|#Usage|Mark|first
		10:00|ComP_U_AHU_01|Run|1.0
		10:00|ComP_U_AHU_01|RunMinutes|15.0
		10:00|ComP_U_AHU_01|SetTemp|23.0
		10:00|ComP_U_AHU_01|Temp|22.5
		10:15|#Demand|M_Value|16.0
		10:15|#Usage|M_Value|4.0
		10:15|ComP_U_AHU_01|Run|0.0
		10:15|ComP_U_AHU_01|RunMinutes|0.0
		10:15|ComP_U_AHU_01|SetTemp|24.0
	EOF
	diff want got
	# the parts in another order
	(head -n 4 r; tail -n +5 r | tac) >turned
	registry t
	nbms-store -d t turned
	diff <(history s) <(history t)
	# a reading taken back takes back what was made of it
	(log 202210041000 $temp=null; log 202210041015 $meter=null) | nbms-store -d s
	history s "time LIKE '%T10%' AND (attr = 'Temp' OR point_id LIKE '%#%')" | grep -v 'T10:00.*#' >got || true
	[ ! -s got ]
}

@test "points of different periods in one log" {
	registry s
	fast=39.AV-1:1_EnergyFast_01 slow=39.AV-1:2_EnergySlow_01
	(init 202210040900 $fast; init 202210040900 $slow) >r
	for i in 0 1 2 3 4 5 6 7 8; do
		at=$(date -d "2022-10-04 10:00 $((i * 15)) minutes" +%Y%m%d%H%M)
		log "$at" $fast=$((100 + i))
		[ $((i % 4)) -ne 0 ] || period=60 log "$at" $slow=$((100 + i))
	done >logs
	nbms-store -d s r logs
	registry t
	(cat r; tac logs) | nbms-store -d t
	diff <(state s) <(state t)
	[ "$(history s "attr = 'Mark'" | wc -l)" -eq 2 ] # the first of each
	history s "point_id = '$slow#Demand'" | cut -d '|' -f 1,4 | diff - <(printf '2022-10-04T1%s:00:00+09:00|4.0\n' 1 2)
	[ "$(sql s/history/C000003_B001/2022-10.db 'SELECT DISTINCT period FROM frame')" = 15 ]
}

@test "a log before its init: the points are known from it, and any init has the say" {
	registry s
	run=39.BI-1:1_FCURun_07 temp=39.AI-1:2_FCURoomTemp_07
	log 202210041000 $run=1 $temp=21 $meter=5 | nbms-store -d s
	history s "point_id = 'ComP_U_FCU_07'" | cut -d '|' -f 3- | diff - <(printf 'Run|1.0\nRunMinutes|15.0\nTemp|21.0\n')
	[ "$(site s "SELECT name, class, deleted IS NULL FROM point WHERE point_id = '$run'")" = 'FCURun_07|FCU|1' ]
	# it moves to another unit: the old one is gone
	init 202210030900 $run '{"class":"PAC","unit_number":"3"}' | nbms-store -d s
	[ "$(site s "SELECT composite_id FROM composite_member WHERE point_id = '$run'")" = ComP_U_PAC_3 ]
	init 202210030800 $run '{"class":"PAC","unit_number":"2"}' | nbms-store -d s # said before: too late
	[ "$(site s "SELECT composite_id FROM composite ORDER BY 1" | xargs)" = 'ComP_U_FCU_07 ComP_U_PAC_3' ]
	init 202210040900 $meter | nbms-store -d s
	log 202210041015 $run=1 $meter=7 | nbms-store -d s
	history s "time LIKE '%10:15%' AND point_id LIKE '%#Usage'" | grep -q '|2.0$'
	history s "time LIKE '%10:15%'" | grep -q 'ComP_U_PAC_3|Run|1.0$'
}

@test "what is wrong is named, kept in the ledger, and the rest goes on" {
	registry s
	registry clean
	bad() { log "${1:-202210041000}" x=1 "y=${2:-2}"; }
	{
		log 202210040945 x=1
		bad | sed 's/"point_count":2/"point_count":3/'
		bad | sed 's/"point_1"/"point_0"/'
		bad 202210041015 '{"a":1}'
		bad 202210041030 1e999
		bad 202210041045 3 | sed 's/"point_id":"y"/"point_id":""/'
		bad 202210041100 | sed 's/"attr_name":"M_Value"/"attr":"M_Value"/2'
		bad 202210041115 | sed 's/\[{[^]]*\]/7/g'
		bad 202210042500
		bad 202213011200
		bad 210010041000
		bad | sed 's/,"time":"[0-9]*"//'
		bad | sed 's/C000003_B001_01/C000003_B001_77/'
		bad | sed 's/C000003_B001_01/..\/..\/etc/'
		bad | sed 's/periodic_log/alarm/'
		init 202210041000 ''
		bad | cut -c 1-100
		printf '{"thing":"\377"}\n'
		echo '[]'
		bad 202210041130 | sed 's/$/ /' | head -c 3000000
		log 202210041145 x=1
		printf '%s' "$(log 202210041200 x=1)"
	} >in
	run --separate-stderr -1 nbms-store -d s --reject ledger --count in
	codes='2:count-mismatch 3:count-mismatch 4:bad-point 5:bad-point 6:bad-point 7:bad-point 8:bad-point 9:bad-time 10:bad-time
		11:future 12:bad-time 13:unknown-thing 14:bad-thing 15:wrong-kind 16:bad-point 17:bad-json 18:bad-utf8 19:bad-json
		22:truncated'
	[ "$(jq -r '(.where | sub("in:"; "")) + ":" + .rejected' ledger | xargs)" = "$(echo $codes)" ]
	for code in $codes; do grep -q "^nbms-store: in:${code%:*}: ${code#*:}: " <<<"$stderr"; done
	grep -qx 'nbms-store: in 22 = out 3 + rejected 19 + duplicate 0' <<<"$stderr"
	# of a log with a bad point, the good ones; of one without any, no frame
	history s "point_id = 'x'" | cut -c 12-16 | xargs >got
	[ "$(cat got)" = '09:45 10:15 10:30 10:45 11:00 11:30 11:45' ]
	[ "$(sql s/history/C000003_B001/2022-10.db 'SELECT count(*) FROM frame')" -eq 7 ]
	run -65 nbms-store -d s --strict in
	# mended, it is fed in again from the ledger
	jq -r 'select(.rejected == "bad-point" and (.where | test(":[45]$"))) | .record' ledger |
		sed 's/{"a":1}/5/; s/1e999/6/' | nbms-store -d s
	history s "point_id = 'y'" | cut -d '|' -f 4 | head -n 2 | diff - <(printf '5.0\n6.0\n')
}

@test "an unknown thing: rejected, registered, fed in again from the ledger" {
	registry s
	registry t
	sed 's/C000003_B001_01/C000003_B001_05/' $captures/bare.ndjson >in
	run -1 nbms-store -d s --reject ledger in
	[ "$(jq -r .rejected ledger | sort -u)" = unknown-thing ]
	[ ! -e s/history ]
	for dir in s t; do echo '{"type":"thing","thing":"C000003_B001_05"}' | nbms-device register -d $dir; done
	nbms-recv --replay ledger | nbms-store -d s
	nbms-store -d t in
	diff <(state s) <(state t)
	jq -r .record ledger | nbms-store -d s
	diff <(state s) <(state t)
}

@test "logs in any order, once or again, leave the same history" {
	registry a general/eul/high_a/2
	nbms-store -d a "$BATS_FILE_TMPDIR"/days 2>/dev/null || [ $? -eq 1 ]
	state a >want
	# it is a test of something: all kinds of marks and prices are in it
	[ "$(history a "attr = 'Mark'" | cut -d '|' -f 4 | sort -u | xargs)" = 'first reset span' ]
	grep -q '#Charge|M_Value|[1-9]' want
	seeds='1 2 3 4'
	# a server answers each question about what came before a late record
	if on_postgres && [ -z "${NBMS_LONG-}" ]; then seeds=1; fi
	for seed in $seeds; do
		(
			shuf --random-source=<(yes $seed) "$BATS_FILE_TMPDIR"/logs
			shuf -n 50 --random-source=<(yes $seed x) "$BATS_FILE_TMPDIR"/logs
		) >logs
		forget b
		registry b general/eul/high_a/2
		cat "$BATS_FILE_TMPDIR"/init logs | nbms-store -d b 2>/dev/null || [ $? -eq 1 ]
		state b | diff want - | head -n 20
		# and in many runs of a few records each
		forget c
		registry c general/eul/high_a/2
		nbms-store -d c "$BATS_FILE_TMPDIR"/init
		split -l 40 logs part.
		for part in part.*; do nbms-store -d c "$part" 2>/dev/null || [ $? -eq 1 ]; done
		rm part.*
		state c | cmp want -
	done
	state b | cmp want -
}

@test "a meter's gap, reset and rollover, and the missing reading that comes after all" {
	registry s
	{
		init 202210040900 $meter '{"class":"Energy","unit":"kWh","rollover":1000}'
		log 202210041000 $meter=980
		log 202210041015 $meter=990
		log 202210041100 $meter=15 # 10:30 and 10:45 are missing; over the top
		log 202210041115 $meter=5  # a reset
		log 202210041130 $meter=6
	} >in
	derived() { history s "point_id LIKE '%#%'" | sed 's/2022-10-04T//; s/:00+09:00//; s/39.*#//; s/M_Value|//'; }
	nbms-store -d s in
	derived | diff - <(printf '%s\n' '10:00|Usage|' '10:00|Usage|Mark|first' '10:15|Demand|40.0' '10:15|Usage|10.0' \
		'11:00|Usage|25.0' '11:00|Usage|Mark|span' '11:15|Usage|' '11:15|Usage|Mark|reset' '11:30|Demand|4.0' \
		'11:30|Usage|1.0')
	log 202210041045 $meter=8 | nbms-store -d s
	derived | grep '10:45\|11:00' | diff - <(printf '%s\n' '10:45|Usage|18.0' '10:45|Usage|Mark|span' '11:00|Demand|28.0' \
		'11:00|Usage|7.0')
	log 202210041030 $meter=999 | nbms-store -d s
	derived | grep '10:30\|10:45' | diff - <(printf '%s\n' '10:30|Demand|36.0' '10:30|Usage|9.0' '10:45|Demand|36.0' \
		'10:45|Usage|9.0')
}

@test "a late reading that is a meter's newest all the same" {
	registry s
	{
		init 202210040900 $meter
		log 202210041000 $meter=100 x=1
		log 202210041030 x=1
		log 202210041015 $meter=101
		log 202210041045 $meter=104
		log 202210041030 $meter=null
		log 202210041045 $meter=null
		log 202210041100 $meter=106
	} >in
	head -n 5 in | nbms-store -d s
	history s "point_id LIKE '%#Usage' AND time LIKE '%10:45%'" | cut -d '|' -f 3- | diff - <(printf 'M_Value|3.0\nMark|span\n')
	nbms-store -d s in
	history s "point_id LIKE '%#Usage'" | sed 's/.*T1/1/; s/:00+.*|M/|M/' | diff - <(printf '%s\n' '10:00|M_Value|' '10:00|Mark|first' \
		'10:15|M_Value|1.0' '11:00|M_Value|5.0' '11:00|Mark|span')
}

@test "readings too far apart make no interval, however they are found" {
	registry s
	registry t
	registry u
	{
		init 202210010000 $meter
		log 202210010000 $meter=1
		log 202211041500 $meter=2 # 34 days on
		log 202212101500 $meter=3 # 36 days on
		log 202302201500 $meter=4
	} >in
	nbms-store -d s in
	history s "attr = 'Mark'" | awk -F '|' '{ print substr($1, 1, 10) $4 }' | diff - <(printf '%s\n' '2022-10-01first' '2022-11-04span' '2022-12-10first' '2023-02-20first')
	while read -r line; do nbms-store -d t <<<"$line"; done <in
	diff <(history s) <(history t)
	(head -n 1 in; tail -n +2 in | tac) | nbms-store -d u
	diff <(history s) <(history u)
	log 202301101500 $meter=3.5 | nbms-store -d u # in between: 31 days after, 41 before
	history u "attr = 'Mark' AND time LIKE '2023%'" | awk -F '|' '{ print substr($1, 1, 10) $4 }' | diff - <(printf '%s\n' '2023-01-10span' '2023-02-20first')
}

@test "price and charge by the tariff in force at that instant" {
	registry s general/eul/high_a/2
	init 202605010000 $meter >in
	# label of the interval (its end), price by hand, why; 10 kWh each
	total=1000
	while read -r date time price _; do
		from=$(date -d "$date $time 15 minutes ago" +%Y%m%d%H%M)
		log "$from" $meter=$total >>in
		total=$((total + 10))
		log "$(date -d "$date $time" +%Y%m%d%H%M)" $meter=$total >>in
		echo "${date}T$time|$price" >>want
	done <<-'EOF'
		2026-05-29 11:15 140.5 spring, peak by the hours until May
		2026-05-29 14:15 140.5 spring, peak by the hours until May
		2026-05-29 19:15 109.8 spring, mid
		2026-05-31 15:15 87.3 a Sunday
		2026-06-01 00:00 87.3 the last interval of May, a Sunday's
		2026-06-01 11:15 140.2 summer, mid by the hours from June
		2026-06-01 14:15 140.2 summer, mid by the hours from June
		2026-06-01 15:00 140.2 it begins before three
		2026-06-01 15:15 222.3 peak
		2026-06-01 21:00 222.3 it begins before nine
		2026-06-01 21:15 140.2 mid
		2026-06-01 22:15 87.3 off peak
		2026-06-03 15:15 87.3 election day
		2026-06-06 15:15 87.3 Memorial Day, on a Saturday
		2026-06-13 15:15 140.2 a Saturday: peak counts as mid
		2026-08-31 15:15 222.3 the last day of summer
		2026-09-01 00:00 87.3 its last interval
		2026-09-01 15:15 140.5 the first of autumn
		2026-11-02 09:15 197.9 winter, peak
		2026-11-02 14:15 140.4 winter, mid
	EOF
	nbms-store -d s --future 3650d in
	history s "point_id LIKE '%#Price'" | sed 's/:00+09:00|.*|/|/' >prices
	grep -xFf want prices | diff want -
	history s "point_id LIKE '%#Charge' AND CAST(value AS REAL) > 0" | sed 's/:00+09:00|.*|/|/' |
		diff <(awk -F '|' '{ printf "%s|%.1f\n", $1, $2 * 10 }' want) -
	# a gap under one price is charged, one over a change is not
	(
		init 202607010000 $meter
		log 202607061500 $meter=0
		log 202607061600 $meter=10
		log 202607062045 $meter=100
		log 202607062115 $meter=120
	) >in
	registry t general/eul/high_a/2
	nbms-store -d t --future 3650d in
	history t "time LIKE '%T16:00%' AND point_id LIKE '%#%'" | sed 's/.*#//' |
		diff - <(printf '%s\n' 'Charge|M_Value|2223.0' 'Price|M_Value|222.3' 'Usage|M_Value|10.0' 'Usage|Mark|span')
	history t "time LIKE '%T21:15%' AND point_id LIKE '%#%'" | sed 's/.*#//' |
		diff - <(printf '%s\n' 'Price|M_Value|140.2' 'Usage|M_Value|20.0' 'Usage|Mark|span')
}

@test "London's repeated hour: no reading is lost, whether arrival is told or not" {
	zcat $captures/london-autumn.ndjson.gz >in
	registry untold
	nbms-store -d untold in
	[ "$(history untold "point_id LIKE '%OutdoorTemp_01'" | wc -l)" -eq 100 ]
	history untold "point_id LIKE '%OutdoorTemp_01' AND time LIKE '%T01:%'" | cut -d '|' -f 1 | diff - <(
		for zone in 00 01; do
			printf "2022-10-30T01:%s:00+$zone:00\n" 00 15 30 45
		done | sort)
	# every register goes up: nothing stands where it does not belong
	[ -z "$(history untold "point_id LIKE '%#Usage' AND attr = 'Mark'" | grep -v 'T00:00.*first')" ]
	nbms-store -d untold in # the same again
	[ "$(history untold "point_id LIKE '%OutdoorTemp_01'" | wc -l)" -eq 100 ]
	registry told
	jq -cn '[inputs | select(.point == "periodic_log")] | to_entries[]
		| {received: (1667084402 + .key * 900 | todate)} + .value' in >logs
	(head -n 1 in; shuf --random-source=<(yes) logs) | nbms-store -d told
	diff <(history untold) <(history told)
	# a reading of the first pass that was lost, sent again a day later, finds its place
	first=$(grep -n '"202210300130"' logs | head -n 1 | cut -d : -f 1)
	registry late
	(head -n 1 in; sed "${first}d" logs; sed -n "${first}p" logs | sed 's/"received":"2022-10-30/"received":"2022-10-31/') | nbms-store -d late
	diff <(history told) <(history late)
	# spring: a stamp that no clock showed is refused
	registry spring
	run -1 nbms-store -d spring <<<"$(thing=C000007_L001_01 log 202203270130 x=1)"
	[[ $output = *bad-time* ]]
	zcat $captures/london-spring.ndjson.gz | nbms-store -d spring
	[ "$(history spring "point_id LIKE '%OutdoorTemp_01'" | wc -l)" -eq 92 ]
}

# with_seq FROM: numbers records
with_seq() {
	awk -v seq="$1" '{ sub(/^{/, "{\"seq\":" seq++ ","); print }'
}

@test "the checkpoint: what was done is passed over, marks commit" {
	registry s
	with_seq 101 <$captures/bare.ndjson >in
	last=$((100 + $(wc -l <in)))
	nbms-store -d s in
	[ "$(site s 'SELECT consumer, part, parts, seq FROM checkpoint')" = "store|0|1|$last" ]
	state s >before
	run -0 nbms-store -d s --count in
	[ "$output" = "nbms-store: in 13 = out 0 + rejected 0 + duplicate 13" ]
	(cat in; log 202210041000 x=1 | with_seq $((last + 1))) >longer
	run -0 nbms-store -d s --count longer
	[ "$output" = "nbms-store: in 14 = out 1 + rejected 0 + duplicate 13" ]
	# a mark moves it without a record, and commits what came before while the input stays open
	mkfifo pipe
	nbms-store -d s <pipe &
	exec 7>pipe
	log 202210041015 x=1 | with_seq 500 >&7
	echo '{"mark":600,"at":"2022-10-04T01:16:00Z"}' >&7
	is_done() { [ "$(site s 'SELECT seq FROM checkpoint')" = 600 ]; }
	within 60 is_done
	history s "time LIKE '%10:15%'" | grep -q '|1.0$'
	exec 7>&-
	wait $!
	# two copies that share the work begin where the one was
	NBMS_PART=1/2 nbms-store -d s longer
	NBMS_PART=1/2 nbms-store -d s <<<"$(log 202210041030 x=1 | with_seq 700)"
	[ "$(site s 'SELECT part, parts, seq FROM checkpoint ORDER BY part' | xargs)" = '0|2|600 1|2|700' ]
	run -64 env NBMS_PART=2/2 nbms-store -d s
}

@test "two buildings at once, in many months, registered as they come" {
	for building in B001 B002; do
		sed "s/B001/$building/" "$BATS_FILE_TMPDIR"/days
	done | shuf --random-source=<(yes) | sort -s -t '"' -k 8,8 >in # inits first
	grep '"init"' in >ordered
	grep -v '"init"' in >>ordered
	nbms-store -d s --auto-register Asia/Seoul ordered 2>/dev/null || [ $? -eq 1 ]
	months s | diff - <(printf 's/history/C000003_B00%s.db\n' 1/2022-09 1/2022-10 2/2022-09 2/2022-10)
	cmp <(sql s/history/C000003_B001/2022-09.db 'SELECT * FROM history ORDER BY 1, 2, 3') \
		<(sql s/history/C000003_B002/2022-09.db 'SELECT * FROM history ORDER BY 1, 2, 3')
	[ "$(site s "SELECT count(*), count(DISTINCT building) FROM point")" = '120|2' ]
	[ "$(site s "SELECT thing FROM thing ORDER BY 1" | xargs)" = 'C000003_B001_01 C000003_B002_01' ]
	run -64 nbms-store -d s --auto-register Asia/Soul
	# a year of months, back and forth
	for month in 01 02 03 04 05 06 07 08 09 10 11 12 03 09 01; do log 2021${month}150000 x=1; done | nbms-store -d s
	[ "$(months s | grep -c C000003_B001/2021-)" -eq 12 ]
}

@test "month prepares this month's and the next one's files, retain removes old ones" {
	registry s
	NBMS_NOW=2022-12-31T15:30:00Z nbms-store month -d s >made # a new year in Seoul, not in London
	jq -r '.building + " " + .month' made | diff - <(printf '%s\n' 'B001 2023-01' 'B001 2023-02' 'L001 2022-12' 'L001 2023-01')
	[ "$(months s | wc -l)" -eq 4 ]
	for f in $(months s); do sql "$f" 'SELECT count(*) FROM history' | grep -qx 0; done
	export NBMS_NOW=2023-03-10T00:00:00Z
	nbms-store retain -d s --months 2 --dry-run >would
	[ "$(jq -r .month would)" = 2022-12 ]
	months s | grep -qx s/history/C000007_L001/2022-12.db
	nbms-store retain -d s --months 2 | diff would -
	! months s | grep -qx s/history/C000007_L001/2022-12.db || false
	[ "$(months s | wc -l)" -eq 3 ]
	[ -z "$(nbms-store retain -d s --months 2)" ]
	run -64 nbms-store retain -d s
	run -64 nbms-store retain -d s --months 0
	run -64 nbms-store month -d s extra
	run -74 sh -c 'nbms-store retain -d s --months 1 --json >/dev/full'
}

@test "the registry is changed by another program meanwhile" {
	registry s
	mkfifo pipe
	nbms-store -d s --reject ledger <pipe 2>err &
	exec 7>pipe
	init 202606010000 $meter >&7
	log 202606011000 $meter=0 >&7
	thing=C000003_B001_09 log 202606011000 y=1 >&7
	is_done() { grep -qs unknown-thing ledger && history s | grep -q 'Mark|first'; }
	within 60 is_done
	[ -z "$(history s "point_id LIKE '%#Price'")" ]
	nbms-device register -d s <<-'ROWS'
		{"type":"building","customer":"C000003","building":"B001","tariff":"general/eul/high_a/2"}
		{"type":"thing","thing":"C000003_B001_09"}
	ROWS
	log 202606011015 $meter=10 >&7
	thing=C000003_B001_09 log 202606011000 y=1 >&7
	exec 7>&-
	wait $! || [ $? -eq 1 ]
	history s "point_id LIKE '%#Charge'" | grep -qx ".*T10:15.*|1402.0"
	history s "point_id = 'y'" | grep -q '|1.0$'
	[ "$(wc -l <ledger)" -eq 1 ]
}

@test "timestamp_last: gaps in the history are asked for" {
	registry s
	last() { echo '{"received":"'"$2"'","thing":"'$thing'","point":"timestamp_last","message":{"msg_type":"Timestamp_Last","time":"'"$1"'"}}'; }
	for at in 0945 1000 1045 1100; do log 20221004$at x=1; done >in
	last 202210041130 2022-10-04T02:31:00Z >>in
	nbms-store -d s in >out
	jq -c '[.topic, .payload.point, .payload.message.from, .payload.message.to, .qos]' out | diff - <(printf '%s\n' \
		'["C000003_B001_01","request_log","202210041015","202210041030",1]' \
		'["C000003_B001_01","request_log","202210041115","202210041130",1]')
	[ "$(jq -r .id out | sort -u | wc -l)" -eq 2 ]
	# asked once, it is not asked again at once, in this run or the next, but after an hour
	last 202210041130 2022-10-04T02:40:00Z | nbms-store -d s >out
	[ ! -s out ]
	log 202210041015 x=1 | nbms-store -d s
	last 202210041130 2022-10-04T03:31:00Z | nbms-store -d s >out
	[ "$(jq -r .payload.message.from out | xargs)" = '202210041030 202210041115' ]
	for at in 1030 1115 1130; do log 20221004$at x=1; done | nbms-store -d s
	last 202210041130 2022-10-04T05:31:00Z | nbms-store -d s >out
	[ ! -s out ]
	[ "$(site s 'SELECT last_seen FROM thing WHERE thing = '"'$thing'")" = 1664861460 ]
	# no further back than the window, nor before the first report
	last 202210201130 2022-10-20T02:31:00Z | nbms-store -d s --gap-window 2h >out
	[ "$(jq -r .payload.message.from out)" = 202210200930 ]
	last 202210041130 2022-10-04T02:31:00Z | sed s/_01/_02/ | nbms-store -d s --auto-register Asia/Seoul >out
	[ ! -s out ]
	run -74 sh -c 'nbms-store -d s >/dev/full 2>err' <<<"$(last 202210301130 2022-10-30T02:31:00Z)"
	grep -q 'stdout: No space left on device' err
	# it was not asked then: it is now
	last 202210301130 2022-10-30T02:31:00Z | nbms-store -d s >out
	[ -s out ]
}

@test "a full disk ends the run with 74, and a rerun completes it" {
	only_sqlite
	registry a
	nbms-store -d a "$BATS_FILE_TMPDIR"/days 2>/dev/null || [ $? -eq 1 ]
	registry s
	with_seq 1 <"$BATS_FILE_TMPDIR"/days >in
	for limit in 100 200 300; do # KiB a file
		(
			ulimit -f $limit
			nbms-store -d s in
		) 2>err && status=0 || status=$?
		[ $status -eq 74 ] || { echo "$limit: $status"; cat err; false; }
		grep -q 'nbms-store: s/.*: cannot ' err
	done
	nbms-store -d s in 2>/dev/null || [ $? -eq 1 ]
	diff <(state a) <(state s)
	# the ledger's disk
	run -74 nbms-store -d s --reject /dev/full <<<'[]'
}

@test "SIGTERM in mid-stream: what was read is kept, with 0" {
	registry s
	mkfifo pipe
	nbms-store -d s <pipe &
	exec 7>pipe
	log 202210041000 x=1 >&7
	has_month() { months s | grep -q 2022-10; }
	within 60 has_month
	log 202210041015 x=2 | head -c 60 >&7
	kill -TERM $!
	wait $!
	exec 7>&-
	[ "$(history s)" = '2022-10-04T10:00:00+09:00|x|M_Value|1.0' ]
}

@test "wrong calls, --help and --version" {
	run -0 --separate-stderr nbms-store --help
	[[ ${lines[0]} = 'usage: nbms-store '* ]] && [ -z "$stderr" ]
	run -0 nbms-store --version
	run -66 nbms-store -d s nowhere
	run -64 nbms-store --frob
	registry s
	{
		head -c 5000 /dev/zero | tr '\0' x
		echo
		log 202210041000 x=1
		printf '\033[31mred\n'
	} >in
	run -1 nbms-store -d s --max-line 4k --reject ledger in
	[[ $output != *$'\033'* ]]
	[ "$(jq -c '[.rejected, .bytes]' ledger | head -n 1)" = '["too-long",5000]' ]
	[ "$(history s | wc -l)" -eq 1 ]
	# a file of a newer program is left alone
	if on_postgres; then
		site s 'UPDATE history_month SET version = 99'
	else
		sql s/history/C000003_B001/2022-10.db 'PRAGMA user_version = 99'
	fi
	run -78 nbms-store -d s in
	[[ $output = *'made by a newer nbms'* ]]
}

@test "nbms-schema(5) tells every table and column there is" {
	registry s
	nbms-store month -d s >made
	mandoc -Tascii "$data"/../man/nbms-schema.5 | col -b >page
	for db in s/nbms.db "$(months s | head -n 1)"; do
		if on_postgres; then
			sql "$db" "SELECT table_name, string_agg(column_name, ' ') FROM information_schema.columns
				WHERE table_schema = current_schema AND column_name <> 'month_id'
				AND table_name NOT IN ('history_month', 'schema_version', 'registry_change')
				AND (table_name <> 'history' OR column_name NOT IN ('customer', 'building', 'month')) GROUP BY 1"
		else
			sql "$db" "SELECT m.name, group_concat(c.name, ' ') FROM sqlite_schema m, pragma_table_info(m.name) c
				WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite%' GROUP BY 1"
		fi
	done >tables
	[ "$(wc -l <tables)" -gt 10 ]
	while IFS='|' read -r table columns; do
		awk -v table="$table" '/^   [a-z]/ { at = $1 == table; if (at) found = 1; next } at { print } END { exit !found }' page >told ||
			{ echo "no table $table"; false; }
		for column in $columns; do
			grep -qE "^ +([a-z_]+, )*$column\\b" told || { echo "no column $table.$column"; false; }
		done
	done <tables
}
