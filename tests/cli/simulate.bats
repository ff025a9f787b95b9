#!/usr/bin/env bats
# scripts/simulate: the same building every time, on every awk; records to the letter; time kept across clock changes.

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	dir=$(mktemp -d)
}

teardown() {
	rm -rf "$dir"
}

everything=init,periodic_log,timestamp_last,alarm,disconnect,realtime

@test "the same options give the same bytes, another seed another building" {
	scripts/simulate --points 60 --kinds $everything --faults 0.1 >"$dir/1"
	scripts/simulate --points 60 --kinds $everything --faults 0.1 >"$dir/2"
	scripts/simulate --points 60 --kinds $everything --faults 0.1 --seed 2 >"$dir/3"
	cmp "$dir/1" "$dir/2"
	run cmp -s "$dir/1" "$dir/3"
	[ "$status" -eq 1 ]
}

@test "mawk and gawk write the same bytes" {
	command -v gawk >/dev/null || skip "gawk is not installed"
	command -v mawk >/dev/null || skip "mawk is not installed"
	for options in "--days 2" "--points 40 --days 30 --faults 0.1 --kinds $everything --format kcat" \
		"--points 40 --zone America/New_York --from 2022-11-05T12:00 --days 2 --format j --pretty" \
		"--points 3000 --period 120"; do
		# shellcheck disable=SC2086  # options are words
		AWK=mawk scripts/simulate $options >"$dir/mawk"
		# shellcheck disable=SC2086
		AWK=gawk scripts/simulate $options >"$dir/gawk"
		cmp "$dir/mawk" "$dir/gawk"
	done
}

@test "a periodic_log is to the letter what gateways send" {
	scripts/simulate --to 2022-10-04T00:30 --kinds periodic_log >"$dir/log"
	[ "$(wc -l <"$dir/log")" -eq 2 ]
	sed -E 's/"point_[0-9]+":\{"msg":\[\{"attr_name":"M_Value","data":-?[0-9]+(\.[0-9]{1,2})?\}\],"period":15,"point_id":"[0-9]+\.[A-Z]{2}-[0-9]+:[0-9]+_[A-Za-z0-9]+_[0-9]{2}"\},/./g' \
		"$dir/log" >"$dir/frame"
	dots=$(head -c 883 /dev/zero | tr '\0' .)
	for time in 202210040000 202210040015; do
		echo '{"thing":"C000003_B001_01","point":"periodic_log","message":{"msg_type":"Periodic_Log",'"$dots"'"point_count":883,"time":"'$time'"}}'
	done | cmp - "$dir/frame"
	size=$(head -n 1 "$dir/log" | wc -c)
	[ "$size" -gt 96000 ]
	[ "$size" -lt 101000 ]
}

@test "point_count is right, members count up from nought, ids are unique and those of init, at every size" {
	for points in 1 2 4 12 41 100 250 883 2500; do
		scripts/simulate --points $points --split 1 --to 2022-10-04T00:30 | jq -se --argjson n $points '
			map(.message | [to_entries[] | select(.key | test("^point_[0-9]+$"))]) as $members
			| all(.[]; .message.point_count == $n)
			and all($members[]; [.[].key] == [range($n) | "point_\(.)"])
			and ([$members[0][].value.point_id] | unique | length) == $n
			and all($members[]; [.[].value.point_id] == [$members[0][].value.point_id])' >"$dir/said" || {
			echo "$points points"
			return 1
		}
	done
}

@test "init comes in parts of the same time that make up the whole" {
	scripts/simulate --points 100 --kinds init --split 3 >"$dir/parts"
	scripts/simulate --points 100 --kinds init >"$dir/whole"
	[ "$(jq -r .message.time "$dir/parts" | sort | uniq -c | tr -s ' ')" = " 3 202210040000" ]
	[ "$(jq -s 'map(.message.point_count) | add' "$dir/parts")" -eq 100 ]
	ids='.message | to_entries[] | select(.key | test("^point_[0-9]")) | .value'
	diff <(jq -c "$ids" "$dir/parts") <(jq -c "$ids" "$dir/whole")
	jq -e '[.message[] | objects | .point_info.class] | unique
		== ["AHU", "Boiler", "Chiller", "Energy", "FCU", "Light", "Outdoor", "PAC", "VAV"]' "$dir/whole"
}

@test "jq takes every record of every form, and the payload is the record" {
	command=(scripts/simulate --points 40 --to 2022-10-04T06:00 --kinds "$everything" --faults 0.3)
	"${command[@]}" >"$dir/bare"
	jq -c . "$dir/bare" >"$dir/want"
	"${command[@]}" --pretty | jq -c . | cmp - "$dir/want"
	"${command[@]}" --format sub-v | sed 's|^nbms/up/C000003_B001_01 ||' | cmp - "$dir/bare"
	"${command[@]}" --format J | jq -c .payload | cmp - "$dir/want"
	"${command[@]}" --format j | jq -r .payload | cmp - "$dir/bare"
	"${command[@]}" --format j --pretty | jq -r .payload | jq -c . | cmp - "$dir/want"
	"${command[@]}" --format kcat | jq -r .payload | cmp - "$dir/bare"
	"${command[@]}" --format j | jq -se 'all(.payloadlen == (.payload | length)) and all(.tst | test("^2022-10-04T0[0-6]:[0-5][0-9]:[0-5][0-9]\\.[0-9]{6}\\+0900$"))'
	"${command[@]}" --format kcat | jq -se 'map(.offset) == [range(length)] and all(.ts > 1664809200000 and .ts < 1664831000000)'
}

@test "energy registers never fall without a fault, and the main meter has the losses too" {
	scripts/simulate --days 3 --kinds periodic_log --period 60 | jq -c '[.message[] | objects
		| select(.point_id | test("_Energy")) | {(.point_id): .msg[0].data}] | add' >"$dir/registers"
	jq -se '. as $all | ($all[0] | length) == 37 and all(range(1; $all | length);
		. as $i | all($all[$i] | keys[]; $all[$i][.] >= $all[$i - 1][.]))' "$dir/registers"
	jq -se 'def used: [.[-1], .[0]] | map(to_entries | map(select(.key | test("Main") | not).value) | add) | .[0] - .[1];
		used as $parts | (.[-1]["39.AV-301:2001_EnergyMainMeter_01"] - .[0]["39.AV-301:2001_EnergyMainMeter_01"]) / $parts
		| . > 1.0 and . < 1.04' "$dir/registers"
}

@test "a working day draws more than a Sunday, and August cools" {
	main=39.AV-301:2001_EnergyMainMeter_01 chiller=39.AV-301:2002_EnergyChillerMeter_01
	day() { scripts/simulate --from "$1" --to "$1T23:45" --kinds periodic_log | jq -s --arg p "$2" \
		'map(.message[] | objects | select(.point_id == $p) | .msg[0].data) | .[-1] - .[0]'; }
	work=$(day 2022-08-03 $main) sunday=$(day 2022-08-07 $main)
	summer=$(day 2022-08-03 $chiller) winter=$(day 2023-01-18 $chiller)
	jq -ne "$work > 2 * $sunday and $summer > 300 and $winter < 20"
}

@test "a day on which the clocks change has 92 or 100 periods" {
	day() { scripts/simulate --points 5 --zone "$1" --from "$2" --kinds periodic_log | jq -r .message.time; }
	[ "$(day Europe/London 2022-03-27 | wc -l)" -eq 92 ]
	[ "$(day Europe/London 2022-10-30 | wc -l)" -eq 100 ]
	[ "$(day Europe/London 2022-10-31 | wc -l)" -eq 96 ]
	[ "$(day Asia/Seoul 2022-03-27 | wc -l)" -eq 96 ]
	[ "$(day Australia/Lord_Howe 2022-04-03 | wc -l)" -eq 98 ]
	[ "$(day Europe/London 2022-03-27 | sed -n 4,5p | tr '\n' ' ')" = "202203270045 202203270200 " ]
	[ "$(day Europe/London 2022-10-30 | sort | uniq -d | tr '\n' ' ')" = "202210300100 202210300115 202210300130 202210300145 " ]
	[ "$(day Europe/London 2022-10-30 | tail -n 1)" = 202210302345 ]
}

@test "every fault it says it did can be found" {
	scripts/simulate --points 60 --days 8 --kinds periodic_log --faults 0.2 --fault-log "$dir/log" >"$dir/out"
	scripts/simulate --points 60 --days 8 --kinds periodic_log >"$dir/clean"
	[ "$(jq -r .fault "$dir/log" | sort -u | tr '\n' ' ')" = "cut late lost odd repeated reset stuck " ]
	jq -r 'select(.fault == "lost").time' "$dir/log" | sort >"$dir/lost"
	diff "$dir/lost" <(comm -13 <(jq -r .message.time "$dir/out" | sort -u) <(jq -r .message.time "$dir/clean" | sort))
	diff <(jq -r 'select(.fault == "repeated").time' "$dir/log") <(jq -r .message.time "$dir/out" | sort | uniq -d)
	diff <(jq -r 'select(.fault == "cut").time' "$dir/log" | sort) <(jq -r '.message
		| select(([keys[] | select(test("^point_[0-9]"))] | length) != .point_count).time' "$dir/out" | sort)
	[ "$(jq -r 'select(.fault == "late").time' "$dir/log" | wc -l)" -eq \
		"$(jq -r .message.time "$dir/out" | awk '$0 < newest { n++ } $0 > newest { newest = $0 } END { print n + 0 }')" ]
	odd=$(jq -r '.message[] | objects | .msg[0].data | select(type != "number") | type' "$dir/out" | sort -u | tr '\n' ' ')
	[ "$odd" = "boolean null string " ]
	[ "$(jq -s 'map(select(.fault == "reset")) | length > 0' "$dir/log")" = true ]
}

@test "kinds: alarms raise and clear, networks fall silent and come back, stamps have seconds in realtime" {
	scripts/simulate --points 40 --from 2022-02-10 --days 21 --kinds alarm,disconnect,realtime,timestamp_last >"$dir/out"
	jq -se 'map(select(.point == "alarm").message) | all(.alarm_count == ([.[] | objects] | length))
		and ([.[][] | objects.event] | unique | contains(["ack", "clear", "raise"]))
		and all(.[][] | objects; .level >= 1 and .level <= 4)' "$dir/out"
	jq -se 'map(select(.point == "disconnect").message[] | objects.event) | contains(["raise", "clear"])' "$dir/out"
	jq -se 'map(select(.point == "realtime").message.time) | length > 0 and all(length == 14)' "$dir/out"
	[ "$(grep -c '"point":"timestamp_last"' "$dir/out")" -eq $((21 * 96)) ]
}

@test "the captured logs are what the README's commands make" {
	made=0
	while read -r line; do
		file=${line##*> }
		eval "${line%> *}" >"$dir/made"
		case $file in
		*.gz) gzip -dc "$file" | cmp - "$dir/made" ;;
		*) cmp "$file" "$dir/made" ;;
		esac
		made=$((made + 1))
	done < <(sed -n 's/^    \(scripts\/simulate .*\)/\1/p' testdata/captures/README.md |
		sed "s|--fault-log testdata/captures/|--fault-log $dir/|")
	[ "$made" -eq 11 ]
	cmp testdata/captures/faults.log "$dir/faults.log"
}

@test "a wrong call says what is wrong, on one line and where to look, and ends with 64" {
	for wrong in "--bogus 1" "--bogus=1" "operand" "--points" "--points x" "--points 0" "--days 0" "--days -1" \
		"--days 1 --to 2022-10-05" "--from 2022-02-30" "--from tomorrow" "--to 2022-10-04" "--thing a_b" \
		"--thing ../../etc_a_b" "--format xml" "--faults 1.5" "--faults x" "--kinds init,bogus" "--period 7" \
		"--split 0" "--seed x" "--topic a/#" "--holidays 1" "--pretty=yes" \
		"--zone Europe/London --from 2022-03-27T01:30"; do
		# shellcheck disable=SC2086  # options are words
		run scripts/simulate $wrong
		[ "$status" -eq 64 ] || { echo "$wrong: $status"; return 1; }
		[ "${#lines[@]}" -eq 2 ]
		[[ ${lines[0]} == "simulate: "* ]]
	done
	run scripts/simulate --zone Nowhere/Land
	[ "$status" -eq 66 ]
	run scripts/simulate --zone ../../../etc/passwd
	[ "$status" -eq 66 ]
}

@test "--help and --version" {
	run scripts/simulate --help
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == "usage: scripts/simulate"* ]]
	run scripts/simulate --version
	[ "$status" -eq 0 ]
	[ "$output" = "simulate $(sed -n 's/^VERSION := //p' Makefile)" ]
}

@test "a full disk is said and ends with 74" {
	for options in "" "--format J" "--faults 0.1"; do
		# shellcheck disable=SC2086
		run sh -c "scripts/simulate $options >/dev/full"
		[ "$status" -eq 74 ]
		[[ $output == *"output could not be written"* ]]
	done
}

@test "SIGTERM ends it, with its stages" {
	for options in "" "--format j"; do
		mkfifo "$dir/fifo"
		# shellcheck disable=SC2086
		scripts/simulate --points 40 --days 40000 $options >"$dir/fifo" 3>&- &
		pid=$!
		exec 4<"$dir/fifo"
		read -r _ <&4
		kill "$pid"
		wait "$pid" || status=$?
		[ "${status:-0}" -eq 143 ]
		timeout 120 cat <&4 >/dev/null	# the end comes when no stage is left to write
		exec 4<&-
		rm "$dir/fifo"
	done
}
