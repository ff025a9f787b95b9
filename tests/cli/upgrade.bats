#!/usr/bin/env bats
# A program that is newer than the state it finds brings it up to date; one that is older leaves it alone.

bats_require_minimum_version 1.5.0

setup() {
	load common
	common_setup
	export NBMS_DIR=$PWD/site
	mkdir site
}

# the schema of the first release, and a site that lived in it
first_release() {
	local file version
	for file in "$top"/lib/db/sql/schema/site/*.sql; do
		version=$((10#$(basename "$file" | cut -d - -f 1)))
		[ "$version" -le 30 ] && { cat "$file"; echo "PRAGMA user_version = $version;"; }
	done | sqlite3 site/nbms.db
	sqlite3 site/nbms.db <<-'SQL'
		INSERT INTO customer (customer, name) VALUES ('C1', 'One');
		INSERT INTO building (customer, building, name, timezone) VALUES ('C1', 'B1', 'First', 'Asia/Seoul');
		INSERT INTO thing (thing, customer, building, created) VALUES ('C1_B1_01', 'C1', 'B1', 1664000000);
		INSERT INTO checkpoint (consumer, part, parts, seq, at) VALUES ('store', 0, 1, 7, 1664000000);
	SQL
}

# comments and blanks apart
schema() { sqlite3 "$1" "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY 1, 2" | sed 's/ *--.*//; s/  */ /g; s/ $//'; }

@test "the first release's database is read once it was written to, and has then the schema of a new one" {
	first_release
	[ "$(sqlite3 site/nbms.db 'PRAGMA user_version')" -eq 30 ]
	run -78 nbms-query things
	[[ $output == *'schema 30 is older than'* ]]
	nbms-store </dev/null
	nbms-store -d fresh </dev/null
	diff <(schema fresh/nbms.db) <(schema site/nbms.db)
	[ "$(sqlite3 site/nbms.db 'PRAGMA user_version')" -eq "$(sqlite3 fresh/nbms.db 'PRAGMA user_version')" ]
	[ "$(nbms-query things --json | jq -r .thing)" = C1_B1_01 ]
	[ "$(sqlite3 site/nbms.db 'SELECT seq FROM checkpoint')" -eq 7 ]
	[ "$(sqlite3 site/nbms.db 'PRAGMA foreign_key_check; PRAGMA integrity_check')" = ok ]
}

@test "programs that meet an old database together bring it up to date once" {
	first_release
	for i in 1 2 3 4; do
		nbms-store </dev/null 2>"err$i" & pids[i]=$!
	done
	for i in 1 2 3 4; do wait "${pids[i]}"; done
	[ ! -s err1 ] && [ ! -s err2 ] && [ ! -s err3 ] && [ ! -s err4 ]
	nbms-query things | grep -q C1_B1_01
}

@test "a newer database is refused by every program, and stays as it is" {
	nbms-store </dev/null
	sqlite3 site/nbms.db 'PRAGMA user_version = 9999'
	cp site/nbms.db was
	for call in 'nbms-store' 'nbms-query things' 'nbms-alarm' 'nbms-device list' 'nbms-sched apply' 'nbms-store month' \
		'nbms-recv --spool --replay /dev/null' 'nbms-push' 'nbms-learn task learning'; do
		status=0
		# shellcheck disable=SC2086  # a call is words
		$call </dev/null >out 2>err || status=$?
		[ "$status" -eq 78 ] && grep -q 'made by a newer nbms (schema 9999' err || { echo "$call: $status"; cat err; return 1; }
	done
	cmp site/nbms.db was
}

@test "a newer month file is refused and stays as it is" {
	"$top/scripts/simulate" --points 5 --days 1 --from 2022-10-03 | nbms-recv --replay - >in
	nbms-store --auto-register Asia/Seoul <in
	file=$(echo site/history/*/2022-10.db)
	sqlite3 "$file" 'PRAGMA user_version = 9999'
	sum=$(sha256sum "$file")
	run -78 nbms-store <in
	run -78 nbms-query latest
	[ "$(sha256sum "$file")" = "$sum" ]
}
