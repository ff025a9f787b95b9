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
month() {
	sql "$1" 'SELECT name, value FROM meta ORDER BY 1'
	sql "$1" 'SELECT ts, thing, local, stamp, period, received FROM frame ORDER BY ts, thing'
	sql "$1" 'SELECT s.ts, r.thing, r.point_id, r.attr, r.period, r.texts, s.value, t.json FROM sample s JOIN series r ON r.id = s.series
		LEFT JOIN sample_text t ON t.ts = s.ts AND t.series = s.series ORDER BY 1, 2, 3, 4'
}

# same_months A B: of two state directories
same_months() {
	local file
	[ -n "$(months "$1")" ]
	for file in $(months "$1"); do diff <(month "$file") <(month "$2${file#"$1"}"); done
}

# everything of nbms.db but when it was written
registry() {
	local table
	if on_postgres; then
		for table in customer building thing point composite composite_member latest gap_request; do
			sql "$1" "SELECT * FROM $table ORDER BY 1, 2, 3"
		done
	else
		sqlite3 "$1" .dump | grep -v 'INTO "\{0,1\}checkpoint'
	fi
}

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
	same_months site other
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
	within 60 eval '[ "$(sql site/nbms.db "SELECT max(seq) FROM checkpoint" 2>/dev/null || echo 0)" -ge 100 ]'
	nbms-store backup copy >told
	touch made
	jq -e ".done >= 100 and .done < $sent" told
	wait "$pid"
	# the machine burns; what is left is the backup and the disk the spool was on
	mkdir new && cp -r site/spool new/
	nbms-store restore -d new copy
	NBMS_DIR=$PWD/new nbms-recv --spool | NBMS_DIR=$PWD/new nbms-store --count 2>counts
	same_months site new
	[ "$(sql new/nbms.db 'SELECT max(seq) FROM checkpoint')" -eq "$sent" ]
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
	same_months site other
}

@test "a month file that is damaged or gone is found, said and made again, the same as it was" {
	only_sqlite
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
	only_sqlite
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
	[ "$(months new)" = new/history/C000003_B002/2022-10.db ]
	NBMS_DIR=$PWD/new nbms-recv --replay site/spool/*.ndjson --spool --reject new/others | NBMS_DIR=$PWD/new nbms-store --reject new/others || [ $? -eq 1 ]
	diff <(month site/history/C000003_B002/2022-10.db) <(month new/history/C000003_B002/2022-10.db)
	[ "$(sql new/history/C000003_B002/2022-10.db 'SELECT count(*) FROM frame')" -eq 192 ]
	[ "$(jq -r 'select(.by == "nbms-store") | .rejected' new/others | sort -u)" = unknown-thing ]
	nbms-device delete --purge C000003_B002_01
	[ "$(months site)" = site/history/C000003_B001/2022-10.db ]
}

@test "a server's backup is files: of one moment, restored to a server or to files; what is there is left alone" {
	on_postgres || skip 'of a server'
	feed 2022-09-28 5
	nbms-store backup copy >/dev/null
	NBMS_DB='' nbms-store restore -d files copy
	nbms-query history >want
	NBMS_DB='' nbms-query history -d files | diff want -
	# and what was kept in files goes into a server
	NBMS_DB='' nbms-store backup -d files again >/dev/null
	nbms-store restore -d other again
	nbms-query history -d other | diff want -
	diff <(registry site/nbms.db) <(registry other/nbms.db)
	# one that was cut off goes on where it was
	nbms-store restore -d third copy & pid=$!
	begun() { [ -n "$(months third 2>/dev/null)" ]; }
	within 60 begun
	kill -9 $pid
	wait $pid || :
	nbms-store restore -d third copy || [ $? -eq 73 ] # it was faster
	nbms-query history -d third | diff want -
	# months of something else in its place
	echo '{"thing":"C000003_B001_01","point":"periodic_log","message":{"point_0":{"msg":[{"attr_name":"M_Value","data":1}],"period":15,"point_id":"x"},"point_count":1,"time":"202209281000"}}' |
		nbms-store -d fourth --auto-register Asia/Seoul
	run -73 nbms-store restore -d fourth copy
	[[ $output == *'a site is there'* ]]
}

@test "a month that is gone from a server, or that is asked for, is made again from the spool, the same as it was" {
	on_postgres || skip 'of a server'
	feed 2022-09-29 5 --kinds init,periodic_log
	for file in $(months site); do month "$file" >"$(basename "$file").txt"; done
	building=$(basename "$(dirname "$(months site | head -n 1)")")
	registry site/nbms.db >before
	sql site/nbms.db "DROP SCHEMA \"$(schema_of site)/$building/2022-10\" CASCADE; DELETE FROM history_month WHERE month = '2022-10'"
	nbms-store rebuild --dry-run >told
	[ "$(jq -r '[.month, .why] | join(" ")' told)" = '2022-10 missing' ]
	nbms-store rebuild >told
	jq -s -e 'map(.frames) == [288] and all(.whole)' told
	same() { for file in $(months site); do diff <(month "$file") "$(basename "$file").txt"; done; }
	same
	sql "site/history/$building/2022-10.db" 'DELETE FROM sample WHERE ts > 1664800000'
	nbms-store rebuild --building "$building" --month 2022-10 --keep >told
	same
	sql "site/history/$building/2022-10.db" 'DELETE FROM sample; DELETE FROM frame'
	nbms-store rebuild --month 2022-10 >told
	same
	diff before <(registry site/nbms.db)
	[ -z "$(find site -name '*.tmp')" ]
	nbms-store rebuild >told
	[ ! -s told ]
	# a month alone, from elsewhere
	nbms-store backup copy >/dev/null
	sql site/nbms.db "DROP SCHEMA \"$(schema_of site)/$building/2022-09\" CASCADE; DELETE FROM history_month WHERE month = '2022-09'"
	nbms-store copy --from copy --to "${NBMS_DB%%#*}#$(schema_of site)" --building "$building" --month 2022-09 >told
	[ "$(jq -r '[.of, .done] | join(" ")' told)" = "$building/2022-09 copied" ]
	same
}
