#!/usr/bin/env bats
# nbms-device killed at any moment: the same command again ends where an undisturbed run would have.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	export NBMS_DIR=$PWD/site
	seq -f '{"thing":"C000009_B001_%04g","timezone":"Asia/Seoul"}' 1 "${NBMS_KILL_THINGS-120}" >rows
}

# killed COMMAND...: runs it and kills it within 100 ms, or $longest; counts those that were still running
killed() {
	local most=${longest-100}
	"$@" >>said 2>>err &
	local pid=$!
	sleep "$(printf 0.%03d $((RANDOM % most)))"
	if kill -9 $pid 2>/dev/null; then hits=$((hits + 1)); fi
	wait $pid 2>/dev/null || true
}

@test "kill -9 while a hundred and twenty are made: no half gateway, no second certificate" {
	hits=0
	mkfifo pipe
	for _ in $(seq 40); do
		if [ $((RANDOM % 2)) -eq 0 ]; then
			killed sh -c 'exec nbms-device create <rows' # one batch
		else
			while read -r row; do echo "$row"; done <rows >pipe & # many small ones
			feeder=$!
			killed sh -c 'exec nbms-device create <pipe'
			kill $feeder 2>/dev/null || true # it may have been killed before it opened the pipe
			wait $feeder || true
		fi
		[ ! -s err ]
		# what a run said is true whatever happened after it
		jq -r 'select(.status == "created") | .bundle' said | while read -r dir; do [ -s "$dir/private.key" ]; done
		n=$(wc -l <rows)
		seq -f '{"thing":"C000009_B001_%04g","timezone":"Asia/Seoul"}' $((n + 1)) $((n + 10)) >>rows
	done
	[ $hits -gt 0 ]
	nbms-device create <rows >last
	[ "$(jq -r .certificate last | sort -u | wc -l)" -eq "$(wc -l <rows)" ]
	nbms-device verify
	[ "$(nbms-device list | jq -r 'select(.certificate != null).thing' | wc -l)" -eq "$(wc -l <rows)" ]
	# each thing that was told of has kept the certificate it was told of
	jq -r 'select(.status == "created") | .thing + " " + .certificate' said last | sort -u >told
	[ "$(cut -d' ' -f1 told | sort -u | wc -l)" -eq "$(wc -l <told)" ]
	join -v1 <(sort told) <(jq -r '.thing + " " + .certificate' last | sort) | wc -l | grep -qx 0
}

@test "kill -9 while they are rotated and deleted" {
	nbms-device create <rows >/dev/null
	hits=0
	for _ in $(seq 15); do killed sh -c 'exec nbms-device rotate <rows'; done
	nbms-device rotate <rows >/dev/null
	[ "$(sqlite3 site/nbms.db "select state, count(*) from certificate group by state" | xargs)" = \
		"current|$(wc -l <rows) superseded|$(wc -l <rows)" ]
	nbms-device verify
	jq -r .thing rows | xargs nbms-device rotate --seen >/dev/null
	for _ in $(seq 10); do killed nbms-device rotate --settle; done
	nbms-device rotate --settle >/dev/null
	nbms-device verify
	for _ in $(seq 15); do killed sh -c 'exec nbms-device delete <rows'; done
	nbms-device delete <rows >/dev/null
	[ $hits -gt 0 ]
	[ -z "$(ls site/pki/things)" ]
	[ -z "$(nbms-device list)" ]
	nbms-device verify
	[ "$(openssl crl -in site/pki/crl.pem -noout -text | grep -c 'Serial Number')" -eq $((2 * $(wc -l <rows))) ]
}

@test "kill -9 while the authority is founded: never one without a revocation list" {
	hits=0 longest=25
	for _ in $(seq 40); do
		rm -rf site
		killed nbms-device create --timezone Asia/Seoul C000009_B001_01
		nbms-device create --timezone Asia/Seoul C000009_B001_01 >/dev/null
		nbms-device verify
	done
	[ $hits -gt 0 ]
}
