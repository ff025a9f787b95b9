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
	local pid
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
		l = socket.socket(socket.AF_UNIX); l.bind(listen); l.listen()
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
	# a password is never in a URL, nor in what is said of it
	run -64 env NBMS_DB="${base/nbms@/nbms:secret@}" nbms-query points
	[[ $output == *'has a password in it'* && $output != *secret* ]]
	# who may not write
	psql -Xq "$base" -c 'CREATE ROLE reader LOGIN'
	run -77 env NBMS_DB="${base/nbms@/reader@}#other" nbms-store -d s /dev/null
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
