#!/usr/bin/env bats
# A site's state saved, put back, made again and moved: nbms-store backup, restore and rebuild.

bats_require_minimum_version 1.5.0

setup() {
	load common
	common_setup
	export NBMS_DIR=$PWD/site
}

# feed FROM DAYS [OPTION...]: a building's days into the spool and the store
feed() {
	"$top/scripts/simulate" --points 12 --from "$1" --days "$2" "${@:3}" |
		nbms-recv --replay - --zone Asia/Seoul --spool --segment 200k | nbms-store --auto-register Asia/Seoul
}

# everything of a month file, as text
month() { sqlite3 "$1" 'SELECT * FROM meta ORDER BY 1; SELECT * FROM frame ORDER BY ts, thing;
	SELECT s.ts, r.thing, r.point_id, r.attr, r.period, r.texts, quote(s.value), t.json FROM sample s JOIN series r ON r.id = s.series
	LEFT JOIN sample_text t ON t.ts = s.ts AND t.series = s.series ORDER BY 1, 2, 3, 4'; }

# everything of nbms.db but when it was written
registry() { sqlite3 "$1" .dump | grep -v 'INTO "\{0,1\}checkpoint'; }

@test "a backup is whole, and restored it is the same; the list says what each file is" {
	feed 2022-10-30 3
	mkdir -p site/pki site/broker
	(umask 077 && echo secret >site/pki/key && echo secret >site/weather.key && echo post >site/outbox)
	chmod 700 site/pki
	echo conf >site/broker/mosquitto.conf
	nbms-store backup copy >told
	jq -e '.files > 4 and .done > 0 and .spool == .done' told
	[ "$(stat -c %a copy)" = 700 ]
	[ ! -e copy/pki ] && [ ! -e copy/weather.key ] && [ -e copy/outbox ] && [ -e copy/broker/mosquitto.conf ]
	(cd copy && tail -n +2 backup.ndjson | jq -r '"\(.sha256)  \(.path)"' | sha256sum -c --quiet)
	nbms-store restore -d other copy
	diff <(registry site/nbms.db) <(registry other/nbms.db)
	for file in site/history/*/*.db; do diff <(month "$file") <(month "other${file#site}"); done
	nbms-store backup --secrets private >told
	[ "$(stat -c %a private/pki private/pki/key private/weather.key | paste -sd ' ')" = '700 600 600' ]
}

@test "through a pipe, and back" {
	feed 2022-10-30 2
	nbms-store backup --secrets - >copy.tar
	tar -tf copy.tar | grep -qx ./backup.ndjson
	[ -z "$(ls -d site/*.tmp 2>/dev/null)" ]
	nbms-store restore -d other - <copy.tar
	diff <(registry site/nbms.db) <(registry other/nbms.db)
	[ -z "$(ls -d other/*.tmp 2>/dev/null)" ]
	run -65 nbms-store restore -d third - < <(head -c 30000 copy.tar)
	[ ! -e third/nbms.db ]
}

@test "a backup that is damaged, unfinished, newer or in the way is refused, and nothing is touched" {
	feed 2022-10-30 2
	nbms-store backup copy >/dev/null
	run -73 nbms-store backup copy
	run -73 nbms-store restore copy
	cp -r copy broken
	printf x | dd of="$(echo broken/history/*/2022-10.db)" bs=1 seek=5000 conv=notrunc status=none
	run -65 nbms-store restore -d other broken
	[[ $output == *'is not what was backed up'* ]] && [ ! -e other/nbms.db ]
	rm broken/backup.ndjson
	run -66 nbms-store restore -d other broken
	[[ $output == *'not finished'* ]]
	cp -r copy newer
	sed -i '1s/"site_schema":[0-9]*/"site_schema":9999/' newer/backup.ndjson
	run -78 nbms-store restore -d other newer
	cp -r copy evil
	sed -i '2s|"path":"[^"]*"|"path":"../../x"|' evil/backup.ndjson
	run -66 nbms-store restore -d other evil
	run -64 nbms-store backup
	run -66 nbms-store backup -d nowhere elsewhere
	NBMS_DB=postgresql://localhost:1/x run -78 nbms-store backup elsewhere
	[[ $output == *'for state in files'* ]]
}

@test "made while the pipeline writes; restored, and the tail of the spool played: every record once" {
	"$top/scripts/simulate" --points 12 --from 2022-10-28 --days 6 >all
	sent=$(wc -l <all)
	# it goes on for as long as the backup takes, and then some
	paced() {
		head -n -100 all | while IFS= read -r line; do
			printf '%s\n' "$line"
			[ -e made ] || sleep 0.01
		done
		within 120 test -e made
		tail -n 100 all
	}
	paced | nbms-recv --replay - --spool --segment 100k | nbms-store --auto-register Asia/Seoul 3>&- & pid=$!
	within 60 eval '[ "$(sqlite3 site/nbms.db "SELECT max(seq) FROM checkpoint" 2>/dev/null || echo 0)" -ge 100 ]'
	nbms-store backup copy >told
	touch made
	jq -e ".done >= 100 and .done < $sent" told
	wait "$pid"
	# the machine burns; what is left is the backup and the disk the spool was on
	mkdir new && cp -r site/spool new/
	nbms-store restore -d new copy
	NBMS_DIR=$PWD/new nbms-recv --spool | NBMS_DIR=$PWD/new nbms-store --count 2>counts
	for file in site/history/*/*.db; do diff <(month "$file") <(month "new${file#site}"); done
	[ "$(sqlite3 new/nbms.db 'SELECT max(seq) FROM checkpoint')" -eq "$sent" ]
	[ "$(cat new/spool/*.ndjson | wc -l)" -eq "$sent" ]
	grep -q 'rejected 0 + duplicate 0' counts
}

@test "what has not changed is shared with the backup before" {
	feed 2022-09-28 4
	nbms-store backup one >/dev/null
	feed 2022-10-02 1
	nbms-store backup --since one two >told
	jq -e '.unchanged == 1' told
	[ "$(stat -c %i one/history/*/2022-09.db)" = "$(stat -c %i two/history/*/2022-09.db)" ]
	[ "$(stat -c %i one/history/*/2022-10.db)" != "$(stat -c %i two/history/*/2022-10.db)" ]
	nbms-store restore -d other two
	for file in site/history/*/*.db; do diff <(month "$file") <(month "other${file#site}"); done
}

@test "a month file that is damaged or gone is found, said and made again, the same as it was" {
	feed 2022-09-29 5 --kinds init,periodic_log
	for file in site/history/*/*.db; do month "$file" >"$(basename "$file").txt"; done
	building=$(basename site/history/*)
	printf 'garbage garbage' | dd of="site/history/$building/2022-09.db" bs=1 seek=4090 conv=notrunc status=none
	rm "site/history/$building/2022-10.db"
	nbms-store rebuild --dry-run >told 2>err || [ $? -eq 1 ]
	grep -q "2022-09.db: damaged: " err
	[ "$(jq -r '[.month, .why] | join(" ")' told | sort | paste -sd ,)" = '2022-09 damaged,2022-10 missing' ]
	registry site/nbms.db >before
	nbms-store rebuild >told 2>err || [ $? -eq 1 ] # the first month is not whole in the spool
	jq -s -e 'map(.frames) | . == [192, 288]' told
	jq -s -e 'map(.whole) | . == [false, true]' told
	for file in site/history/*/*.db; do diff <(month "$file") "$(basename "$file").txt"; done
	diff before <(registry site/nbms.db)
	[ -e "site/history/$building/2022-09.db.damaged" ]
	[ -z "$(find site -name '*.rebuilding' -o -name '*.tmp')" ]
	nbms-store rebuild >told
	[ ! -s told ]
}

@test "a rebuild that was killed is found and done again; one month alone; on top of a backup's" {
	feed 2022-10-03 3
	building=$(basename site/history/*)
	month "site/history/$building/2022-10.db" >was
	: >"site/history/$building/2022-10.db.rebuilding"
	sqlite3 "site/history/$building/2022-10.db" 'DELETE FROM sample WHERE ts > 1664800000'
	nbms-store rebuild 2>err >told || [ $? -eq 1 ]
	grep -q 'was not finished' err
	diff was <(month "site/history/$building/2022-10.db")
	sqlite3 "site/history/$building/2022-10.db" 'DELETE FROM sample; DELETE FROM frame'
	nbms-store rebuild --building "$building" --month 2022-10 --keep >told 2>err || [ $? -eq 1 ]
	diff was <(month "site/history/$building/2022-10.db")
	run -64 nbms-store rebuild --month 2022-13
	run -64 nbms-store rebuild --building nonsense
	run -66 nbms-store rebuild --building C9_B9
}

@test "no rebuild while the pipeline writes" {
	feed 2022-10-03 1
	mkfifo in
	nbms-recv --replay - --spool <in >/dev/null & pid=$!
	exec 9>in
	within 60 locked site/spool
	run -75 nbms-store rebuild
	[[ $output == *'stop the pipeline'* ]]
	exec 9>&-
	wait "$pid"
}

@test "a building moves to another machine, as nbms-operate(7) has it: nothing is lost, nothing is there twice" {
	nbms-device register - <<-'ROWS'
		{"type":"building","customer":"C000003","building":"B001","timezone":"Asia/Seoul"}
		{"type":"building","customer":"C000003","building":"B002","timezone":"Asia/Seoul"}
		{"type":"thing","thing":"C000003_B001_01"}
		{"type":"thing","thing":"C000003_B002_01"}
	ROWS
	day() { "$top/scripts/simulate" --points 8 --thing "$1" --from "$2" --days 1; }
	{ day C000003_B001_01 2022-10-03; day C000003_B002_01 2022-10-03; } | nbms-recv --replay - --spool | nbms-store
	nbms-store backup --secrets - | nbms-store restore -d new - >/dev/null
	# what still came here, and would not have gone there
	day C000003_B002_01 2022-10-04 | nbms-recv --replay - --spool | nbms-store
	nbms-device delete -d new --purge C000003_B001_01 2>/dev/null
	[ ! -e new/history/C000003_B001 ]
	NBMS_DIR=$PWD/new nbms-recv --replay site/spool/*.ndjson --spool --reject new/others | NBMS_DIR=$PWD/new nbms-store --reject new/others || [ $? -eq 1 ]
	diff <(month site/history/C000003_B002/2022-10.db) <(month new/history/C000003_B002/2022-10.db)
	[ "$(sqlite3 new/history/C000003_B002/2022-10.db 'SELECT count(*) FROM frame')" -eq 192 ]
	[ "$(jq -r 'select(.by == "nbms-store") | .rejected' new/others | sort -u)" = unknown-thing ]
	nbms-device delete --purge C000003_B002_01
	[ ! -e site/history/C000003_B002 ] && [ -e site/history/C000003_B001/2022-10.db ]
}
