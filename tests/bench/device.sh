# Gateways made from NDJSON, files and rows on the disk, beside the machine's key generation and signing alone, beside the
# same files written bare, and beside what a script around openssl(1) does.
set -eu
. tests/bench/common.sh

things=${BENCH_THINGS:-1000}
scripted=${BENCH_SCRIPTED:-40}
dir=$BENCH_TMP/device
mkdir -p "$dir"
seq -f '{"thing":"C000009_B001_%05g","timezone":"Asia/Seoul"}' 1 "$things" >"$dir/rows"

create() { nbms-device create -d "$dir/state" <"$dir/rows"; }

# a key, a request, a certificate; as files, not synced
by_script() {
	cd "$dir"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=ca -keyout ca.key -out ca.crt 2>/dev/null
	i=0
	while [ "$i" -lt "$scripted" ]; do
		openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=t$i" -keyout "t$i.key" -out t.csr 2>/dev/null
		openssl x509 -req -in t.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 730 -out "t$i.crt" 2>/dev/null
		i=$((i + 1))
	done
	cd - >/dev/null
}

files=$("$BENCH_BUILD/bench/device_raw" "$things" "$dir/files")
raw=$("$BENCH_BUILD/bench/device_raw" "$things")
ours=$(per "$(took create)" "$things")
script=$(per "$(took by_script)" "$scripted")
nbms-device verify -d "$dir/state"
report 'gateways made, durable' "$ours" things/s "$raw" 'keys and signatures alone' '500 things/s'
report 'gateways made, durable' "$ours" things/s "$files" 'their files alone, synced once' -
report 'gateways made, durable' "$ours" things/s "$script" 'openssl req + x509 in a script' -
