# The same captured log into InfluxDB 1.6: its records as line protocol by jq, sent in pieces of 5,000 values, as its
# documentation advises; the whole way from the log, and its loading alone against nbms-store's.
set -eu
. tests/bench/common.sh
log=$(bench_log)
points=$(bench_points)
at=$BENCH_TMP/influx
base=$((20000 + $$ % 20000))
mkdir -p "$at/lines"
cat >"$at/influxdb.conf" <<CONF
reporting-disabled = true
bind-address = "127.0.0.1:$((base + 1))"
[meta]
  dir = "$at/meta"
[data]
  dir = "$at/data"
  wal-dir = "$at/wal"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:$base"
  log-enabled = false
[monitor]
  store-enabled = false
[logging]
  level = "error"
CONF
influxd -config "$at/influxdb.conf" >"$at/log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || :; wait $server 2>/dev/null || :' EXIT
url=http://127.0.0.1:$base
for _ in $(seq 100); do
	curl -sf -o "$at/answer" "$url/ping" && break
	sleep 0.1
done
curl -sf -o "$at/answer" -XPOST "$url/query" --data-urlencode 'q=CREATE DATABASE bench'

# period,point=P,attr=A value=V SECONDS
convert() {
	jq -r 'select(.point == "periodic_log") | .message
		| (.time | strptime("%Y%m%d%H%M") | mktime - 32400) as $t # Seoul
		| to_entries[] | select(.value | type == "object") | .value
		| (.point_id | gsub("(?<c>[ ,=])"; "\\\(.c)")) as $p | .msg[] | select(.data | type == "number")
		| "sample,point=\($p),attr=\(.attr_name) value=\(.data) \($t)"' "$log"
}
load() {
	for piece in "$at"/lines/*; do
		curl -sf -o "$at/answer" -XPOST "$url/write?db=bench&precision=s" --data-binary "@$piece"
	done
}
t0=$(now)
convert | split -l 5000 -a 5 - "$at/lines/x"
t1=$(now)
load
t2=$(now)
held=$(curl -sf -G "$url/query?db=bench" --data-urlencode 'q=SELECT COUNT(value) FROM sample' |
	jq '.results[0].series[0].values[0][1]')
[ "$held" -ge $((points * 9 / 10)) ] || { echo "influx: only $held of $points values" >&2; exit 1; }

pipeline() {
	rm -rf "$at/state"
	nbms-recv --replay "$log" 2>"$at/recv.err" | nbms-route "store=nbms-store -d $at/state --auto-register Asia/Seoul"
}
alone() {
	rm -rf "$at/state"
	nbms-store -d "$at/state" --auto-register Asia/Seoul "$log"
}
whole=$(took pipeline)
ours=$(took alone)
theirs=$(awk -v a="$t0" -v b="$t2" 'BEGIN { print b - a }')
loading=$(awk -v a="$t1" -v b="$t2" 'BEGIN { print b - a }')
report 'captured log to history' "$(per "$whole" "$points")" points/s "$(per "$theirs" "$held")" 'jq, InfluxDB 1.6' '>= 8x'
report 'logs stored by nbms-store' "$(per "$ours" "$points")" points/s "$(per "$loading" "$held")" 'InfluxDB 1.6, load alone' '> 1'
