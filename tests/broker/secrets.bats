#!/usr/bin/env bats
# Keys, tokens and passwords while the programs run: in no command line, environment, message, state or core file; and their
# own files are shut from the first byte. The walls around what meets the network stand in the running programs too.

load ../cli/common

setup() {
	common_setup
	export NBMS_DIR=$PWD/state
	thing=C000003_B001_01
	nbms-device register - <<-'ROWS'
		{"type":"building","customer":"C000003","building":"B001","timezone":"Asia/Seoul","latitude":37.51,"longitude":127.01}
		{"type":"thing","thing":"C000003_B001_01"}
	ROWS
	nbms-device create $thing >created
	nbms-device broker --out "$NBMS_DIR/broker" --name localhost --port "$(free_port)" --site-port "$(free_port)"
}

teardown() {
	[ -z "${up:-}" ] || kill -9 -- "-$up" 2>/dev/null || :
	[ -z "${service:-}" ] || kill "$service" 2>/dev/null || :
	exec 7>&- 8>&-
}

# Not one secret in what is read from stdin, which is called $1.
none_in() {
	local text
	text=$(cat)
	while read -r secret; do
		[[ $text != *"$secret"* ]] || { echo "$1 has ${secret:0:6}..."; return 1; }
	done <secrets
}

runs() { pgrep -g "$up" -x "$1" >/dev/null; }

@test "no secret shows while all of it runs" {
	echo sEcReT-wEaThEr-kEy >weather.key
	echo sEcReT-hOoK-kEy >hook.key
	echo '{"channel":"webhook","secret_file":"'"$PWD/hook.key"'"}' >"$NBMS_DIR/push.ndjson"
	nbms-live token add --customer C000003 --role operator --out token kim >/dev/null
	{
		cat weather.key hook.key
		grep -o 'nbms_[A-Za-z0-9_-]*' token
		find "$NBMS_DIR/pki" -name '*.key' -exec sed -n 2p {} ';'
	} >secrets
	[ "$(wc -l <secrets)" -ge 6 ]
	setsid "$top"/scripts/nbms-up >up.log 2>&1 3>&- &
	up=$!
	for program in nbms-recv nbms-send nbms-push nbms-alarm; do within 60 runs $program; done
	"$top"/scripts/weather-stand-in calls >address 3>&- &
	service=$!
	within 60 test -s address
	mkfifo requests
	nbms-live --token-file token <requests >answers 2>live.log 3>&- &
	live=$!
	exec 7>requests
	nbms-weather --key weather.key --url "$(cat address)/slow" --retries 0 --timeout 3s >weather.out 2>weather.log 3>&- 7>&- &
	weather=$!
	echo '{"request":"ping"}' >&7
	within 60 test -s answers
	for pid in $(pgrep -g "$up") $live $weather; do
		tr '\0' '\n' <"/proc/$pid/cmdline" | none_in "the command line of $pid"
		tr '\0' '\n' <"/proc/$pid/environ" | none_in "the environment of $pid"
	done
	# what meets the network stands within its walls, and leaves no core file
	walls=(nbms-recv nbms-send nbms-push)
	[[ ${NBMS_BUILD-} != *-san ]] || walls=() # the sanitizers look into the process at its end
	for program in "${walls[@]}"; do
		pid=$(pgrep -g "$up" -x $program | head -n 1)
		within 60 grep -q '^Seccomp:.*2$' "/proc/$pid/status"
		grep -q '^NoNewPrivs:.*1$' "/proc/$pid/status"
		grep -q '^Max core file size  *0  *0' "/proc/$pid/limits"
	done
	[ ${#walls[@]} -eq 0 ] || grep -q '^Seccomp:.*2$' "/proc/$live/status"
	wait $weather || :
	exec 7>&-
	wait $live || :
	kill -TERM "$up"
	within 60 ended "$up"
	cat up.log live.log weather.log weather.out answers calls created | none_in 'what was said'
	find "$NBMS_DIR" -type f ! -path '*/pki/*' ! -path '*/broker/server.key' -exec cat {} + | tr -d '\0' | none_in 'the state'
}

@test "a secret's file is shut from its first byte, whatever the umask" {
	umask 000
	# the registry and an authority anew, seen by strace
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=openat,open,chmod,fchmod,rename -o trace \
		sh -c 'nbms-device create -d other --timezone Asia/Seoul C000003_B001_01 >/dev/null &&
			nbms-device rotate -d other C000003_B001_01 >/dev/null && nbms-device broker -d other --out "$PWD/other/broker" --name localhost &&
			nbms-live token add -d other --customer C000003 --out secret.token kim >/dev/null'
	[ "$(grep -c 'O_CREAT.*0600' trace)" -ge 4 ]
	# made for all to read: only what all may read
	grep 'O_CREAT' trace | grep -v 0600 | grep -E '\.key|key\.pem|token|\.tar|/acl' >wide || :
	[ ! -s wide ] || { cat wide; false; }
	if grep -E 'chmod.*(\.key|token)' trace; then false; fi
	find other -name '*.key' ! -perm 600 | grep . && false
	[ "$(stat -c %a secret.token)" = 600 ]
	[ -z "$(find other/pki -maxdepth 0 ! -perm 700)" ]
}
