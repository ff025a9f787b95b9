#!/usr/bin/env bats
# The cluster is broken on purpose, while gateways publish: what was acknowledged is in the history, once. The long form, each
# part away for a minute, is `make check-cluster`.

load ../cli/common

@test "a node, a worker and the database are killed and a node cut off: what was acknowledged is stored once" {
	common_setup
	run -0 --separate-stderr "$top"/scripts/nbms-cluster -d "$PWD/cluster" --fault 2 --gateways 3 --rate 5 \
		--break node1,worker,database,cut || { echo "$stderr"; false; }
	# four troubles, and three gateways of which none lost anything
	[ "$(grep -cE '^(node|worker|PostgreSQL).* s$' <<<"$output")" -eq 4 ]
	[ "$(grep -cE '^C000003_B00[123]_01( +[1-9][0-9]*){4} +0 +0$' <<<"$output")" -eq 3 ]
	# the count itself: what is acknowledged and not stored would be seen
	grep -qE '^total( +[1-9][0-9]*){4} +0 +0$' <<<"$output"
}
