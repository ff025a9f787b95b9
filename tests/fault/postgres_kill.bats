#!/usr/bin/env bats
# A PostgreSQL server in trouble: down at the start, killed in mid-batch and at commit, full, of another schema. Every record
# is in the history once, whatever happens; and where trying again helps, the status says so.

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	scripts/simulate --points 60 --from 2022-09-30 --days 2 |
		awk '{ sub(/^\{/, "{\"seq\":" NR ","); print }' >"$BATS_FILE_TMPDIR/days"
	# durable, as a site's is: what was committed must be there after a kill
	tests/postgres start "$BATS_FILE_TMPDIR" fsync=on synchronous_commit=on full_page_writes=on >"$BATS_FILE_TMPDIR/url"
}

teardown_file() {
	"$BATS_TEST_DIRNAME"/../postgres stop "$BATS_FILE_TMPDIR"
}

setup() {
	load ../cli/common
	common_setup
	server=$BATS_TEST_DIRNAME/../postgres
	export NBMS_DB
	NBMS_DB="$(cat "$BATS_FILE_TMPDIR/url")#{dir}"
	days=$BATS_FILE_TMPDIR/days
}

teardown() {
	local pid mounted
	if [ -d small/pg ]; then "$server" stop "$PWD/small"; fi
	for mounted in space small; do
		if mountpoint -q $mounted; then umount $mounted; fi
	done
	for pid in $(jobs -p); do # not what bats itself has started
		case $(ps -o comm= -p "$pid") in nbms-* | python*) kill -9 "$pid" ;; esac
	done
}

store() { nbms-store -d s --auto-register Asia/Seoul "$@"; }

# How many records are done, and all there is.
state() {
	local f
	for f in $(months "$1"); do
		sql "$f" 'SELECT ts, thing, local, stamp, period FROM frame ORDER BY 1, 2; SELECT * FROM history ORDER BY 1, 2, 3'
	done
	sql "$1"/nbms.db 'SELECT point_id, name, class, changed FROM point ORDER BY 1; SELECT seq FROM checkpoint'
}

@test "a server that is killed again and again, in mid-batch and at commit: every record once" {
	(cd "$BATS_FILE_TMPDIR" && sed 's/^{"seq":[0-9]*,/{/' "$days") | nbms-store -d want --auto-register Asia/Seoul
	kills=0 runs=0 last=0
	while [ "$last" -lt "$(wc -l <"$days")" ]; do
		runs=$((runs + 1))
		[ $runs -le 60 ]
		# a few records a commit, so that there are many
		(while IFS= read -r line; do echo "$line"; done <"$days") | store >/dev/null 2>err &
		victim=$!
		if [ $kills -lt 8 ]; then
			sleep 0.$((RANDOM % 6))$((RANDOM % 10))
			"$server" kill "$BATS_FILE_TMPDIR"
			kills=$((kills + 1))
			wait $victim && status=0 || status=$?
			[ $status -eq 75 ] || [ $status -eq 0 ] || { echo "status $status"; cat err; false; }
			# down at the start is the same
			run -75 nbms-store -d s "$days"
			[[ $output == *'cannot connect: '* ]]
			"$server" again "$BATS_FILE_TMPDIR"
		else
			wait $victim
		fi
		last=$(sql s/nbms.db 'SELECT seq FROM checkpoint' 2>/dev/null) || true
		last=${last:-0}
	done
	echo "$kills kills, $runs runs"
	diff <(state want | grep -v '^[0-9]*$') <(state s | grep -v '^[0-9]*$')
}

# A stand-in for the network between: what it hears is passed on, until COMMIT has gone to the server; its answer never comes.
cut_at_commit() {
	/usr/bin/python3 - "$1" "$2" "$3" <<-'PY'
		import os, socket, sys, threading, time
		listen, server, commits = sys.argv[1], sys.argv[2], int(sys.argv[3])
		l = socket.socket(socket.AF_UNIX); l.bind(listen + '.new'); l.listen(); os.rename(listen + '.new', listen) # who finds it is heard
		def up(client, backend):
		    global commits
		    while (data := client.recv(65536)):
		        commits -= b'COMMIT\0' in data
		        if commits == 0:
		            client.shutdown(socket.SHUT_RDWR)
		            backend.sendall(data)
		            time.sleep(1) # it is done, and nobody hears of it
		            os._exit(0)
		        backend.sendall(data)
		    backend.shutdown(socket.SHUT_RDWR)
		def down(client, backend):
		    try:
		        while (data := backend.recv(65536)): client.sendall(data)
		    except OSError: pass
		while True:
		    client, _ = l.accept()
		    backend = socket.socket(socket.AF_UNIX); backend.connect(server)
		    for way in up, down:
		        threading.Thread(target=way, args=(client, backend), daemon=True).start()
	PY
}

@test "the connection is lost while committing: 75, and the checkpoint knows whether it was done" {
	head -n 20 "$days" | nbms-store -d want --auto-register Asia/Seoul
	store </dev/null
	mkdir net
	socket=$(cat "$BATS_FILE_TMPDIR/socket")/.s.PGSQL.5432
	net=$(mktemp -d /tmp/nbms-net.XXXXXX)
	for lines in 7 14 20; do
		cut_at_commit "$net/.s.PGSQL.5432" "$socket" 1 &
		within 60 test -S "$net/.s.PGSQL.5432"
		NBMS_DB="postgresql://nbms@/nbms?host=$net#{dir}" store <(head -n $lines "$days") 2>err && status=0 || status=$?
		[ $status -eq 75 ] || { echo "$lines: $status"; cat err; false; }
		wait $! || true
		rm -f "$net/.s.PGSQL.5432"
	done
	rm -rf "$net"
	store <(head -n 20 "$days")
	diff <(state want) <(state s)
}

@test "what a server refuses: its status says whether trying again helps" {
	head -n 5 "$days" | store
	base=$(cat "$BATS_FILE_TMPDIR/url")
	# nobody there, no such database, nobody of that name
	run -75 env NBMS_DB='postgresql:///nbms?host=/nonexistent' nbms-query points
	[[ $output == *'cannot connect: '* ]]
	run -78 env NBMS_DB="${base%%/nbms\?*}/nothing?${base#*\?}" nbms-query points
	run -77 env NBMS_DB="${base/nbms@/nobody@}" nbms-query points
	run -64 env NBMS_DB='mysql://x' nbms-query points
	# a password is never in a URL, nor in what is said of one, even of one that is wrong
	run -64 env NBMS_DB="${base/nbms@/nbms:secret@}" nbms-query points
	[[ $output == *'has a password in it'* && $output != *secret* ]]
	for wrong in "${base/nbms@/nbms:sec%zzret@}" "${base/nbms@/nbms:sec%zzret@}#a/b/c!" "${base/nbms@/nbms:secret@}#a!" \
		"$base&password=secret" "$base&pasword=secret" 'postgresql://nbms:secret@[::1/x' 'mysql://nbms:secret@x/y'; do
		run -64 env NBMS_DB="$wrong" nbms-query points
		[[ $output != *sec* ]]
		run -64 nbms-store copy --from "$wrong" --to t
		[[ $output != *sec* ]]
	done
	# too many connections, and nobody who may: neither is for the server's words to tell, which are in its own language
	psql -Xq "$base" -c 'CREATE ROLE few LOGIN CONNECTION LIMIT 0' -c 'CREATE ROLE reader LOGIN'
	run -75 env NBMS_DB="${base/nbms@/few@}" nbms-query points
	[[ $output == *'cannot connect: '*'too many connections'* ]]
	# who may not write, and who may read
	run -77 env NBMS_DB="${base/nbms@/reader@}#other" nbms-store -d s /dev/null
	schema=$(schema_of s)
	run -77 env NBMS_DB="${base/nbms@/reader@}#$schema" nbms-query points
	psql -Xq "$base" -c "GRANT USAGE ON SCHEMA \"$schema\" TO reader" -c "GRANT SELECT ON ALL TABLES IN SCHEMA \"$schema\" TO reader"
	NBMS_DB="${base/nbms@/reader@}#$schema" nbms-query points >points
	[ "$(wc -l <points)" -gt 10 ]
	run -77 env NBMS_DB="${base/nbms@/reader@}#$schema" nbms-store --auto-register UTC "$days"
	[[ $output == *'permission denied'*'(SQLSTATE 42501)'* ]]
	# a statement that takes longer than the server lets it
	PGAPPNAME=holder psql -Xq "$base" -c "BEGIN; LOCK TABLE \"$schema\".checkpoint; SELECT pg_sleep(60)" >/dev/null 2>&1 &
	held() { [ "$(psql -XqAt "$base" -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'holder' AND wait_event = 'PgSleep'")" = 1 ]; }
	within 60 held
	run -75 env NBMS_DB="$base&options=-c%20statement_timeout%3D500#$schema" nbms-store "$days"
	[[ $output == *'(SQLSTATE 57014)'* ]]
	psql -Xq "$base" -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'" >/dev/null
	# a lock that does not go away, a transaction that has to be tried again: see SQLSTATE 55P03, 40001
	sql s/nbms.db 'UPDATE schema_version SET version = 9999'
	run -78 nbms-store -d s /dev/null
	[[ $output == *'made by a newer nbms (schema 9999'* ]]
	sql s/nbms.db 'UPDATE schema_version SET version = 1'
	run -78 nbms-query points -d s
	[[ $output == *'is older than'* ]]
}

@test "a session the server ends, and rows that two would write in turn" {
	head -n 5 "$days" | store
	mkfifo pipe
	store pipe 2>err &
	victim=$!
	exec 7>pipe
	sed -n 6,8p "$days" >&7
	done_8() { [ "$(sql s/nbms.db 'SELECT seq FROM checkpoint')" = 8 ]; }
	within 60 done_8 || { cat err; sql s/nbms.db 'SELECT * FROM checkpoint'; wc -l "$days"; false; }
	psql -Xq "$(cat "$BATS_FILE_TMPDIR/url")" -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nbms-store'" >/dev/null
	sed -n 9p "$days" >&7
	exec 7>&-
	wait $victim && status=0 || status=$?
	[ $status -eq 75 ]
	# a transaction that the server has to undo, as for a deadlock or a serialization failure
	schema=$(schema_of s)
	sql s/nbms.db "CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION SQLSTATE ''40001''; END';
		CREATE TRIGGER refuse BEFORE UPDATE ON checkpoint EXECUTE FUNCTION \"$schema\".refuse()"
	run -75 store "$days"
	[[ $output == *'(SQLSTATE 40001)'* ]]
	done_8
	sql s/nbms.db 'CREATE OR REPLACE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION SQLSTATE $x$53100$x$; END$$'
	run -74 store "$days"
	[[ $output == *'(SQLSTATE 53100)'* ]]
	done_8
	sql s/nbms.db 'DROP FUNCTION refuse CASCADE'
	store "$days"
	[ "$(sql s/nbms.db 'SELECT seq FROM checkpoint')" -eq "$(wc -l <"$days")" ]
}

@test "a password comes from a file or a service, and nowhere else is it seen" {
	head -n 5 "$days" | store
	base=$(cat "$BATS_FILE_TMPDIR/url")
	psql -Xq "$base" -c "CREATE ROLE kept LOGIN SUPERUSER PASSWORD 'opensesame'"
	hba=$BATS_FILE_TMPDIR/pg/db/pg_hba.conf
	sed -i '1i local all kept scram-sha-256' "$hba"
	psql -Xq "$base" -c 'SELECT pg_reload_conf()' >/dev/null
	mine="${base/nbms@/kept@}" schema=$(schema_of s)
	refused() { [ "$(NBMS_DB="$mine#$schema" nbms-query points 2>/dev/null || echo $?)" = 77 ]; }
	within 60 refused # the server has read it
	run -77 env NBMS_DB="$mine#$schema" nbms-query points
	echo '*:*:*:kept:wrong' >pass
	chmod 600 pass
	run -77 env PGPASSFILE="$PWD/pass" NBMS_DB="$mine#$schema" nbms-query points
	[[ $output == *'cannot connect: '* && $output != *wrong* ]]
	echo '*:*:*:kept:opensesame' >pass
	PGPASSFILE=$PWD/pass NBMS_DB="$mine#$schema" nbms-query points >points
	NBMS_DB="$mine&passfile=$PWD/pass#$schema" nbms-query points | cmp - points
	printf '[site]\nhost=%s\ndbname=nbms\nuser=kept\npassword=opensesame\n' "$(cat "$BATS_FILE_TMPDIR/socket")" >services
	PGSERVICEFILE=$PWD/services NBMS_DB="postgresql://?service=site#$schema" nbms-query points | cmp - points
	run -78 env PGSERVICEFILE="$PWD/services" NBMS_DB="postgresql://?service=other#$schema" nbms-query points
	# nothing that it writes has it
	PGPASSFILE=$PWD/pass NBMS_DB="$mine#$schema" nbms-store --count --metrics metrics "$days" 2>err
	run ! grep -rq opensesame err metrics
}

# fill FOLDER KB: nothing but so much is free there
fill() {
	dd if=/dev/zero of="$1/ballast" bs=64k status=none 2>/dev/null || true
	truncate -s "-$2K" "$1/ballast"
}

@test "no room at the server: it is said, nothing is lost, and it goes on when there is" {
	head -n 40 "$days" >some
	nbms-store -d want --auto-register Asia/Seoul some
	state want | grep -v '^[0-9]*$' >wanted
	mkdir small space
	mount -t tmpfs -o size=120M none small 2>/dev/null || skip 'mounting is not allowed here'
	INITDB_OPTIONS=--wal-segsize=1 "$server" start "$PWD/small" fsync=on synchronous_commit=on full_page_writes=on \
		min_wal_size=2MB max_wal_size=4MB shared_buffers=16MB >url
	base=$(cat url)
	NBMS_DB="$base#{dir}"
	# its log or its tables: the server ends, or refuses
	fill small 500
	run store some
	case $status in
	74) [[ $output == *"the server's disk is full: "*'(SQLSTATE 53100)'* ]] ;;
	75) [[ $output == *'server closed the connection'* || $output == *'connection was lost'* ]] ;;
	*) echo "status $status: $output" && false ;;
	esac
	rm small/ballast
	psql -Xq "$base" -c 'SELECT 1' >/dev/null 2>&1 || "$server" again "$PWD/small" || within 60 psql -Xq "$base" -c 'SELECT 1' >/dev/null
	store some
	diff wanted <(state s | grep -v '^[0-9]*$')
	# a file system for the months alone: the server goes on
	mount -t tmpfs -o size=1M none space
	if [ "$(id -u)" -eq 0 ]; then chown postgres: space; fi
	psql -Xq "$base" -c "CREATE TABLESPACE space LOCATION '$PWD/space'"
	there="$base&options=-c%20default_tablespace%3Dspace#{dir}"
	run -74 env NBMS_DB="$there" nbms-store -d t --auto-register Asia/Seoul some
	[[ $output == *"the server's disk is full: "*'(SQLSTATE 53100)'* ]]
	mount -o remount,size=64M space
	NBMS_DB="$there" nbms-store -d t --auto-register Asia/Seoul some
	diff wanted <(state t | grep -v '^[0-9]*$')
}

@test "a worker that is stopped at any moment, and goes on when another has its shard: every record once" {
	(cd "$BATS_FILE_TMPDIR" && sed 's/^{"seq":[0-9]*,/{/' "$days") | nbms-store -d want --auto-register Asia/Seoul
	last=$(wc -l <"$days")
	seq_is() { [ "$(sql s/nbms.db 'SELECT seq FROM checkpoint')" = "$1" ]; }
	beats() { [ "$(sql s/nbms.db 'SELECT count(*) FROM heartbeat')" = 1 ]; }
	export NBMS_SHARD=2
	store </dev/null
	mkfifo one
	exec 7<>one # it does not end by itself
	# not by way of a function: it is the program that is stopped
	nbms-store -d s --auto-register Asia/Seoul one >/dev/null 2>err1 7>&- &
	first=$!
	(while IFS= read -r line; do echo "$line"; done <"$days") >one 7>&- &
	within 60 beats || { cat err1; false; }
	sleep 0.$((RANDOM % 6))$((RANDOM % 10))
	kill -STOP $first
	store --count "$days" 2>err2 7>&- || { cat err2; false; }
	seq_is "$last"
	kill -CONT $first
	exec 7>&-
	wait $first && status=0 || status=$?
	cat err1 err2
	# it may have had nothing left to do
	[ $status -eq 75 ] || [ $status -eq 0 ]
	grep -q 'was ended' err2
	diff <(state want | grep -v '^[0-9]*$') <(state s | grep -v '^[0-9]*$')
}
