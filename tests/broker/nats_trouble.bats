#!/usr/bin/env bats
# A NATS cluster in trouble: a node's disk is full, the stores are as large as they may be, the larger half is away from the
# start. Nothing is acknowledged that is not kept, somebody says what is wrong, and all of it comes once when that is mended.

bats_require_minimum_version 1.5.0
load cluster

A=C000003_B001_01 # of four shards on 1

setup_file() {
	export dir=$BATS_FILE_TMPDIR
	export NBMS_DIR=$dir/site
	nbms-device create --timezone UTC --host localhost $A >"$dir/created"
	cluster_make --queue 6M
	mkdir -p "$dir/broker/data/nbms-3" # the third has a small disk of its own
	mount -t tmpfs -o size=24M none "$dir/broker/data/nbms-3" 2>/dev/null && touch "$dir/mounted"
	cluster_start
}

teardown_file() {
	source "$dir/ports"
	cluster_stop
	[ ! -e "$dir/mounted" ] || umount "$dir/broker/data/nbms-3"
}

setup() {
	source "$dir/ports"
	hosts=localhost:${ports[2]},localhost:${ports[0]},localhost:${ports[1]} # the third first
	cd "$dir" || return
	worker=
}

teardown() {
	[ -z "$worker" ] || kill -9 "$worker" 2>/dev/null || :
}

# The shard's worker, in the background; its spool stays from test to test.
work() {
	rm -f worker.err # the last one's `connected'
	# shellcheck disable=SC2046
	nbms-recv --host "$hosts" $(site_files) --topic 'shard/1/#' --id "$(cat broker/worker-id)-1" -d worker --spool \
		>>worker.out 2>worker.err 3>&- &
	worker=$!
}
connected() { grep -q 'connected as' worker.err; }
work_ends() {
	kill "$worker"
	wait "$worker" || :
	worker=
}

messages() { # FROM TO: of 4 KB, each with its number as every point's value
	jq -nc --arg thing $A --argjson from "$1" --argjson to "$2" 'range($from; $to + 1) as $n | {topic: "nbms/up/\($thing)", id: $n,
		payload: {thing: $thing, point: "periodic_log", message: ({msg_type: "Periodic_Log",
			time: (1640995200 + $n * 900 | strftime("%Y%m%d%H%M")), point_count: 36} +
			([range(36) | {key: "point_\(.)", value: {msg: [{attr_name: "M_Value", data: $n}], period: 15,
				point_id: "1.AI-1:\(.)_Counter"}}] | from_entries))}}'
}

# The gateway, which keeps what is not acknowledged; what is goes to the file `confirmed`.
gateway() { # OPTION...
	local pki
	pki=$(bundle $A)
	nbms-send --host "$hosts" --cafile "$NBMS_DIR/pki/ca/root.pem" --cert "$pki/certificate.pem" --key "$pki/private.key" --id $A \
		--queue queue "$@" >>confirmed 2>gateway.err 3>&-
}

spooled() { cat worker/spool/*.ndjson 2>/dev/null | jq .message.point_0.msg[0].data | sort -nu; }
all_spooled() { [ "$(spooled | wc -l)" -eq "$1" ]; }
numbers() { jq .confirmed confirmed | sort -nu; }

@test "a node whose disk is full: the operator is told, and once it is started again nothing is missing" {
	[ -e mounted ] || skip 'mounting is not allowed here'
	mkdir -p worker
	work
	within 60 connected
	messages 1 100 | gateway --wait 120s
	head -c 30M /dev/zero >broker/data/nbms-3/filler 2>/dev/null || :
	# mostly the other two do without it; where it leads what it can't write, a gateway waits until it is started again
	# (with what it holds at most, 1,024, or some would be left on its input)
	messages 101 1100 | gateway --wait 45s || [ $? -eq 75 ]
	within 60 told_of_the_third
	rm broker/data/nbms-3/filler
	node_kill 3
	node_start 3
	within 60 node_serves 3
	gateway --wait 240s </dev/null
	[ "$(numbers | wc -l)" -eq 1100 ]
	within 240 all_spooled 1100
	work_ends
}

# Where the third led, the others may be named too: what it still leads is not current there.
told_of_the_third() {
	nbms-device verify >found || :
	grep -q 'nbms-3.*disk has less room than --queue' found
}

# Is it of the cluster again? Not whether it has all of it: see nbms-scale(7) about consumers that are left behind.
node_serves() {
	curl -sf --max-time 10 "http://127.0.0.1:${ports[5 + $1]}/healthz?js-server-only=true" | grep -q ok
}

@test "stores as large as they may be: no more is acknowledged, and a larger --queue and a restart let all of it through" {
	mkdir -p worker
	work
	within 60 connected
	work_ends
	messages 1101 2800 >out
	run gateway --wait 8s <out
	[ "$status" -eq 75 ]
	grep -q 'not confirmed: kept for the next start' gateway.err
	[ "$(numbers | wc -l)" -lt 2800 ]
	log_says 'JetStream resource limits exceeded'
	run -1 nbms-device verify
	[[ $output == *'its store is nearly as large as --queue allows'* ]]
	run nbms-device broker --queue 200M
	[[ $output == *'limits need a restart'* ]]
	for i in 1 2 3; do
		node_kill $i
		node_start $i
		within 60 node_serves $i
	done
	gateway --wait 120s </dev/null
	[ "$(numbers)" = "$(comm -12 <(numbers | sort) <(seq 2800 | sort) | sort -n)" ]
	work
	within 120 eval '[ "$(spooled | tail -n 1)" = 2800 ] && ! numbers | sort | comm -23 - <(spooled | sort) | grep -q .'
	# and each is in the history once, whatever came twice
	cat worker/spool/*.ndjson | nbms-store -d store --auto-register UTC
	nbms-query history -d store --building C000003_B001 --point '1.AI-1:0_Counter' --from 2022-01-01 --to 2050-01-01 |
		jq .value | diff - <(numbers)
	work_ends
}

log_says() { grep -q "$1" nbms-*.log; }

@test "two nodes of three not there at the start: said, 75, and it goes on by itself" {
	for i in 1 2 3; do node_kill $i; done
	node_start 1
	within 60 eval "curl -s --max-time 10 http://127.0.0.1:${ports[6]}/healthz | grep -q 'contact with a meta leader'"
	hosts=localhost:${ports[0]}
	echo "{\"topic\":\"nbms/up/$A\",\"payload\":\"late\",\"id\":9999}" >out
	run gateway --wait 5s <out
	[ "$status" -eq 75 ]
	grep -q 'cannot connect: .*; trying again in' gateway.err
	grep -q '1 not confirmed: kept for the next start' gateway.err
	run -1 nbms-device verify
	[[ $output == *'has not established contact with a meta leader'* ]]
	mkdir -p worker
	work
	within 60 grep -q 'cannot connect: .*; trying again in' worker.err
	gateway --wait 120s </dev/null 3>&- &
	late=$!
	node_start 2
	wait $late
	numbers | grep -qx 9999
	within 120 connected
	kill -0 "$worker"
	work_ends
}
