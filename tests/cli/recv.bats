#!/usr/bin/env bats
# nbms-recv --replay: every captured form, bad input, what every program answers.
# shellcheck disable=SC2154  # variables of bats, setup and the files loaded

bats_require_minimum_version 1.5.0
load common

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	dir=$(mktemp -d)
	captures=testdata/captures
	good='{"thing":"C000003_B001_01","point":"timestamp_last","message":{"time":"202210040945"}}'
}

teardown() {
	rm -rf "$dir"
}

# What a gateway sent, without what nbms-recv knows beside it.
payloads() {
	grep -v '^{"mark"' | sed 's/^{.*"thing":"C/{"thing":"C/'
}

@test "every captured form of the same morning gives the same records" {
	for form in pretty.txt sub-v.txt sub-string.ndjson sub-object.ndjson kcat.ndjson; do
		nbms-recv --replay $captures/$form | payloads >"$dir/$form"
		cmp "$dir/$form" $captures/bare.ndjson
	done
	gzip -c $captures/bare.ndjson >"$dir/bare.gz"
	nbms-recv --replay "$dir/bare.gz" | cmp - $captures/bare.ndjson
	nbms-recv --replay - <$captures/bare.ndjson | cmp - $captures/bare.ndjson
	nbms-recv --replay $captures/sub-object.ndjson $captures/kcat.ndjson | payloads >"$dir/two"
	cat $captures/bare.ndjson $captures/bare.ndjson | cmp - "$dir/two"
}

@test "the envelope: members in order, time from the capture, a mark at the end" {
	nbms-recv --replay $captures/sub-v.txt >"$dir/v"
	head -n 1 "$dir/v" | grep -q '^{"topic":"$aws/rules/Rule_C000003_B001_01","thing":"C000003_B001_01","point":"init","message":{'
	nbms-recv --replay $captures/sub-object.ndjson >"$dir/J"
	head -n 1 "$dir/J" | grep -q '^{"received":"2022-10-03T22:00:00.200Z","topic":"nbms/up/C000003_B001_01","thing":"C000003_B001_01","point":"init",'
	[ "$(tail -n 1 "$dir/J")" = '{"mark":null,"at":"2022-10-04T00:45:02.539Z"}' ]
	nbms-recv --replay "$dir/J" | cmp - "$dir/J"
	echo "$good" | nbms-recv --replay - --zone Asia/Seoul >"$dir/zone"
	[ "$(tail -n 1 "$dir/zone")" = '{"mark":null,"at":"2022-10-04T00:45:00.000Z"}' ]
}

@test "--speed keeps the records' pace" {
	for second in 0 1 2; do
		echo "{\"tst\":\"2022-10-04T09:45:0$second+0900\",\"topic\":\"nbms/up/C000003_B001_01\",\"payload\":$good}"
	done >"$dir/paced"
	began=$(date +%s%N)
	nbms-recv --replay "$dir/paced" --speed 4x >"$dir/out"
	took=$((($(date +%s%N) - began) / 1000000))
	[ "$took" -ge 500 ] # two seconds, at four times
	[ "$(grep -c '"thing"' "$dir/out")" -eq 3 ]
}

@test "rejected records are named by line, kept whole, and can be fed in again" {
	{
		echo "$good"
		echo 'nbms/up/C000003_B001_02 '"$good"
		printf '{"thing":"\377"}\n'
		echo '{"thing":"C000003_B001_01","point":"nonsense","message":{}}'
		echo '{"thing":"C000003_B001_01","thing":"x","point":"init","message":{}}'
		echo '{"thing":"C000003_B001_01","point":"ini'
		echo "$good"
		printf '%s' "$good"
	} >"$dir/in"
	run --separate-stderr nbms-recv --replay "$dir/in" --reject "$dir/rejects" --count
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 2 ]
	[ "${stderr_lines[0]}" = "nbms-recv: $dir/in:2: spoofed: \`thing\` is not the topic's thing" ]
	[[ ${stderr_lines[1]} = "nbms-recv: $dir/in:3: bad-utf8: "* ]]
	[[ ${stderr_lines[2]} = "nbms-recv: $dir/in:4: unknown-kind: "* ]]
	[[ ${stderr_lines[3]} = "nbms-recv: $dir/in:5: duplicate-member: "* ]]
	[[ ${stderr_lines[4]} = "nbms-recv: $dir/in:6: bad-json: "* ]]
	[[ ${stderr_lines[5]} = "nbms-recv: $dir/in:8: truncated: "* ]]
	[ "${stderr_lines[6]}" = "nbms-recv: in 8 = out 2 + rejected 6 + duplicate 0" ]
	[ "$(jq -r .rejected "$dir/rejects" | tr '\n' ' ')" = "spoofed bad-utf8 unknown-kind duplicate-member bad-json truncated " ]
	run --separate-stderr nbms-recv --replay "$dir/rejects" --count
	[ "$status" -eq 1 ]
	[ "$output" = "$good" ]
	[ "${stderr_lines[-1]}" = "nbms-recv: in 6 = out 1 + rejected 5 + duplicate 0" ]
	run nbms-recv --replay "$dir/in" --strict
	[ "$status" -eq 65 ]
}

@test "an over-long line is rejected with its length, and the run goes on" {
	{
		printf '{"thing":"C000003_B001_01","point":"init","message":{"x":"'
		head -c 3000 /dev/zero | tr '\0' x
		printf '"}}\n%s\n' "$good"
	} >"$dir/in"
	run --separate-stderr nbms-recv --replay "$dir/in" --max-line 2k --reject "$dir/rejects"
	[ "$status" -eq 1 ]
	[ "$output" = "$good" ]
	[ "$(jq .bytes "$dir/rejects")" -eq "$(head -n 1 "$dir/in" | tr -d '\n' | wc -c)" ]
}

@test "control bytes of a record do not reach the terminal" {
	printf '\033[31mred {"a"\n' >"$dir/in"
	run nbms-recv --replay "$dir/in"
	[ "$status" -eq 1 ]
	[[ $output != *$'\033'* ]]
}

@test "full disk on stdout, missing file, damaged gz, wrong calls" {
	run bash -c 'nbms-recv --replay testdata/captures/bare.ndjson 2>&1 >/dev/full'
	[ "$status" -eq 74 ]
	[[ $output = *'stdout: No space left on device' ]]
	run nbms-recv --replay "$dir/none"
	[ "$status" -eq 66 ]
	[ "$output" = "nbms-recv: $dir/none: cannot open: No such file or directory" ]
	head -c 300000 $captures/day-883.ndjson.gz >"$dir/cut.gz"
	run bash -c "nbms-recv --replay '$dir/cut.gz' 2>&1 >/dev/null"
	[ "$status" -eq 74 ]
	[ "$output" = "nbms-recv: $dir/cut.gz: cannot read: Input/output error" ]
	for call in '' '--nonsense' '--replay x --speed fast' '--replay x --zone Mars/Olympus'; do
		# shellcheck disable=SC2086  # words
		run nbms-recv $call
		[ "$status" -eq 64 ]
		[ "${#lines[@]}" -eq 1 ]
	done
}

@test "--help and --version" {
	run --separate-stderr nbms-recv --help
	[ "$status" -eq 0 ]
	[[ ${lines[0]} = 'usage: nbms-recv '* ]]
	[ -z "$stderr" ]
	run nbms-recv --version
	[ "$status" -eq 0 ]
}

@test "SIGTERM in mid-stream ends at a record's boundary with 0" {
	mkfifo "$dir/in"
	nbms-recv --replay - <"$dir/in" >"$dir/out" &
	pid=$!
	exec 9>"$dir/in"
	zcat $captures/day-883.ndjson.gz | head -n 20 >&9
	within 60 test -s "$dir/out"
	printf '{"thing":"C0000' >&9
	kill -TERM "$pid"
	wait "$pid"
	exec 9>&-
	[ -z "$(tail -c 1 "$dir/out")" ]
	jq -e .thing "$dir/out" >/dev/null
}

@test "the spool: printed from any record, resumed behind the lowest checkpoint, trimmed up to it" {
	export NBMS_DIR=$dir/state
	nbms-recv --replay $captures/sub-object.ndjson --spool --segment 1k >"$dir/1"
	nbms-recv --replay $captures/sub-object.ndjson --spool --segment 1k --from 14 >"$dir/2"
	[ "$(jq -c 'select(.thing).seq' "$dir/1" "$dir/2" | tr '\n' ' ')" = "$(seq 26 | tr '\n' ' ')" ]
	[ "$(tail -n 1 "$dir/2")" = '{"mark":26,"at":"2022-10-04T00:45:02.539Z"}' ]
	nbms-recv --spool --from 20 | grep thing | cmp - <(cat "$NBMS_DIR"/spool/* | tail -n 7)
	run --separate-stderr nbms-recv --trim --max-size 0
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[[ $stderr = *'no checkpoint, so nothing may go' ]]
	nbms-recv --spool | nbms-store --auto-register Asia/Seoul
	[ "$(nbms-recv --spool)" = '{"mark":26,"at":null}' ]
	[ "$(nbms-recv --trim --max-size 0)" = \
		"{\"removed\":\"0000000000000001.ndjson\",\"first\":1,\"last\":13,\"bytes\":$(grep thing "$dir/1" | wc -c)}" ]
	# a spool that was taken away goes on above what is done
	rm -r "$NBMS_DIR/spool"
	nbms-recv --replay $captures/sub-object.ndjson --spool >"$dir/3" 2>"$dir/err"
	[ "$(head -n 1 "$dir/3" | jq .seq)" = 27 ]
	grep -q 'goes on behind it' "$dir/err"
}

@test "--follow shows what another process adds" {
	export NBMS_DIR=$dir/state
	nbms-recv --replay $captures/bare.ndjson --spool >/dev/null
	nbms-recv --spool --follow >"$dir/out" 3>&- &
	pid=$!
	within 60 has_lines "$dir/out" 13 thing
	nbms-recv --replay $captures/bare.ndjson --spool --segment 1k >/dev/null
	within 60 has_lines "$dir/out" 26 thing
	kill -TERM $pid
	wait $pid
	[ "$(jq -c 'select(.thing).seq' "$dir/out" | tr '\n' ' ')" = "$(seq 26 | tr '\n' ' ')" ]
}
