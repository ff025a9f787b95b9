# A real mosquitto with TLS for the tests: `load common` (or `load ../broker/common`), broker_start in setup, broker_stop in
# teardown. Everything is under $dir, which the test makes; certificates have their gateway's name as CN, as in the field.

. "$BATS_TEST_DIRNAME/../cli/common.bash"

# tls_make CN...: a certificate authority once, and for each name $dir/tls/CN.crt and .key.
tls_make() {
	mkdir -p "$dir/tls"
	[ -f "$dir/tls/ca.crt" ] ||
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test-ca \
			-keyout "$dir/tls/ca.key" -out "$dir/tls/ca.crt" 2>/dev/null
	for cn; do
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$cn" \
			-keyout "$dir/tls/$cn.key" -out "$dir/tls/$cn.csr" 2>/dev/null
		printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' >"$dir/tls/$cn.ext"
		openssl x509 -req -in "$dir/tls/$cn.csr" -CA "$dir/tls/ca.crt" -CAkey "$dir/tls/ca.key" -CAcreateserial \
			-days 2 -extfile "$dir/tls/$cn.ext" -out "$dir/tls/$cn.crt" 2>/dev/null
	done
}

# The broker's configuration: client certificates asked for, their CN as user name, an access list like the real one.
broker_conf() {
	cat >"$dir/acl" <<-'ACL'
		pattern write nbms/up/%u
		pattern write $aws/rules/Rule_%u
		pattern read %u

		user nbms-recv
		topic read nbms/up/#
		topic read $aws/rules/#
	ACL
	chmod 700 "$dir/acl"
	cat >"$dir/mosquitto.conf" <<-CONF
		user $(id -un)
		persistence true
		persistence_location $dir/
		autosave_interval 1
		max_queued_messages 0
		max_inflight_messages ${BROKER_INFLIGHT-1000}
		listener $broker_port 127.0.0.1
		cafile $dir/tls/ca.crt
		certfile $dir/tls/broker.crt
		keyfile $dir/tls/broker.key
		require_certificate true
		use_identity_as_username true
		acl_file $dir/acl
		log_type error
		log_type warning
		log_type notice
		log_type information
	CONF
}

# Starts mosquitto on $broker_port with the configuration that is there; sets $broker_pid.
broker_run() {
	mosquitto_start "$dir/mosquitto.conf" "$dir/mosquitto.log" "$broker_port" && broker_pid=$broker
}

# broker_start [GATEWAY...]: certificates for broker, receiver and gateways, and a broker that runs.
broker_start() {
	tls_make broker nbms-recv "$@"
	broker_port=$(free_port)
	broker_conf
	broker_run || { cat "$dir/mosquitto.log" >&2; return 1; }
}

broker_stop() {
	[ -z "${broker_pid-}" ] || { kill "$broker_pid" && wait "$broker_pid"; } 2>/dev/null
	broker_pid=
	return 0
}

broker_kill() {
	kill -9 "$broker_pid"
	wait "$broker_pid" 2>/dev/null || :
	broker_pid=
	return 0
}

# Options that let a client of mosquitto's or of ours in as CN.
tls_options() {
	echo "--cafile $dir/tls/ca.crt --cert $dir/tls/$1.crt --key $dir/tls/$1.key"
}

# recv OPTION...: nbms-recv as the receiver, to its end.
recv() {
	# shellcheck disable=SC2046  # options are words
	timeout 120 nbms-recv --host localhost --port "$broker_port" $(tls_options nbms-recv) "$@"
}

# recv_start OUT OPTION...: the same in the background, its messages added to $dir/err; sets $recv_pid.
recv_start() {
	local out=$1
	shift
	# shellcheck disable=SC2046
	nbms-recv --host localhost --port "$broker_port" $(tls_options nbms-recv) "$@" >>"$out" 2>>"$dir/err" 3>&- &
	recv_pid=$!
}

# recv_stop [SIGNAL]: the status it ended with.
recv_stop() {
	[ -n "${recv_pid-}" ] || return 0
	kill "-${1-TERM}" "$recv_pid" 2>/dev/null
	wait "$recv_pid" 2>/dev/null
	local status=$?
	recv_pid=
	return $status
}

# publish THING [TOPIC]: lines of stdin as that gateway, as they are, each acknowledged. (mosquitto_pub -l of 2.0.11 now and then
# does not notice that its last line was.)
publish() {
	# shellcheck disable=SC2046
	awk -v topic="${2-nbms/up/$1}" '{ gsub(/\\/, "\\\\"); gsub(/"/, "\\\""); printf "{\"topic\":\"%s\",\"payload\":\"%s\"}\n", topic, $0 }' |
		nbms-send --host localhost --port "$broker_port" $(tls_options "$1") --id "publish-$BASHPID" 2>>"$dir/publish.log"
}

# connections N: has the receiver said N times that it is connected?
connections() {
	[ "$(grep -c ': connected as' "$dir/err")" -ge "$1" ]
}
