# A real NATS cluster for the tests, made by nbms-device: `load cluster` (or `load ../broker/cluster`), with $dir set and
# NBMS_DIR in it. Three nodes of this machine, ports that nobody else has.

. "$BATS_TEST_DIRNAME/../cli/common.bash"

# cluster_make [OPTION...]: the configuration in $dir/broker, for ${nodes-3} nodes; writes ports to $dir/ports.
cluster_make() {
	local i list=()
	nodes=${nodes-3}
	# shellcheck disable=SC2207
	ports=($(free_ports $((nodes * 3))))
	for ((i = 0; i < nodes; i++)); do
		list+=(--node "127.0.0.1:${ports[i]}:${ports[nodes + i]}:${ports[2 * nodes + i]}")
	done
	nbms-device broker --engine nats --out "$dir/broker" --name localhost "${list[@]}" "$@"
	echo "nodes=$nodes ports=(${ports[*]})" >"$dir/ports"
}

node_start() { # N, from 1
	nats-server -c "$dir/broker/nbms-$1.conf" >>"$dir/nbms-$1.log" 2>&1 3>&- &
	echo $! >"$dir/nbms-$1.process"
}

node_kill() { # N [SIGNAL]
	local pid
	pid=$(cat "$dir/nbms-$1.process")
	kill "-${2-KILL}" "$pid" 2>/dev/null
	within 60 ended "$pid"
}

node_healthy() { # N: JetStream takes part again
	curl -sf --max-time 10 "http://127.0.0.1:${ports[2 * nodes + $1 - 1]}/healthz" | grep -q ok
}

cluster_start() {
	local i
	for ((i = 1; i <= nodes; i++)); do node_start $i; done
	for ((i = 1; i <= nodes; i++)); do within 120 node_healthy $i; done
	within 60 site_pub 1 -q 1 -t nbms/live/here -n
}

cluster_stop() {
	local i
	for ((i = 1; i <= nodes; i++)); do node_kill $i; done
}

bundle() { # THING: its current bundle
	echo "$NBMS_DIR/pki/things/$1/$(nbms-device show "$1" | jq -r '.certificates[] | select(.state == "current").serial')"
}

with() { # BUNDLE [NODE]: options that use it
	echo "-h localhost -p ${ports[${2-1} - 1]} --cafile $NBMS_DIR/pki/ca/root.pem --cert $1/certificate.pem --key $1/private.key"
}

site_files() {
	echo "--cafile $NBMS_DIR/pki/site/root-ca.pem --cert $NBMS_DIR/pki/site/site.pem --key $NBMS_DIR/pki/site/site.key"
}

site_pub() { # NODE OPTION...
	local node=$1
	shift
	# shellcheck disable=SC2046
	timeout 60 mosquitto_pub -h localhost -p "${ports[node - 1]}" $(site_files) "$@"
}

site_sub() { # NODE OPTION...: until it is stopped
	local node=$1
	shift
	# shellcheck disable=SC2046
	mosquitto_sub -h localhost -p "${ports[node - 1]}" $(site_files) "$@"
}
