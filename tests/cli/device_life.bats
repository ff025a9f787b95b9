#!/usr/bin/env bats
# shellcheck disable=SC2154  # run --separate-stderr sets stderr
# nbms-device create, rotate, delete and their like, without a broker: requests, names, files, running again.

bats_require_minimum_version 1.5.0

A=C000003_B001_01

setup() {
	load common
	cd "$BATS_TEST_TMPDIR" || return
	export NBMS_DIR=$PWD/site
}

csr() { # FILE SUBJECT [openssl req option...]
	local to=$1 subject=$2
	shift 2
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$subject" -keyout own.key -out "$to" "$@" 2>/dev/null
}

current() { nbms-device show "$1" | jq -r '.certificates[] | select(.state == "current").serial'; }

@test "one result line a row; the same rows again are the same certificates" {
	cat >rows <<-'ROWS'
		{"thing":"C000003_B001_01","device_name":"roof","timezone":"Asia/Seoul","country":"KR","contract_kw":500}
		{"thing":"C000003_B001_02"}
		{"thing":"C000004_B001_01","timezone":"Europe/Paris"}
	ROWS
	nbms-device create --count <rows >first 2>counts
	[ "$(jq -r .status first | sort | uniq -c | xargs)" = '3 created' ]
	grep -q 'in 3 = out 3 + rejected 0 + duplicate 0' counts
	nbms-device create --count <rows >second 2>counts
	[ "$(jq -r .status second | sort | uniq -c | xargs)" = '3 exists' ]
	grep -q 'in 3 = out 0 + rejected 0 + duplicate 3' counts
	diff <(jq -c '[.thing, .certificate, .bundle]' first) <(jq -c '[.thing, .certificate, .bundle]' second)
	[ -d site/history/C000003_B001 ]
	[ -d site/history/C000004_B001 ]
	[ "$(sql site/nbms.db 'select consumer, seq from checkpoint')" = 'store|0' ]
	[ "$(nbms-device list --type building | jq -c '[.customer, .timezone, .contract_kw]' | xargs)" = \
		'[C000003,Asia/Seoul,500] [C000004,Europe/Paris,null]' ]
	# what list gives, create takes: all things registered get what they lack
	echo '{"type":"thing","thing":"C000003_B001_07"}' | nbms-device register
	[ "$(nbms-device list | nbms-device create | jq -r .status | sort | uniq -c | xargs)" = '1 created 3 exists' ]
	nbms-device verify
}

@test "keys and what holds them are for their owner, whatever the umask" {
	umask 000
	nbms-device create --timezone Asia/Seoul $A C000003_B001_02 >/dev/null
	nbms-device broker --out site/broker
	[ -z "$(find site -name '*.key' -not -perm 600)" ]
	[ -z "$(find site -name '*.tar' -not -perm 600)" ]
	[ "$(find site -name '*.key' | wc -l)" -eq 6 ]
	[ -z "$(find site/pki -type d -not -perm 700)" ]
	[ "$(grep -rl 'PRIVATE KEY' site | grep -cvE '\.(key|tar)$')" -eq 0 ]
	ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=openat,chmod,fchmod -o calls nbms-device create C000003_B001_03
	# a process with keys in it shows its memory to nobody but who may trace all
	! grep -q 'openat([^,]*, 0x' calls || skip 'file names are not to be seen here'
	grep -E 'private.key|\.tar"' calls | grep O_CREAT >made
	[ "$(grep -cE 'O_EXCL.*0600' made)" -eq 2 ]
	[ "$(wc -l <made)" -eq 2 ]
	run ! grep -q chmod calls
}

@test "a certificate says what it should" {
	nbms-device create --timezone Asia/Seoul --days 90 $A | tee result
	pem=$(jq -r .bundle result)/certificate.pem
	openssl x509 -in "$pem" -noout -text >text
	grep -q 'Version: 3' text
	grep -q "Subject: CN = $A\$" text
	grep -q 'CA:FALSE' text
	grep -A1 'Key Usage: critical' text | grep -q '^ *Digital Signature$'
	grep -A1 'Extended Key Usage' text | grep -q '^ *TLS Web Client Authentication$'
	grep -q 'Authority Key Identifier' text
	[ "$(grep -A1 'Alternative Name' text | tail -n 1 | tr -d ' ')" = "URI:nbms:certificate:$(jq -r .certificate result)" ]
	openssl x509 -in "$pem" -checkend $((89 * 86400)) -noout
	run -1 openssl x509 -in "$pem" -checkend $((91 * 86400)) -noout
	[ "$(openssl x509 -in "$pem" -noout -serial)" = "serial=$(jq -r .certificate result)" ]
	[ "$(openssl x509 -in "$pem" -noout -fingerprint -sha256 | cut -d= -f2 | tr -d : | tr A-F a-f)" = \
		"$(nbms-device show $A | jq -r '.certificates[0].fingerprint')" ]
	nbms-device create --rsa C000003_B001_02 | jq -r .bundle >dir
	openssl x509 -in "$(cat dir)/certificate.pem" -noout -text | grep -q 'Public-Key: (2048 bit)'
	# serial numbers: all different, 127 bits
	for i in $(seq 10 59); do echo C000003_B001_$i; done | xargs nbms-device create | jq -r .certificate >serials
	[ "$(sort -u serials | wc -l)" -eq 50 ]
	[ "$(grep -cE '^[4-7][0-9A-F]{31}$' serials)" -eq 50 ]
}

@test "a request that asks for more than its name is refused" {
	nbms-device create --timezone Asia/Seoul C000003_B001_99 >/dev/null
	req() { run -1 nbms-device create --csr "$1" $A; [[ $output == *"operand:1: bad-csr: $A: $2"* ]] || { echo "$output"; false; }; }
	csr other.csr /CN=C000003_B001_02
	req other.csr 'the request is for another CN'
	csr two.csr /CN=$A/CN=C000003_B001_02
	req two.csr 'the request is for another CN'
	csr none.csr /O=nobody
	req none.csr 'the request is for another CN'
	csr prefix.csr "/CN=$A "
	req prefix.csr 'the request is for another CN'
	csr san.csr /CN=$A -addext subjectAltName=DNS:C000003_B001_02
	req san.csr 'the request asks for other names'
	csr san2.csr /CN=$A -addext subjectAltName=DNS:$A,email:a@b.example
	req san2.csr 'the request asks for other names'
	csr ca.csr /CN=$A -addext basicConstraints=CA:TRUE
	req ca.csr 'the request asks to be an authority'
	csr sign.csr /CN=$A -addext keyUsage=keyCertSign
	req sign.csr 'the request asks to sign certificates'
	openssl req -new -newkey rsa:1024 -nodes -subj /CN=$A -keyout k -out weak.csr 2>/dev/null
	req weak.csr "the request's RSA key is not of 2048 to 4096 bits"
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:secp256k1 -nodes -subj /CN=$A -keyout k -out curve.csr 2>/dev/null
	req curve.csr "the request's key is on another curve"
	openssl req -new -newkey ed25519 -nodes -subj /CN=$A -keyout k -out ed.csr 2>/dev/null
	req ed.csr "the request's key is neither EC nor RSA"
	csr good.csr /CN=$A
	openssl req -in good.csr -outform DER | python3 -c '
import base64, sys
d = bytearray(sys.stdin.buffer.read()); d[-3] ^= 1
print("-----BEGIN CERTIFICATE REQUEST-----"); print(base64.encodebytes(d).decode(), end=""); print("-----END CERTIFICATE REQUEST-----")' >forged.csr
	req forged.csr 'the request is not signed by its own key'
	echo garbage >garbage.csr
	req garbage.csr 'not a PEM certificate request'
	run -66 nbms-device create --csr nowhere.csr $A
	run -66 nbms-device create --csr good.csr $A C000003_B001_02
	[ "$(nbms-device list | wc -l)" -eq 1 ]
	[ ! -e site/pki/things/$A ]
	# and one that asks for its name only gets it, its key staying where it was made
	nbms-device create --csr good.csr $A | jq -e '.status == "created"'
	dir=site/pki/things/$A/$(current $A)
	[ ! -e "$dir/private.key" ]
	[ "$(openssl x509 -in "$dir/certificate.pem" -noout -pubkey)" = "$(openssl req -in good.csr -noout -pubkey)" ]
	run -1 nbms-device rotate $A
	[[ $output == *needs-csr* ]]
	csr again.csr /CN=$A
	nbms-device rotate --csr again.csr $A | jq -e '.status == "rotated"'
	jq -cn --arg csr "$(cat good.csr)" '{thing: "C000003_B001_05", csr: $csr}' >row
	run -1 nbms-device create <row
	[[ $output == *'<stdin>:1: bad-csr'* ]]
	nbms-device verify
}

@test "names with path characters, control bytes or no end are refused before use" {
	long=$(printf 'a%.0s' $(seq 32))
	run -1 nbms-device create --timezone Asia/Seoul ../../etc_B001_01 C000003_B001_../x $'C000003_B001_0\a' C000003_B001 \
		'C000003_B001_01/' 'C000003_B001_0#' 'C000003_B001_+' "C000003_B001_${long}a" '' "${long}_${long}_$long" nbms-site
	[ "$(grep -c 'bad-name\|missing-member\|bad-member' <<<"$output")" -eq 11 ]
	[[ $output != *$'\a'* ]]
	printf '{"thing":"C000003_B001_01\\u0000","timezone":"Asia/Seoul"}\n{"thing":"C000003_B001_01\\n","timezone":"Asia/Seoul"}\n' >rows
	printf '{"thing":"C000003_B001_0\377"}\n{"thing":"C000003_B001_01","thing":"C000003_B001_02"}\n{"thing":7}\n{"thing":"C000003_B001_01","tz":1}\n{"thing":"C' >>rows
	run -1 nbms-device create --reject ledger <rows
	[ "$(jq -r .rejected ledger | xargs)" = \
		'bad-member bad-member bad-utf8 duplicate-member bad-member unknown-member truncated' ]
	[ ! -e site/pki/things ] || [ -z "$(ls site/pki/things)" ]
	[ -z "$(nbms-device list)" ]
	[ -z "$(find . -name etc_B001_01)" ]
	# the longest name a certificate can hold
	name=$(printf 'a%.0s' $(seq 20))_$(printf 'b%.0s' $(seq 21))_$(printf 'c%.0s' $(seq 21))
	[ ${#name} -eq 64 ]
	nbms-device create --timezone Asia/Seoul "$name" | jq -e '.status == "created"'
	run -1 nbms-device create --timezone Asia/Seoul "${name}c"
}

@test "a rotation keeps both until the new one is known to work" {
	nbms-device create --timezone Asia/Seoul $A >/dev/null
	old=$(current $A)
	nbms-device rotate $A >/dev/null
	new=$(current $A)
	[ "$old" != "$new" ]
	nbms-device rotate $A | jq -e '.status == "rotating"'
	nbms-device rotate --settle
	[ -d "site/pki/things/$A/$old" ]
	nbms-device rotate --seen $A | jq -e '.status == "seen"'
	nbms-device rotate --settle | jq -e --arg new "$new" '.status == "settled" and .certificate == $new'
	[ ! -e "site/pki/things/$A/$old" ] && [ ! -e "site/pki/things/$A/$old.tar" ]
	openssl crl -in site/pki/crl.pem -noout -text | grep -q "$old"
	openssl crl -in site/pki/crl.pem -noout -text | grep -q Superseded
	run -1 nbms-device rotate C000003_B001_77
	[[ $output == *no-certificate* ]]
	nbms-device verify
}

@test "delete keeps history unless told to purge, and can be run again" {
	nbms-device create --timezone Asia/Seoul $A C000003_B001_02 >/dev/null
	log='{"thing":"C000003_B001_02","point":"periodic_log","message":{"point_0":{"msg":[{"attr_name":"M_Value","data":1}],"period":15,"point_id":"x"},"point_count":1,"time":"202210041000"}}'
	nbms-store <<<"$log"
	kept() { nbms-query history --building C000003_B001 | jq -e .value; }
	kept
	nbms-device delete $A | jq -e '.status == "deleted"'
	nbms-device delete $A | jq -e '.status == "deleted"'
	kept
	run -1 nbms-device delete C000003_B001_55
	[[ $output == *'operand:1: unknown-thing'* ]]
	nbms-device create $A >/dev/null
	run -0 --separate-stderr nbms-device delete --purge $A
	[[ $stderr == *'its months stay'* ]]
	kept
	sql site/nbms.db "INSERT INTO schedule (customer, building, schedule_id, data, changed) VALUES ('C000003', 'B001', 's', '{}', 1), ('C000003', 'B009', 's', '{}', 1)"
	alarm='{"msg_type":"Alarm","alarm_0":{"alarm_point_id":"A","event":"raise","level":1,"priority":1},"alarm_count":1,"time":"202210041000"}'
	echo "{\"thing\":\"C000003_B001_02\",\"point\":\"alarm\",\"message\":$alarm}" | nbms-alarm >/dev/null
	[ "$(sql site/nbms.db 'SELECT count(*) FROM alarm_history')" -gt 0 ]
	nbms-device delete --purge C000003_B001_02 >/dev/null
	[ ! -e site/history/C000003_B001 ]
	[ -z "$(months site)" ]
	[ "$(sql site/nbms.db 'SELECT count(*) FROM alarm')" -eq 0 ]
	[ "$(sql site/nbms.db 'SELECT count(*) FROM alarm_history')" -eq 0 ]
	[ "$(sql site/nbms.db 'SELECT building FROM schedule')" = B009 ]
	[ "$(openssl crl -in site/pki/crl.pem -noout -text | grep -c 'Serial Number')" -eq 3 ]
	nbms-device verify
}

@test "expiring finds certificates and lists before they end" {
	nbms-device create --timezone Asia/Seoul --days 20 $A >/dev/null
	nbms-device create --days 400 C000003_B001_02 >/dev/null
	run -1 nbms-device expiring
	[ "$(jq -r '.thing // .what' <<<"$output")" = "$A" ] # not the list: it is a new one
	run -0 nbms-device expiring --days 10
	run -1 nbms-device expiring --days 30
	jq -c 'select(.thing)' <<<"$output" | nbms-device rotate | jq -e '.thing == "'$A'" and .status == "rotated"'
	run -1 nbms-device expiring --days 8000 --csv
	[[ $output == *authority* ]]
}

@test "verify says what differs" {
	nbms-device create --timezone Asia/Seoul $A C000003_B001_02 C000003_B001_03 C000003_B001_04 >/dev/null
	nbms-device verify
	cp "site/pki/things/$A/$(current $A)/private.key" "site/pki/things/C000003_B001_02/$(current C000003_B001_02)/private.key"
	chmod 644 "site/pki/things/C000003_B001_03/$(current C000003_B001_03)/private.key"
	rm -r "site/pki/things/C000003_B001_04"
	mkdir -p site/pki/things/C000003_B001_05/ABCDEF
	sql site/nbms.db "update certificate set state = 'revoked', revoked = 1700000000 where thing = '$A'"
	run -1 nbms-device verify
	jq -r '.what + " " + .name + " " + .problem' <<<"$output" >problems
	grep -q "^certificate C000003_B001_02 its private key is another's" problems
	grep -q '^certificate C000003_B001_03 its private key can be read by others' problems
	grep -q '^certificate C000003_B001_04 its bundle is not there' problems
	grep -q '^stray C000003_B001_05 ABCDEF' problems
	grep -q '^revocation-list .* revoked, and not on the list' problems
	sed -i 's/^.\{40\}$/&/; s/A/B/' site/pki/crl.pem
	run -1 nbms-device verify
	[[ $output == *revocation-list* ]]
	nbms-device renew-crl
	run -1 nbms-device verify
	[[ $output != *'not on the list'* ]]
}

@test "another authority, wrong calls and a full disk" {
	nbms-device create --timezone Asia/Seoul $A >/dev/null
	NBMS_DIR=other nbms-device create --timezone Asia/Seoul $A >/dev/null
	run -78 nbms-device create --ca other/pki/ca/root.pem --ca-key other/pki/ca/ca.key C000003_B001_02
	run -64 nbms-device create --ca other/pki/ca/root.pem C000003_B001_02
	run -64 nbms-device create --days 0 C000003_B001_02
	run -64 nbms-device show
	run -64 nbms-device bundle $A
	run -64 nbms-device verify $A
	run -64 nbms-device broker
	run -64 nbms-device broker --out b --name 'a b'
	run -64 nbms-device broker --out b --name localhost --port 70000
	run -1 nbms-device show C000003_B001_77
	run -1 nbms-device bundle --out given C000003_B001_77
	run -74 sh -c 'nbms-device create C000003_B001_03 >/dev/full'
	nbms-device create C000003_B001_03 | jq -e '.status == "exists"'
	cp other/pki/ca/ca.key site/pki/ca/ca.key
	run -78 nbms-device create C000003_B001_04
	[[ $output == *'do not belong together'* ]]
}

@test "each revocation list is newer than the one before, to the second" {
	nbms-device create --timezone Asia/Seoul $A >/dev/null
	for _ in 1 2 3 4 5; do
		nbms-device renew-crl
		openssl crl -in site/pki/crl.pem -noout -text >text
		openssl crl -in site/pki/crl.pem -noout -lastupdate | cut -d= -f2 | date -u -f - +%s >>dates
		grep -A1 'CRL Number' text | tail -n 1 | tr -d ' ' >>numbers
	done
	[ "$(sort -u dates | wc -l)" -eq 5 ] && sort -nc dates
	[ "$(sort -u numbers | wc -l)" -eq 5 ] && sort -nc numbers
	[ "$(tail -n 1 dates)" -le "$(date +%s)" ]
	openssl crl -in site/pki/crl.pem -CAfile site/pki/ca/root.pem -noout
}

@test "four at once make each gateway once" {
	seq -f '{"thing":"C000009_B001_%03g","timezone":"Asia/Seoul"}' 50 >rows
	for i in 1 2 3 4; do
		nbms-device create <rows >"out$i" &
		makers="${makers-} $!"
	done
	wait $makers
	[ "$(cat out? | jq -r 'select(.status == "created").thing' | sort | uniq -c | awk '$1 != 1' | wc -l)" -eq 0 ]
	[ "$(cat out? | jq -r .certificate | sort -u | wc -l)" -eq 50 ]
	nbms-device verify
}

@test "a SIGTERM in mid-stream: what was told is on the disk, the rest is not begun" {
	mkfifo pipe
	nbms-device create <pipe >told &
	exec 7>pipe
	seq -f '{"thing":"C000009_B001_%03g","timezone":"Asia/Seoul"}' 20 >&7
	within 60 has_lines told 20
	kill -TERM $!
	wait $!
	exec 7>&-
	[ "$(jq -r .status told | sort | uniq -c | xargs)" = '20 created' ]
	[ "$(nbms-device list | wc -l)" -eq 20 ]
	nbms-device verify
}

@test "the broker's plugin is found where it is built and where it is installed, and can be left out" {
	nbms-device create --timezone Asia/Seoul $A >/dev/null
	nbms-device broker --out b
	grep -qx "plugin $(dirname "$(realpath "$(command -v nbms-device)")")/mosquitto-nbms.so" b/mosquitto.conf
	mkdir -p usr/bin usr/lib/nbms
	cp "$(command -v nbms-device)" usr/bin/
	cp "$(dirname "$(command -v nbms-device)")/mosquitto-nbms.so" usr/lib/nbms/
	NBMS_DIR=other usr/bin/nbms-device create --timezone Asia/Seoul $A >/dev/null
	NBMS_DIR=other usr/bin/nbms-device broker --out c
	grep -qx "plugin $PWD/usr/lib/nbms/mosquitto-nbms.so" c/mosquitto.conf
	NBMS_DIR=other usr/bin/nbms-device broker --plugin none
	NBMS_DIR=other usr/bin/nbms-device broker --queue 2G
	run ! grep -q plugin c/mosquitto.conf
	NBMS_DIR=other run -1 nbms-device verify
	[ "$(jq -r .problem <<<"$output")" = 'does not run' ]
}
