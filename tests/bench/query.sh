# One point over one month out of a full-size month file, a process a question, against the sqlite3 shell on the view.
set -eu
. tests/bench/common.sh
state=$BENCH_TMP/month
scripts/simulate --from 2022-10-01 --days 31 | nbms-recv --replay - 2>/dev/null |
	nbms-store -d "$state" --auto-register Asia/Seoul
point=39.AI-301:3001_OutdoorTemp_01
rounds=20

ours() {
	i=0
	while [ $i -lt $rounds ]; do
		nbms-query history -d "$state" --building C000003_B001 --point $point --json
		i=$((i + 1))
	done
}
theirs() { sqlite3 "$state/history/C000003_B001/2022-10.db" "select * from history where point_id = '$point'"; }

[ "$(nbms-query history -d "$state" --building C000003_B001 --point $point --json | wc -l)" -eq 2976 ]
a=$(took ours)
b=$(took theirs)
report 'one point, one month' "$(awk -v s="$a" -v n=$rounds 'BEGIN { printf "%.3g", s * 1000 / n }')" ms \
	"$(awk -v s="$b" 'BEGIN { printf "%.4g", s * 1000 }')" 'sqlite3: the view, all of it' '<= 10 ms' lower
