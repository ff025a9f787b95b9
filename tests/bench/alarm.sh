# Alarm events replayed through nbms-alarm, beside bare upserts of the same events into SQLite; and its memory.
set -eu
. tests/bench/common.sh

events=400000
site=$BENCH_TMP/alarm
mkdir -p "$site"
nbms-device register -d "$site" <<'ROWS'
{"type":"building","customer":"C000003","building":"B001","timezone":"Asia/Seoul"}
{"type":"thing","thing":"C000003_B001_01"}
ROWS
cp -r "$site" "$site.small"
awk -v n=$events 'BEGIN {
	for (i = 0; i < n; i++) {
		s = int(i / 20); a = i % 1000
		printf "{\"thing\":\"C000003_B001_01\",\"point\":\"alarm\",\"message\":{\"msg_type\":\"Alarm\",\"alarm_0\":{"
		printf "\"alarm_point_id\":\"39.EE-300:%d_AHUFilterDP_01\",\"alarm_name\":\"AHUFilterDP_01\",\"event\":\"%s\",", a,
			int(i / 1000) % 2 ? "clear" : "raise"
		printf "\"level\":4,\"priority\":4,\"point_id\":\"39.AI-300:%d_AHUFilterDP_01\",\"value\":196.5,", a
		printf "\"text\":\"filter is clogged\"},\"alarm_count\":1,\"time\":\"202210%02d%02d%02d%02d\"}}\n",
			4 + int(s / 86400), int(s / 3600) % 24, int(s / 60) % 60, s % 60
	}
}' >"$BENCH_TMP/alarms.ndjson"
head -n 40000 "$BENCH_TMP/alarms.ndjson" >"$BENCH_TMP/few.ndjson"

resident() { # resident DIR FILE: the most memory held, in MB
	command time -f %M -o "$BENCH_TMP/rss" nbms-alarm -d "$1" --chatter 0/1s "$2" >/dev/null
	awk '{ printf "%.1f", $1 / 1024 }' "$BENCH_TMP/rss"
}

ours() { nbms-alarm -d "$site" --chatter 0/1s "$BENCH_TMP/alarms.ndjson"; }
a=$(took ours)
bare=$("$BENCH_BUILD"/bench/alarm_bare "$site/nbms.db" "$BENCH_TMP/bare.db")
[ "$(echo "$bare" | jq .rows)" -eq $events ]
report 'alarm events' "$(per "$a" $events)" events/s "$(per "$(echo "$bare" | jq .seconds)" $events)" 'bare SQLite upserts' '>= 100000 events/s'
few=$(resident "$site.small" "$BENCH_TMP/few.ndjson")
rm -rf "$site.small"/nbms.db*
cp "$site"/nbms.db "$site.small"/ && sqlite3 "$site.small/nbms.db" 'DELETE FROM alarm_history; DELETE FROM alarm'
many=$(resident "$site.small" "$BENCH_TMP/alarms.ndjson")
report 'alarm memory, 400,000 events' "$many" MB "$few" '40,000 events' '<= 32 MB' lower
