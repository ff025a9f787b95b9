# What the command-line tests share. Loaded with `load common`.

bats_require_minimum_version 1.5.0

# The top of the tree, and a directory for this test alone, which becomes the working directory.
top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
common_setup() {
	cd "$BATS_TEST_TMPDIR" || return
	unset NBMS_DIR NBMS_NOW NBMS_PART
}

# Is the state kept in PostgreSQL ($NBMS_DB, see tests/run)?
on_postgres() { [ -n "${NBMS_DB-}" ]; }

# For what only a file can be or do.
only_sqlite() { if on_postgres; then skip 'of files'; fi; }

# schema_of DIR: where a state directory is kept in $NBMS_DB, as lib/db/engine.c names it.
schema_of() {
	local path name hash=2166136261 i
	case $NBMS_DB in
	*'#{dir}') ;;
	*) echo "${NBMS_DB##*#}" && return ;;
	esac
	path=$(realpath -m "$1")
	name=${path##*/}
	name=${name:0:20}
	for ((i = 0; i < ${#path}; i++)); do
		hash=$(((hash ^ $(printf %d "'${path:i:1}")) * 16777619 & 0xffffffff))
	done
	printf '%s_%08x\n' "${name//[^A-Za-z0-9]/_}" "$hash"
}

# sql DATABASE [STATEMENTS]: their rows, or those of what stdin asks for, columns parted by |. DATABASE is a path as SQLite has it, DIR/nbms.db or
# DIR/history/KEY/MONTH.db, also where they are kept in PostgreSQL; what is asked is written for both.
sql() {
	local site month
	if ! on_postgres; then
		sqlite3 "$@"
		return
	fi
	case $1 in
	*/nbms.db) site=$(schema_of "${1%/nbms.db}") month= ;;
	*) site=$(schema_of "${1%/history/*}") month=${1##*/history/} month=${month%.db} ;;
	esac
	PGOPTIONS="-c search_path=\"$site${month:+/$month}\",\"$site\" -c client_min_messages=warning" \
		psql -XqAt -v ON_ERROR_STOP=1 "${NBMS_DB%%#*}" ${2:+-c "$2"} | sed -E ':a; s/(^|[|])t($|[|])/\11\2/; s/(^|[|])f($|[|])/\10\2/; ta'
}

# months DIR: the building-months there are, as paths for sql.
months() {
	if on_postgres; then
		sql "$1/nbms.db" 'SELECT building, month FROM history_month ORDER BY 1, 2' | sed "s,\(.*\)|\(.*\),$1/history/\1/\2.db,"
	else
		ls "$1"/history/*/*.db 2>/dev/null
	fi
}

# forget DIR: the state directory with its database.
forget() {
	rm -rf "$1"
	if on_postgres; then
		local site
		site=$(schema_of "$1")
		psql -XqAt "${NBMS_DB%%#*}" -c "SELECT format('DROP SCHEMA %I CASCADE;', nspname) FROM pg_namespace
			WHERE nspname = '$site' OR starts_with(nspname, '$site/') ORDER BY nspname DESC" |
			PGOPTIONS='-c client_min_messages=error' psql -Xq "${NBMS_DB%%#*}"
	fi
}

# copy_state FROM TO: a state directory with its database.
copy_state() {
	[ ! -e "$1" ] || cp -r "$1" "$2"
	if on_postgres; then
		nbms-store copy --from "${NBMS_DB%%#*}#$(schema_of "$1")" --to "${NBMS_DB%%#*}#$(schema_of "$2")"
	fi
}

# within SECONDS COMMAND ...: runs the command again and again until it succeeds; fails when the time is up, three times as
# long as it says, for machines that are busy. SECONDS only matter when something is wrong: a minute is never too long.
within() {
	local until=$((SECONDS + 3 * $1 + 1))
	shift
	until "$@" 2>/dev/null; do
		[ "$SECONDS" -lt "$until" ] || { "$@" || echo "not within the time: $*" >&2; return 1; }
		sleep 0.05
	done
}

# free_port, free_ports N: of 127.0.0.1, for this test alone.
free_port() { "$BATS_TEST_DIRNAME/../ports"; }
free_ports() { "$BATS_TEST_DIRNAME/../ports" "$1"; }

# port_open PORT ...: somebody answers at each.
port_open() {
	local port
	for port; do (exec 9<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || return; done
}

# mosquitto_start CONFIGURATION LOG PORT ...: starts one; sets $broker. It is up when its ports answer.
mosquitto_start() {
	local mosquitto
	mosquitto=$(PATH=$PATH:/usr/sbin command -v mosquitto)
	within 60 ports_free "${@:3}" # one that was killed lets go of them in its own time
	"$mosquitto" -c "$1" >>"$2" 2>&1 3>&- 7>&- 8>&- &
	broker=$!
	shift 2
	within 60 open_or_ended "$@"
	port_open "$@"
}
ports_free() {
	local port
	for port; do ! port_open "$port" || return; done
}
open_or_ended() { port_open "$@" || ended "$broker"; }

# ended PID: it is gone, or only waits to be reaped.
ended() {
	! kill -0 "$1" 2>/dev/null || [ "$(ps -o stat= -p "$1" | cut -c 1)" = Z ]
}

# group_ended GROUP: nobody is left in this process group, but for those who only wait to be reaped; where nobody reaps orphans
# they stay for ever.
group_ended() { ! pgrep -r D,I,R,S,T,t -g "$1" >/dev/null; }

# holds FILE TEXT: the text stands somewhere in the file.
holds() {
	grep -qF -- "$2" "$1"
}

# locked FILE: somebody holds a lock on it.
locked() { grep -q ":$(stat -c %i "$1") " /proc/locks; }

# has_lines FILE N [PATTERN]: it has so many lines, or so many in which the pattern is.
has_lines() { [ "$(grep -c -- "${3-}" "$1")" -ge "$2" ]; }

# no_control_bytes FILE: nothing but LF, printable ASCII and UTF-8.
no_control_bytes() {
	! LC_ALL=C tr -d '\n\040-\176\200-\377' <"$1" | grep -q . && iconv -f UTF-8 -t UTF-8 "$1" >/dev/null
}
