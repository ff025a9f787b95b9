#!/usr/bin/env bats
# scripts/scale: what a site of so many buildings takes.

load common

setup() {
	common_setup
	scale=$top/scripts/scale
}

of() { # NAME OPTION...: that member of the plan
	local name=$1
	shift
	"$scale" --json "$@" | jq ".$name"
}

@test "ten times the buildings are ten times the messages, points and bytes" {
	for name in messages_s points_s mb_s gb_month; do
		[ "$(of $name 100)" = "$(jq -n "$(of $name 10) * 10")" ] || [ "$(jq -n "($(of $name 100) / $(of $name 10) - 10) | fabs < 1e-9")" = true ]
	done
	# 883 points every 15 minutes, as it says
	[ "$(jq -n "($(of points_s 900) - 883) | fabs < 1e-9")" = true ]
	[ "$(of points_s --points 1 --period 1 60)" = 1 ]
}

@test "what outgrows the trust in one machine is on a cluster, with standbys, and costs what it says" {
	[ "$(of alone 1000)" = true ]
	[ "$(of nodes 1000)" = 1 ]
	[ "$(of alone 1001)" = false ]
	[ "$(of nodes 1001)" = 3 ]
	[ "$(of alone --trust 5000 1001)" = true ]
	[ "$(of 'machines >= 7' 1001)" = true ]
	[ "$(of 'money >= 980' 1001)" = true ]
	# one shard-hour and one million messages of one unit: the list price
	[ "$(of 'cloud.Kinesis | . * 1000 | round' --bytes 20000 --period 900 900)" = "$(jq -n '(730 * 0.015 + 900 / 54000 * 2628000 * 0.014e-6) * 1000 | round')" ]
}

@test "figures come from the benchmarks' lines" {
	echo '{"work":"QoS 1 publish, 98 KB, three nodes","ours":1,"alternative":5}' >bench
	[ "$(of nodes 10000)" -eq 3 ]
	[ "$(of nodes --bench bench 10000)" -eq 9 ]
	"$scale" --figures | grep -q '^--store-points '
}

@test "wrong calls are said" {
	for wrong in '--points 0' '--points x' '--points' '--nonsense 1' '0' '-5' 'many' '--points inf'; do
		# shellcheck disable=SC2086  # words
		run -64 "$scale" $wrong
		[[ $output == scale:* ]]
	done
	run -66 "$scale" --bench none
	echo nonsense >bench
	run -65 "$scale" --bench bench
	"$scale" | head -n 1 | grep -q buildings
}
