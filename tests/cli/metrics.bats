#!/usr/bin/env bats
# --metrics FILE of every program, and the forms of the log: what node_exporter, Prometheus and the journal ask for.

bats_require_minimum_version 1.5.0

setup() {
	load common
	common_setup
	export NBMS_DIR=$PWD/state
}

# sound FILE: as Prometheus' text format 0.0.4 and node_exporter's textfile collector have it: HELP and TYPE before the
# samples of a name, once; a name's samples together; no time stamps; no sample twice; a whole last line; buckets that grow
# up to +Inf, which is the count.
sound() {
	[ "$(tail -c 1 "$1" | od -An -c | tr -d ' ')" = '\n' ] || { echo "$1: its last line has no end"; return 1; }
	awk -v file="$1" '
		function bad(why) { print file ":" NR ": " why ": " $0; wrong = 1 }
		function base(n) { if (type[n] == "") { sub(/_(bucket|sum|count)$/, "", n) } return n }
		/^# HELP / { if (help[$3]++) bad("HELP twice"); if (NF < 4) bad("no help"); next }
		/^# TYPE / {
			if (type[$3] != "") bad("TYPE twice")
			if ($4 !~ /^(counter|gauge|histogram)$/) bad("no such type")
			if ($4 == "counter" && $3 !~ /_total$/) bad("a counter is not called _total")
			type[$3] = $4; now = $3; next
		}
		/^#/ { next }
		!/^[a-z_]+\{[a-z]+="([^"\\]|\\.)*"(,[a-z]+="([^"\\]|\\.)*")*\} [0-9.e+-]+$/ { bad("not a sample"); next }
		{
			name = $0; sub(/\{.*/, "", name)
			key = $0; sub(/ [^ ]+$/, "", key)
			if (seen[key]++) bad("twice")
			if (base(name) != now) bad("not with its TYPE")
			if (!help[base(name)]) bad("no HELP")
			if ($0 !~ /program="nbms-[a-z]+",name="[^"]+"/) bad("not told apart")
			if (name ~ /_bucket$/) { if ($NF + 0 < last + 0) bad("a bucket below the one before"); last = $NF; inf = $0 ~ /le="\+Inf"/ ? $NF : inf }
			else last = 0
			if (name ~ /_count$/ && $NF != inf) bad("not its +Inf")
		}
		END { exit wrong }' "$1"
}

# value FILE NAME [LABELS]: of the sample
value() { awk -v n="$2" -v l="${3-}" 'index($0, n "{") == 1 && index($0, l) { print $NF }' "$1"; }

@test "a file that Prometheus can read, with every record in it, once the program has ended" {
	"$top/scripts/simulate" --days 1 --points 10 >in
	echo '{"thing":"C9_B9_01","point":"nonsense","message":{}}' >>in
	nbms-recv --replay in --spool --metrics recv.prom --reject rejects >out || [ $? -eq 1 ]
	nbms-store --auto-register Asia/Seoul --metrics store.prom <out
	nbms-store --auto-register Asia/Seoul --metrics again.prom <out
	for file in *.prom; do sound "$file"; done
	[ "$(value recv.prom nbms_records_in_total)" -eq "$(wc -l <in)" ]
	[ "$(value recv.prom nbms_rejections_total 'code="unknown-kind"')" -eq 1 ]
	[ "$(value recv.prom nbms_records_rejected_total)" -eq 1 ]
	[ "$(value recv.prom nbms_exit_status)" -eq 1 ]
	[ "$(value recv.prom nbms_running)" -eq 0 ]
	[ "$(value recv.prom nbms_fsync_seconds_count)" -ge 1 ]
	[ "$(value store.prom nbms_records_out_total)" -eq $(($(wc -l <in) - 1)) ]
	[ "$(value store.prom nbms_batch_records_sum)" -eq $(($(wc -l <in) - 1)) ]
	[ "$(value again.prom nbms_records_duplicate_total)" -eq $(($(wc -l <in) - 1)) ]
	[ -z "$(find . -name '*.tmp')" ]
}

@test "written while it waits for input, and when it is told to stop" {
	mkfifo in
	nbms-store --metrics live.prom <in & pid=$!
	exec 9>in
	within 60 test -s live.prom
	[ "$(value live.prom nbms_running)" -eq 1 ]
	rm live.prom
	within 60 test -s live.prom
	sound live.prom
	kill "$pid"
	wait "$pid"
	exec 9>&-
	[ "$(value live.prom nbms_running)" -eq 0 ]
	[ "$(value live.prom nbms_exit_status)" -eq 0 ]
}

@test "copies that share the work have a file each, and a queue is told" {
	"$top/scripts/simulate" --days 1 --points 10 | nbms-recv --replay - |
		nbms-route --metrics route.prom -p store=2 store='nbms-store --auto-register Asia/Seoul --metrics store.prom'
	for file in route.prom store.0.prom store.1.prom; do sound "$file"; done
	[ "$(value store.0.prom nbms_info)" -eq 1 ]
	[ "$(($(value store.0.prom nbms_records_in_total) + $(value store.1.prom nbms_records_in_total)))" -eq \
		"$(value route.prom nbms_records_out_total)" ]
	[ "$(value route.prom nbms_queue_bytes)" -eq 0 ]
	[ ! -e store.prom ]
}

@test "a program that dies says with what; a file that cannot be written ends nothing" {
	NBMS_PART=x run -64 nbms-store --metrics died.prom </dev/null
	sound died.x.prom
	[ "$(value died.x.prom nbms_exit_status)" -eq 64 ]
	nbms-store --metrics nowhere/x.prom </dev/null 2>err
	grep -q 'nowhere/x.prom: cannot write the metrics: No such file' err
	nbms-query buildings --metrics once.prom >/dev/null
	sound once.prom
}

@test "every program has --metrics, and completion for bash and zsh" {
	for program in "$NBMS_BUILD"/bin/nbms-*; do
		"$program" --help | grep -q -- '--metrics FILE'
		"$program" --completion | bash -n
		"$program" --completion | grep -q -- '--metrics'
		"$program" --completion=zsh | grep -q -- "^.'--metrics="
	done
	complete=$(nbms-query --completion)
	[[ $complete == *' energy '*' --building '* ]]
}

@test "NBMS_LOG=json: an object a line, with source and line where there are any" {
	printf 'x\n{"a":"\\u001b"}\n' >in
	NBMS_LOG=json nbms-store --count 'in' 2>err || [ $? -eq 1 ]
	jq -s -e 'length == 3 and (map(.program) | unique) == ["nbms-store"] and all(.time | test("Z$"))' err
	jq -s -e '.[0] | .level == "warning" and .source == "in" and .line == 1 and (.message | test("^bad-json"))' err
	jq -s -e '.[2] | .level == "info" and (has("line") | not)' err
	long=$(printf 'é%.0s' $(seq 900))
	NBMS_LOG=json nbms-store "$long\"\\$long" 2>err || [ $? -eq 66 ]
	jq -s -e 'length == 1' err
}

@test "the journal is told how grave it is; nobody else is" {
	touch err
	printf 'x\n' | JOURNAL_STREAM=$(stat -c %d:%i err) nbms-store --count 2>>err || [ $? -eq 1 ]
	grep -q '^<4>nbms-store: <stdin>:1: bad-json' err
	grep -q '^<6>nbms-store: in 1 = ' err
	JOURNAL_STREAM=$(stat -c %d:%i err) nbms-store nowhere/file 2>other || [ $? -eq 66 ]
	grep -q '^nbms-store: ' other
	JOURNAL_STREAM=$(stat -c %d:%i other) NBMS_LOG=json NBMS_PART=x nbms-store </dev/null 2>>other || [ $? -eq 64 ]
	tail -n 1 other | sed 's/^<3>//' | jq -e '.level == "error"'
}

@test "what the alert rules and the manual name is there to be had" {
	if python3 -c "import yaml" 2>/dev/null; then python3 -c "import sys, yaml; yaml.safe_load(open(sys.argv[1]))" "$top/scripts/alerts.yml"; fi
	written=$({ grep -ohE '"nbms_[a-z_]+"' "$top/lib/base/metrics.c" | tr -d '"'
		sed -n 's/.*# TYPE \(nbms_[a-z_]*\) .*/\1/p' "$top/scripts/nbms-cron"; } | sort -u)
	grep -ohE 'nbms_[a-z_]+' "$top/scripts/alerts.yml" | sed 's/_bucket$//' | sort -u >named
	[ -z "$(comm -23 named <(echo "$written"))" ]
	mandoc -Tascii "$top/man/nbms-metrics.7" | col -b | grep -ohE 'nbms_[a-z_]+' | sort -u >explained
	[ -z "$(comm -3 explained <(echo "$written"))" ]
}
