# What the command-line tests share. Loaded with `load common`.

bats_require_minimum_version 1.5.0

# The top of the tree, and a directory for this test alone, which becomes the working directory.
top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
common_setup() {
	cd "$BATS_TEST_TMPDIR" || return
	unset NBMS_DIR NBMS_NOW NBMS_PART
}

# within SECONDS COMMAND ...: runs the command again and again until it succeeds; fails when the time is up.
within() {
	local until=$((SECONDS + $1 + 1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$until" ] || { echo "not within the time: $*" >&2; return 1; }
		sleep 0.05
	done
}

# ended PID: it is gone, or only waits to be reaped.
ended() {
	! kill -0 "$1" 2>/dev/null || [ "$(ps -o stat= -p "$1" | cut -c 1)" = Z ]
}

# holds FILE TEXT: the text stands somewhere in the file.
holds() {
	grep -qF -- "$2" "$1"
}

# no_control_bytes FILE: nothing but LF, printable ASCII and UTF-8.
no_control_bytes() {
	! LC_ALL=C tr -d '\n\040-\176\200-\377' <"$1" | grep -q . && iconv -f UTF-8 -t UTF-8 "$1" >/dev/null
}
