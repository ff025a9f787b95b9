#!/usr/bin/env bats
# The questions that every program answers alike. A new program adds a line to each table it belongs in.

load common

setup() {
	common_setup
	export NBMS_DIR=$PWD/state
	echo '{"channel":"mail","server":"smtp://localhost:1","from":"a@b.example"}' >channels
	wrong=0
}

# Program and a call of it, in which it reads records from stdin; `-` where it reads none.
readers() {
	cat <<-'TABLE'
		nbms-alarm
		nbms-device register
		nbms-learn task
		nbms-live feed
		nbms-push --linger 0s --channels channels
		nbms-learn run
		nbms-recv --replay -
		nbms-route store=cat
		nbms-sched apply
		nbms-send --dry-run
		nbms-store --auto-register UTC
	TABLE
}

others() {
	cat <<-'TABLE'
		nbms-query
		nbms-weather
	TABLE
}

# A call that names a file which is not there.
missing_files() {
	cat <<-'TABLE'
		nbms-alarm nowhere/file
		nbms-device register nowhere/file
		nbms-learn task nowhere/file
		nbms-live feed nowhere/file
		nbms-push endpoint import nowhere/file
		nbms-learn run nowhere/file
		nbms-recv --replay nowhere/file
		nbms-route --table nowhere/file store=cat
		nbms-sched apply nowhere/file
		nbms-store nowhere/file
	TABLE
}

# not_so WHAT PROGRAM: notes it, and what the program said; the test fails at its end.
not_so() {
	echo "$2: $1 (status $status)"
	cat out err 2>/dev/null | head -n 5
	wrong=$((wrong + 1))
}

# call COMMAND ...: its output in out and err, its status in $status.
call() {
	status=0
	timeout 120 "$@" >out 2>err || status=$?
}

# names FUNCTION: the programs in a table.
names() {
	"$1" | cut -d ' ' -f 1
}

@test "every program is in the tables" {
	for file in "$NBMS_BUILD"/bin/nbms-*; do
		{ names readers; names others; } | grep -qx "$(basename "$file")" || not_so 'is in no table' "$file"
	done
	[ "$wrong" -eq 0 ]
}

@test "--help goes to stdout with 0, and --version says which" {
	for program in $(names readers) $(names others); do
		call "$program" --help
		[ "$status" -eq 0 ] && grep -q "^usage: $program " out && [ ! -s err ] || not_so --help "$program"
		[ "$(awk 'length > 120' out | wc -l)" -eq 0 ] || not_so 'a line of --help is too wide' "$program"
		call "$program" --version
		[ "$status" -eq 0 ] && grep -qxE "$program [0-9]+\.[0-9]+\.[0-9]+" out && [ ! -s err ] ||
			not_so --version "$program"
	done
	[ "$wrong" -eq 0 ]
}

@test "an unknown option ends it with 64 and one line" {
	while read -r program arguments; do
		# shellcheck disable=SC2086  # arguments are words
		call "$program" $arguments --no-such-option </dev/null
		[ "$status" -eq 64 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q "^$program: .*no-such-option" err &&
			[ ! -s out ] || not_so 'unknown option' "$program"
	done < <(readers; others)
	[ "$wrong" -eq 0 ]
}

@test "a missing file ends it with 66 and its name" {
	while read -r program arguments; do
		# shellcheck disable=SC2086
		call "$program" $arguments </dev/null
		[ "$status" -eq 66 ] && grep -q "^$program: .*nowhere/file" err || not_so 'missing file' "$program"
	done < <(missing_files)
	[ "$wrong" -eq 0 ]
}

@test "a full disk on stdout ends it with 74 and says so" {
	for program in $(names readers) $(names others); do
		status=0
		"$program" --help >/dev/full 2>err || status=$?
		[ "$status" -eq 74 ] && grep -q "^$program: stdout: No space left" err || not_so '/dev/full' "$program"
	done
	[ "$wrong" -eq 0 ]
}

# Records that no program takes: each is named by its line, is kept whole in the ledger, and the run goes on.
@test "a line that is cut, over-long, not UTF-8 or no JSON is rejected by line, and the next is read" {
	while read -r program arguments; do
		{
			printf '{"thing":"C1_B1_01","point":"\377"}\n'
			printf '{"thing":"C1_B1_01",,}\n'
			printf '{"thing":"%02000d"}\n' 0
			printf '\n[]\n'
			printf '{"thing":"C1_B1_01","point":"init"'
		} >in
		rm -f ledger
		# shellcheck disable=SC2086
		call "$program" $arguments --reject ledger --max-line 1000 --count <in
		[ "$status" -eq 1 ] || not_so 'status of rejected records' "$program"
		[ "$(jq -rs 'map(.where | capture(":(?<n>[0-9]+)$").n) | join(" ")' ledger)" = '1 2 3 5 6' ] ||
			not_so "lines rejected: $(jq -r .where ledger | paste -sd ' ')" "$program"
		[ "$(jq -rs '.[2].rejected' ledger)" = too-long ] || not_so 'too-long' "$program"
		[ "$(jq -rs '.[4].rejected' ledger)" = truncated ] || not_so 'truncated' "$program"
		[ "$(jq -rs '.[0].record_base64 // "" | @base64d' ledger | wc -c)" -gt 30 ] || not_so 'bad-utf8' "$program"
		grep -qE 'in 5 = out 0 \+ rejected 5 \+ duplicate 0' err || not_so 'counts' "$program"
	done < <(readers)
	[ "$wrong" -eq 0 ]
}

@test "--strict makes it 65" {
	while read -r program arguments; do
		# shellcheck disable=SC2086
		call "$program" $arguments --strict <<<'[]'
		[ "$status" -eq 65 ] || not_so '--strict' "$program"
	done < <(readers)
	[ "$wrong" -eq 0 ]
}

@test "a hostile record leaves no control bytes in messages" {
	while read -r program arguments; do
		{
			printf '{"thing":"\\u001b[2J\\u0007","point":"\\u001b]0;x\\u0007","type":"\\u009b31m","topic":"\\u001b"}\n'
			printf '{"thing":"C1_B1_01","point":"\\u001b[2J\\r","type":"thing","message":{}}\n'
			printf '{"\033[2J":1}\n'
		} >in
		# shellcheck disable=SC2086
		call "$program" $arguments <in
		[ "$status" -eq 1 ] || not_so 'hostile record' "$program"
		no_control_bytes err || not_so 'control bytes' "$program"
	done < <(readers)
	[ "$wrong" -eq 0 ]
}

# ready_for_term PID PROGRAM: it runs, and catches SIGTERM by the mask in its status file.
ready_for_term() {
	local mask
	[ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ] || return 1 # still the shell that starts it
	mask=$(awk '/^SigCgt/ { print $2 }' "/proc/$1/status" 2>/dev/null) && [ $((0x$mask & 0x4000)) -ne 0 ]
}

@test "SIGTERM in mid-stream: what is whole is done, and it ends with 0" {
	while read -r program arguments; do
		mkfifo in
		exec 9<>in
		# shellcheck disable=SC2086
		"$program" $arguments <in >out 2>err 9>&- &
		pid=$!
		within 60 ready_for_term $pid "$program" || not_so 'does not start' "$program"
		printf '\n{"half' >&9
		kill -TERM $pid
		within 60 ended $pid || { kill -KILL $pid; not_so 'does not end' "$program"; }
		status=0
		wait $pid || status=$?
		exec 9>&-
		rm in
		[ "$status" -eq 0 ] || not_so 'SIGTERM' "$program"
	done < <(readers)
	[ "$wrong" -eq 0 ]
}

@test "no input is no trouble" {
	while read -r program arguments; do
		# shellcheck disable=SC2086
		call "$program" $arguments </dev/null
		[ "$status" -eq 0 ] && [ ! -s err ] || not_so 'no input' "$program"
	done < <(readers)
	[ "$wrong" -eq 0 ]
}
