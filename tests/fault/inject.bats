#!/usr/bin/env bats
# Every program, each of its calls failing in turn: see tests/fault/inject. NBMS_LONG=1 tries every position.

setup_file() {
	cc -shared -fPIC -O1 -o "$BATS_FILE_TMPDIR/shim.so" "$BATS_TEST_DIRNAME/shim.c" -ldl
}

inject() {
	"$BATS_TEST_DIRNAME/inject" ${NBMS_LONG:+--long} --shim "$BATS_FILE_TMPDIR/shim.so" "$@"
}

@test "what receives and passes on: read, write, sync, rename, open, malloc fail; the disk fills" {
	inject recv recv-spool route route-rule send-dry
}

@test "what keeps: store, alarm, sched, push, weather" {
	inject store store-month store-retain store-backup live-feed alarm alarm-list sched sched-expand push-endpoint push-log weather-cached
}

@test "what speaks to others: a broker and a weather service" {
	inject send weather
}

@test "what is asked: query and learn" {
	inject query query-latest query-endpoints live-tokens learn-task learn-run
}

@test "what founds: registry, certificates, the broker's configuration" {
	inject device-register device-create device-rotate device-broker
}
