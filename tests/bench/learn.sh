# Learning and optimising: how good, how fast.
#
# NBMS_LEARN_DATA names a directory with hourly loads of measured buildings, elec_*.csv.gz (tests/bench/learn_accuracy.c
# says how they are laid out); without it only the optimising case is run. GLPK and CBC are asked for their best in 40 s
# on the same case when they are installed, otherwise the standing schedule is the alternative.
set -eu
. tests/bench/common.sh

accuracy() {
	zcat "$1" >"$BENCH_TMP/elec.csv"
	"$BENCH_BUILD/bench/learn_accuracy" "$BENCH_TMP/elec.csv" | tee "$BENCH_TMP/accuracy" >&2
	# value LABEL FIELD-AFTER-IT
	value() { awk -v label="$1" -v field="$2" 'index($0, label) == 1 {
		split(substr($0, length(label) + 1), f, " "); print f[field]; exit }' "$BENCH_TMP/accuracy"; }
	of=$(basename "$1" .csv.gz)
	caltrack=$(value caltrack 1)
	report "$of: year ahead, least squares" "$(value 'linear mean' 1)" 'CV(RMSE) %' "$caltrack" 'CalTRACK hourly' \
		'<= 15.9 %' lower
	report "$of: year ahead, with boosting" "$(value 'mean with gbm' 1)" 'CV(RMSE) %' "$caltrack" 'CalTRACK hourly' \
		'<= 15.5 %' lower
	report "$of: next 24 hours" "$(value 'ridgear, gbm' 1)" 'CV(RMSE) %' "$(value week-ago 1)" 'a week ago' \
		'<= 10.4 %' lower
	report "$of: TOWT, one building-year" "$(value towt 5)" s 0.002 'allowed' '< 2 ms' lower
	report "$of: linear mean, one building-year" "$(value 'linear mean' 5)" s 0.15 'allowed' '< 150 ms' lower
	report "$of: with boosting, one building-year" "$(value 'mean with gbm' 5)" s 1 'allowed' '< 1 s' lower
	report "$of: RidgeAR refit" "$(value 'RidgeAR refit' 1)" s 0.05 'allowed' '< 50 ms' lower
}

optimise() {
	"$BENCH_BUILD/bench/learn_optimise" | tee "$BENCH_TMP/optimise" >&2
	found=$(awk '/^20 units/ { on = 1 } on && /effort 3:/ { print $3; exit }' "$BENCH_TMP/optimise")
	time=$(awk '/^20 units/ { on = 1 } on && /effort 3:/ { for (i = 1; i < NF; i++) if ($(i + 1) == "s") print $i; exit }' \
		"$BENCH_TMP/optimise")
	standing=$(awk '/^20 units/ { sub(/.*degC: /, ""); print $1 }' "$BENCH_TMP/optimise")
	report 'optimise 20 units: cost' "$found" KRW "$standing" 'standing schedule' '< 1' lower
	report 'optimise 20 units: time' "$time" s 2 allowed '<= 2 s' lower
	"$BENCH_BUILD/bench/learn_optimise" --lp "$BENCH_TMP/case.lp" standard
	if command -v cbc >/dev/null; then
		best=$(cbc "$BENCH_TMP/case.lp" ratio 0.005 sec 40 solve quit | awk '/^Objective value:/ { print $3 }')
		[ -z "$best" ] || report 'optimise 20 units: cost' "$found" KRW "$best" 'CBC in 40 s' 'cheaper' lower
	fi
	if command -v glpsol >/dev/null; then
		glpsol --lp "$BENCH_TMP/case.lp" --tmlim 40 --mipgap 0.005 -o "$BENCH_TMP/glpk" >/dev/null
		best=$(awk '/^Objective:/ { print $4 }' "$BENCH_TMP/glpk")
		case $best in
		'' | 0) echo 'learn: GLPK found no schedule in 40 s' >&2 ;;
		*) report 'optimise 20 units: cost' "$found" KRW "$best" 'GLPK in 40 s' 'cheaper' lower ;;
		esac
	fi
}

optimise
if [ -n "${NBMS_LEARN_DATA-}" ]; then
	for file in "$NBMS_LEARN_DATA"/elec_*.csv.gz; do accuracy "$file"; done
else
	echo 'learn: NBMS_LEARN_DATA is not set: accuracy on measured buildings not run' >&2
fi
