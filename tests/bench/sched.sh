# What goes by the clock: 10,000 schedules, 10,000 zones, prices, and messages confirmed by a broker one by one.
set -eu
. tests/bench/common.sh
sums=$BENCH_TMP/schedule
"$BENCH_BUILD/bench/schedule" <testdata/tariffs/kr-general.ndjson >"$sums"
of() { awk -v name="$1" '$1 == name { print $2 }' "$sums"; }
[ "$(of prices_differ)" -eq 0 ] || { echo 'sched: remembered prices differ from fresh ones' >&2; exit 1; }
report 'expand 24 h of 10,000 schedules' "$(of expand)" s "$(of minutes)" 'asking each minute' '< 1 s' lower
report 'PMV of 10,000 zones' "$(of pmv)" s 1 'one second' '< 1 s' lower
report 'a million prices' "$(of prices)" s "$(of prices_afresh)" 'looked up afresh' '-' lower

# the same through the program, its registry and its database
state=$BENCH_TMP/sched-state
{
	echo '{"type":"building","customer":"C1","building":"B1","timezone":"Asia/Seoul","country":"KR"}'
	cat testdata/holidays/kr.ndjson
} | nbms-device register -d "$state" 2>/dev/null
awk 'BEGIN { for (i = 0; i < 10000; i++)
	printf "{\"type\":\"schedule\",\"customer\":\"C1\",\"building\":\"B1\",\"schedule\":{\"schedule_id\":\"s%d\",\"point_id\":\"p%d\"," \
	"\"weekly\":{\"mon\":[[\"08:00\",1],[\"18:00\",0]],\"thu\":[[\"08:00\",1],[\"18:00\",0]]},\"exceptions\":[{\"dates\":" \
	"{\"holidays\":\"occupancy\"},\"values\":[[\"00:00\",0]]}],\"default\":0}}\n", i, i }' >"$BENCH_TMP/schedules"
apply() { nbms-sched apply -d "$state" "$BENCH_TMP/schedules"; }
expand() { NBMS_NOW=2026-07-16T00:00:00+09:00 nbms-sched expand -d "$state"; }
a=$(took apply)
b=$(took expand)
report 'nbms-sched expand, 10,000 schedules' "$b" s "$a" 'taking them in' '-' lower

# nbms-send with one message of each topic under way, against mosquitto_pub, which has twenty and tells nobody
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
printf 'listener %s 127.0.0.1\nallow_anonymous true\n' "$port" >"$BENCH_TMP/mosquitto.conf"
PATH=$PATH:/usr/sbin mosquitto -c "$BENCH_TMP/mosquitto.conf" >/dev/null 2>&1 &
broker=$!
trap 'kill $broker' EXIT
tries=0
until mosquitto_pub -p "$port" -t up -n 2>/dev/null; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || { echo 'sched: no broker' >&2; exit 1; }
done
n=20000
awk -v n=$n 'BEGIN { for (i = 0; i < n; i++)
	printf "{\"topic\":\"C1_B1_%02d\",\"payload\":{\"point\":\"control\",\"n\":%d},\"id\":%d}\n", i % 50, i, i }' >"$BENCH_TMP/posts"
awk -v n=$n 'BEGIN { for (i = 0; i < n; i++) printf "{\"point\":\"control\",\"n\":%d}\n", i }' >"$BENCH_TMP/payloads"
ours() { nbms-send --host 127.0.0.1 --port "$port" <"$BENCH_TMP/posts" 2>/dev/null; }
theirs() { mosquitto_pub -p "$port" -t C1_B1_01 -q 1 -l <"$BENCH_TMP/payloads"; }
a=$(took ours)
b=$(took theirs)
report 'nbms-send, confirmed, 50 topics' "$(per "$a" $n)" messages/s "$(per "$b" $n)" 'mosquitto_pub -q 1 -l' '-'
