#!/usr/bin/env bats
# scripts/nbms-cron: periodic jobs, one at a time, with somebody told; and that crontab and timers name the same ones.

bats_require_minimum_version 1.5.0

setup() {
	load common
	common_setup
	PATH=$top/scripts:$PATH
	export NBMS_DIR=$PWD/state NBMS_CRON_JITTER=no
	mkdir state
}

jobs() { nbms-cron --list | cut -d ' ' -f 1 | sort; }

@test "crontab and timers have every job, at the same hours, and no other" {
	[ "$(jobs | wc -l)" -ge 8 ]
	diff <(jobs) <(awk '/nbms-cron/ && !/^#/ { print $NF }' "$top/scripts/crontab" | sort)
	diff <(jobs) <(sed -n 's/^Unit=nbms-job@\(.*\)\.service$/\1/p' "$top"/scripts/systemd/*.timer | sort)
	while read -r job; do
		cron=$(awk -v job="$job" '$NF == job { print $1, $2, $3, $4, $5 }' "$top/scripts/crontab")
		nbms-cron --list | grep -qF "$(printf '%-10s %-16s' "$job" "$cron")"
		[ -f "$top/scripts/systemd/nbms-$job.timer" ]
	done < <(jobs)
	if command -v systemd-analyze; then
		sed -n 's/^OnCalendar=//p' "$top"/scripts/systemd/*.timer | while read -r when; do
			systemd-analyze calendar "$when" >/dev/null
		done
	fi
}

@test "a dry run says what would be run, and runs nothing" {
	nbms-cron --dry-run expand | grep -q 'nbms-sched expand --apply | nbms-send'
	[ -z "$(ls state)" ]
	run -64 nbms-cron --dry-run nix
	run -64 nbms-cron
	run -64 nbms-cron --nix
	nbms-cron --help | grep -q dry-run
}

@test "a job that is well says nothing; one that fails tells somebody, with its status" {
	nbms-device register "$top/testdata/holidays/kr.ndjson" "$top/testdata/tariffs/kr-general.ndjson" - <<'ROWS'
{"type":"building","customer":"C1","building":"B1","timezone":"Asia/Seoul","tariff":"general/eul/high_a/2","country":"KR"}
ROWS
	[ -z "$(nbms-cron price 2>&1)" ]
	[ "$(sql state/nbms.db 'SELECT count(*) > 5 FROM unit_price')" = 1 ]
	[ -z "$(nbms-cron zones 2>&1)" ]
	[ -z "$(nbms-cron month 2>&1)" ]
	echo 'weather="sh -c \"exit 77\""' >state/cron.conf
	run -77 nbms-cron weather
	# shellcheck disable=SC2154  # set by run
	[[ "$output" == *'nbms-cron: weather: status 77: '* ]]
	printf '#!/bin/sh\nprintf "%%s\\n" "$1" >>told\n' >pager
	chmod +x pager
	echo "page=$PWD/pager; weather='sh -c \"exit 75\"'" >state/cron.conf
	run -75 nbms-cron weather
	grep -q 'nbms-cron: weather: status 75' told
}

@test "the same trouble is told once a day, another at once, and that it is over" {
	job() { status=0; nbms-cron "$1" >out 2>err || status=$?; }
	quiet() { [ ! -s out ] && [ ! -s err ] && [ -e "state/lock/$1.known" ]; }
	nbms-device register - <<<'{"type":"building","customer":"C1","building":"B1","timezone":"Asia/Seoul"}'
	job health # nothing has ever been received
	[ "$status" -eq 1 ]
	grep -q '"check":"pipeline"' out
	grep -q 'nbms-cron: health: status 1' err
	[ ! -e state/lock/health.known ]
	job health
	[ "$status" -eq 1 ]
	quiet health
	nbms-device create C1_B1_01 >/dev/null
	job health
	grep -q C1_B1_01 out
	grep -q 'nbms-cron: health: status 1' err
	job health
	quiet health
	touch -d '24 hours ago' state/lock/health.told
	job health
	grep -q 'nbms-cron: health: status 1' err
	echo 'weather="sh -c \"exit 75\""' >state/cron.conf
	job weather
	[ "$status" -eq 75 ]
	echo weather=true >state/cron.conf
	job weather
	[ "$status" -eq 0 ]
	grep -qx 'nbms-cron: weather: well again' err
	job weather
	[ ! -s err ]
}

@test "never twice at a time" {
	mkfifo hold
	echo "weather='cat $PWD/hold'" >state/cron.conf
	nbms-cron weather 3>&- 7>&- &
	first=$!
	exec 7>hold
	run -75 nbms-cron weather
	[[ "$output" == *'weather: still running since the last time'* ]]
	exec 7>&-
	wait "$first"
	echo 'weather=true' >state/cron.conf
	nbms-cron weather
}

@test "a backup a day: shared with the one before, and the oldest go; metrics say when a job ended, and how" {
	"$top/scripts/simulate" --points 5 --days 1 --from 2022-10-03 | nbms-recv --replay - --spool | nbms-store --auto-register Asia/Seoul
	echo "backups='$PWD/kept' keep_backups=2" >state/cron.conf
	mkdir figures
	export NBMS_METRICS=$PWD/figures
	mkdir -p kept/2020-01-01T000000 # was never finished
	nbms-cron backup
	sleep 1
	nbms-cron backup
	[ "$(ls kept | wc -l)" -eq 2 ]
	[ ! -e kept/2020-01-01T000000 ]
	[ "$(stat -c %i kept/*/history/*/2022-10.db | sort -u | wc -l)" -eq 1 ]
	grep -qx 'nbms_job_well{name="backup"} 1' figures/job-backup.prom
	echo "backups=/dev/null/nowhere" >state/cron.conf
	status=0
	nbms-cron backup 2>err || status=$?
	[ "$status" -ne 0 ]
	grep -qx 'nbms_job_well{name="backup"} 0' figures/job-backup.prom
}
