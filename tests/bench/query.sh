# Reading back: a process a question, as on a command line and as a web server asks, against the sqlite3 shell.
set -eu
. tests/bench/common.sh
state=$BENCH_TMP/month
scripts/simulate --from 2022-10-01 --days 31 | nbms-recv --replay - 2>/dev/null |
	nbms-store -d "$state" --auto-register Asia/Seoul
point=39.AI-301:3001_OutdoorTemp_01
rounds=20

# often COMMAND ...: runs it as often as there are rounds
often() {
	i=0
	while [ $i -lt $rounds ]; do
		"$@"
		i=$((i + 1))
	done
}

# each SECONDS [HOW MANY]: milliseconds of one of them
each() { awk -v s="$1" -v n="${2:-$rounds}" 'BEGIN { printf "%.4g", s * 1000 / n }'; }

# One point over one month out of a full-size month file, against the view.
ours() { nbms-query history -d "$state" --building C000003_B001 --point $point --json; }
theirs() { sqlite3 "$state/history/C000003_B001/2022-10.db" "select * from history where point_id = '$point'"; }
[ "$(ours | wc -l)" -eq 2976 ]
a=$(took often ours)
b=$(took theirs)
report 'one point, one month, as it came' "$(each "$a")" ms "$(each "$b" 1)" 'sqlite3: the view, all of it' '<= 20 ms' lower

# The same when its days have been worked out, as cron has it done every night.
ours >"$BENCH_TMP/came"
nbms-store sums -d "$state" >/dev/null
ours | cmp - "$BENCH_TMP/came"
a=$(took often ours)
report 'one point, one month' "$(each "$a")" ms "$(each "$b" 1)" 'sqlite3: the view, all of it' '<= 10 ms' lower

# The same as a web server asks for it, token and all.
nbms-live token add -d "$state" --customer C000003 bench >"$BENCH_TMP/token"
cgi() {
	env GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET PATH_INFO=/api/individual/point NBMS_DIR="$state" \
		QUERY_STRING="building=C000003_B001&point=$point" HTTP_AUTHORIZATION="Bearer $(cat "$BENCH_TMP/token")" nbms-query
}
[ "$(cgi | grep -c '"value"')" -eq 2976 ]
c=$(took often cgi)
report 'the same by CGI' "$(each "$c")" ms "$(each "$b" 1)" 'sqlite3: the view, all of it' '<= 30 ms' lower

# A year of 100 meters, an hourly reading each: daily sums, against the samples summed by sqlite3.
year=$BENCH_TMP/year
awk 'BEGIN {
	kind = "{\"thing\":\"C1_B1_01\",\"point\":\"%s\",\"message\":{\"msg_type\":\"%s\""
	printf kind, "init", "Init"
	for (i = 0; i < 100; i++)
		printf ",\"point_%d\":{\"point_id\":\"Meter%03d\",\"point_info\":{\"class\":\"Energy\",\"unit\":\"kWh\"},\"point_location\":{}}", i, i
	print ",\"point_count\":100,\"time\":\"2021-12-31T23:00:00Z\"}}"
	for (h = 0; h <= 365 * 24; h++) {
		printf kind, "periodic_log", "Periodic_Log"
		for (i = 0; i < 100; i++)
			printf ",\"point_%d\":{\"msg\":[{\"attr_name\":\"M_Value\",\"data\":%d}],\"period\":60,\"point_id\":\"Meter%03d\"}", i, h * (10 + i), i
		printf ",\"point_count\":100,\"time\":\"%s\"}}\n", strftime("%Y-%m-%dT%H:%M:%SZ", 1640995200 + h * 3600, 1)
	}
}' | nbms-store -d "$year" --auto-register UTC
energy() { nbms-query energy -d "$year" --by day --from 2022-01-01 --to 2023-01-01 --json; }
by_sqlite() {
	for month in "$year"/history/C1_B1/2022-*.db; do
		sqlite3 "$month" "select (ts - 1) / 86400, s.point_id, sum(value), max(value) from sample m join series s on s.id = m.series
			where s.point_id like '%#Usage' and attr = 'M_Value' group by 1, 2"
	done
}
energy >"$BENCH_TMP/sampled"
nbms-store sums -d "$year" >/dev/null
energy | cmp - "$BENCH_TMP/sampled"
[ "$(wc -l <"$BENCH_TMP/sampled")" -eq 36500 ]
rounds=5
d=$(took often energy)
e=$(took by_sqlite)
report 'a year of 100 meters by day' "$(each "$d")" ms "$(each "$e" 1)" 'sqlite3: the samples, summed' '<= 300 ms' lower

# A month drawn at the width of a screen: what is sent, against all of it.
drawn() { nbms-query history -d "$state" -b C000003_B001 -p $point --max-points 800 --json; }
report 'a month to be drawn' "$(drawn | wc -c)" bytes "$(ours | wc -c)" 'every sample' '< 1/3' lower
