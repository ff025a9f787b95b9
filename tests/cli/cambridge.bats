#!/usr/bin/env bats
# Real meters: hourly electricity of Cambridge University's buildings (open data, where it is at hand beside the
# tree), as Energy registers of a building in London time. What is stored as used has to be what the data say.

bats_require_minimum_version 1.5.0

setup() {
	load common
	cd "$BATS_TEST_DIRNAME/../.." || return
	csv=$PWD/../shared/data/cambridge/elec_2016_2017.csv.gz
	[ -r "$csv" ] || skip 'no data of real meters beside the tree'
	cd "$BATS_TEST_TMPDIR" || return
}

# The month as a gateway would have sent it: init, then registers that count up, every hour; where a reading is
# missing (0 in the data) none is sent, and none of the energy is counted.
gateway() {
	awk -F, '
		function point(i) { return "1.AV-1:" i "_EnergyMeter_" $i }
		NR == 1 {
			for (i = 5; i <= NF; i++) {
				id[i] = "1.AV-1:" i "_EnergyMeter_" $i
				members = members "\"point_" i - 5 "\":{\"point_id\":\"" id[i] "\",\"point_info\":{\"class\":\"Energy\",\"unit\":\"kWh\"}},"
			}
			print "{\"thing\":\"CAM_E1_01\",\"point\":\"init\",\"message\":{" members "\"point_count\":" NF - 4 ",\"time\":\"2016-01-01T00:00Z\"}}"
			next
		}
		{
			members = ""
			n = 0
			for (i = 5; i <= NF; i++) {
				if ($i == 0)
					continue
				total[i] += $i
				members = members sprintf("\"point_%d\":{\"msg\":[{\"attr_name\":\"M_Value\",\"data\":%.1f}],\"period\":60,\"point_id\":\"%s\"},", n++, total[i], id[i])
			}
			print "{\"thing\":\"CAM_E1_01\",\"point\":\"periodic_log\",\"message\":{" members "\"point_count\":" n ",\"time\":\"" $1 "\"}}"
		}' month.csv
}

# time, meter, kWh, mark: what should be stored for each reading
expected() {
	awk -F, '
		NR == 1 { for (i = 5; i <= NF; i++) name[i] = $i; next }
		{
			for (i = 5; i <= NF; i++) {
				if ($i == 0)
					continue
				mark = !(i in last) ? "first" : last[i] == NR - 1 ? "" : "span"
				print substr($1, 1, 16) "|" name[i] "|" (mark == "first" ? "" : sprintf("%.1f", $i)) "|" mark
				last[i] = NR
			}
		}' month.csv | sort
}

stored() {
	for f in s/history/CAM_E1/*.db; do
		sql "$f" "SELECT strftime('%Y-%m-%dT%H:%M', time), point_id, attr, CASE attr WHEN 'Mark' THEN value
			WHEN 'M_Value' THEN printf('%.1f', value) END, value IS NULL FROM history WHERE point_id LIKE '%#Usage'
			ORDER BY 1, 2, 3"
	done | awk -F '|' '{ sub(/.*Meter_/, "", $2); sub(/#.*/, "", $2); key = $1 "|" $2 }
		$3 == "M_Value" { value[key] = $5 ? "" : $4 }
		$3 == "Mark" { mark[key] = $4 }
		END { for (key in value) print key "|" value[key] "|" mark[key] }' | sort
}

# Stores a month and compares.
replay() {
	zcat "$csv" | awk -F, -v month="$1" 'NR == 1 || index($1, month) == 1' >month.csv
	rm -rf s
	nbms-device register -d s <<-'ROWS'
		{"type":"building","customer":"CAM","building":"E1","timezone":"Europe/London"}
		{"type":"thing","thing":"CAM_E1_01"}
	ROWS
	gateway >log
	[ "$(wc -l <log)" -eq "$(wc -l <month.csv)" ]
	nbms-store -d s log
	expected >want
	[ "$(wc -l <want)" -gt 30000 ]
	stored >got
	diff want got | head -n 20
	cmp want got
}

@test "a month of real meters, over the change to summer time" {
	replay 2016-03
	[ "$(sql s/history/CAM_E1/2016-03.db 'SELECT min(local), max(local) FROM frame')" = '2016-03-01T00:00:00+00:00|2016-03-31T23:00:00+01:00' ]
	[ "$(sql s/history/CAM_E1/2016-04.db 'SELECT local FROM frame')" = '2016-04-01T00:00:00+01:00' ]
}

@test "a month of real meters with 93 readings missing, in order and not" {
	replay 2017-11
	[ "$(grep -c 'span$' want)" -ge 3 ] # one of them of days
	(head -n 1 log; tail -n +2 log | shuf --random-source=<(yes)) >shuffled
	rm -r s/history
	nbms-store -d s shuffled
	stored | cmp want -
}
