#!/usr/bin/env bats
# shellcheck disable=SC2154  # run --separate-stderr sets stderr
# nbms-device register and list: rows in, rows out, bad ones named.

bats_require_minimum_version 1.5.0
load common

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	cat >rows <<'ROWS'
{"type":"customer","customer":"C000003","name":"Acme"}
{"type":"region","customer":"C000003","region":"Seoul","name":"Seoul City"}
{"type":"building","customer":"C000003","building":"B001","name":"HQ","region":"Seoul","timezone":"Asia/Seoul","latitude":37.5,"longitude":127,"tariff":"general/eul/high_a/2","contract_kw":500,"country":"KR"}
{"type":"category","category":"Charge_Rate","subclass":"general/eul/high_a/2","data":{"basic":[8320]}}
{"type":"thing","thing":"C000003_B001_01","device_name":"roof"}
ROWS
}

every_type() {
	for type in customer region building category thing; do nbms-device list --type "$type" "$@"; done
}

@test "what list gives, register takes" {
	nbms-device register -d one rows
	every_type -d one >first
	nbms-device register -d two <first
	every_type -d two | grep -v '"type":"thing"' >second
	diff <(grep -v '"type":"thing"' first) second
	[ "$(every_type -d one | jq -c 'del(.created, .last_seen, .certificate, .expires)
		| with_entries(select(.value != null))')" = "$(cat rows)" ]
}

@test "the same rows twice are one each, and null keeps what is stored" {
	nbms-device register rows
	nbms-device list --type building >before
	nbms-device register rows
	echo '{"type":"building","customer":"C000003","building":"B001","name":null,"latitude":null}' | nbms-device register
	diff before <(nbms-device list --type building)
	[ "$(nbms-device list | wc -l)" -eq 1 ]
}

@test "each bad row is named by line, kept in the ledger, and the rest is done" {
	{
		cat rows
		echo '{"type":"thing","thing":"C000003_B009_01"}'
		echo '{"type":"thing","thing":"../../etc_B001_01"}'
		echo '{"type":"thing","thing":"C000003_B001_0\u00001"}'
		echo '{"type":"building","customer":"C000003","building":"B003","timezone":"Asia/Sol"}'
		echo '{"type":"building","customer":"C000003","building":"B003","timezone":"../../../etc/passwd"}'
		echo '{"type":"building","customer":"C000003","building":"B003","timezone":"Asia/Seoul","latitude":90.01}'
		echo '{"type":"building","customer":"C000003","building":"B003","timezone":"Asia/Seoul","longitude":"127"}'
		echo '{"type":"building","customer":"C000003","building":"B003","timezne":"Asia/Seoul"}'
		echo '{"type":"building","customer":"C000003","building":"B003"}'
		echo '{"type":"building","customer":"C000003","building":"B 3","timezone":"Asia/Seoul"}'
		echo '{"type":"customer","customer":"C1","customer":"C2"}'
		echo '{"type":"customer","customer":"C1","name":"bell\u0007"}'
		echo '{"type":"gadget"}'
		printf '{"type":"customer","customer":"C\377"}\n'
		echo '[1]'
		printf '{"type":"customer","customer":"C4"}'
	} >bad
	run -1 --separate-stderr nbms-device register --count --reject ledger bad
	[ -z "$output" ]
	codes='unknown-building bad-name bad-member unknown-zone unknown-zone bad-member bad-member
		unknown-member missing-member bad-name duplicate-member bad-member unknown-type bad-utf8 bad-json truncated'
	[ "$(jq -r .rejected ledger | xargs)" = "$(echo "$codes" | xargs)" ]
	line=6
	for code in $codes; do
		grep -q "^nbms-device: bad:$line: $code: " <<<"$stderr"
		line=$((line + 1))
	done
	grep -qx 'nbms-device: in 21 = out 5 + rejected 16 + duplicate 0' <<<"$stderr"
	[ "$(nbms-device list | jq -r .thing)" = C000003_B001_01 ]
	[ "$(nbms-device list --type customer | wc -l)" -eq 1 ]
	run ! env LC_ALL=C grep -q '[^[:print:][:space:]]' <<<"$stderr"
}

@test "a dry run says the same and changes nothing" {
	echo '{"type":"thing","thing":"C000003_B009_01"}' >>rows
	run -1 nbms-device register --dry-run rows
	[[ $output == *"rows:6: unknown-building:"* ]]
	[ ! -e nbms-state ]
	run -66 nbms-device list
	nbms-device register rows || [ $? -eq 1 ]
	nbms-device list --type customer >before
	echo '{"type":"customer","customer":"C000003","name":"Other"}' | nbms-device register -n
	diff before <(nbms-device list --type customer)
}

@test "wrong calls" {
	run -64 nbms-device
	run -64 nbms-device frob
	run -64 nbms-device register --frob
	run -66 nbms-device register nowhere
	nbms-device register rows
	run -64 nbms-device list --type gadget
	run -0 nbms-device --help
	run -0 nbms-device --version
	run -74 sh -c 'nbms-device list >/dev/full'
	echo '{"type":"customer","customer":"C5","name":"a long name"}' >>rows
	run -1 nbms-device register --max-line 40 rows
	run -65 nbms-device register --strict --max-line 40 rows
}

@test "rows before a SIGTERM are kept" {
	mkfifo pipe
	nbms-device register pipe &
	exec 7>pipe
	head -n 3 rows >&7
	is_kept() { nbms-device list --type building | grep -q B001; }
	within 60 is_kept
	kill -TERM $!
	wait $! || [ $? -eq 1 ]
	exec 7>&-
	[ "$(nbms-device list --type building | jq -r .building)" = B001 ]
}
