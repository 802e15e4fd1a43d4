#!/usr/bin/env bash
# Apache Kafka on the loopback interface, for tests, benchmarks and trying things out.
# Needs bash, Java 17 or newer, and Maven for the first time. `kafka.sh help` lists the commands.
#
#   KAFKA_DIR   where its data, logs and pid files live (default: .kafka in the repository)
#   KAFKA_PORT  the first broker's port (default: 19092 or the next free one; 0: any free one)
#   KAFKA_HEAP  a broker's heap (default: 512m)
#   KAFKA_OPTIONS  settings of the brokers that `up` makes, over those below: "offsets.retention.minutes=1 a=b"
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
dir=${KAFKA_DIR:-$root/.kafka}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
# The class path is the same for every state directory.
cache="$root/.kafka"
classpath_file="$cache/classpath"

sasl_user=lentic
sasl_password=lentic-secret
store_password=lentic-store

say() { printf '[kafka] %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

help() {
  cat <<'EOF'
kafka.sh up [1|3]              start one broker or three; fine if they run already
kafka.sh down                  stop them and remove their data
kafka.sh status                which brokers run
kafka.sh stop|kill|start|restart [N]
                               one broker or all, their data stays (kill: like kill -9)
kafka.sh topics|produce|consume|configs|groups|transactions|offsets|delete-records ARGUMENTS
                               Kafka's own tools; --bootstrap-server is filled in
kafka.sh run CLASS ARGUMENTS   any class of Kafka's jars
kafka.sh classpath             print the class path

`up` prints the bootstrap servers and leaves them in $KAFKA_DIR/bootstrap. A single broker also listens
with TLS and SASL (SCRAM-SHA-512, PLAIN); $KAFKA_DIR/tls has what a client needs: ca.pem,
librdkafka.properties, client.properties.
EOF
}

# ---- the artifacts ----------------------------------------------------------------------------------------------

classpath_is_whole() {
  [ -s "$classpath_file" ] && [ "$classpath_file" -nt "$here/pom.xml" ] || return 1
  local jar jars
  IFS=: read -r -a jars <"$classpath_file"
  for jar in "${jars[@]}"; do [ -f "$jar" ] || return 1; done
}

classpath() {
  if ! classpath_is_whole; then
    command -v java >/dev/null 2>&1 || die "Java is missing: install a JRE, 17 or newer (Debian: openjdk-17-jre-headless)"
    command -v mvn >/dev/null 2>&1 || die "Maven is missing: install it (Debian: maven), it fetches Kafka's artifacts"
    say "resolving Kafka's artifacts with Maven (the first time it fetches about 126 MB)"
    mkdir -p "$cache"
    local resolved
    resolved=$(mktemp "$cache/classpath.XXXXXX")
    if ! mvn -B -q -f "$here/pom.xml" dependency:build-classpath "-Dmdep.outputFile=$resolved" >&2; then
      rm -f "$resolved"
      die "Maven could not resolve the artifacts (see above); run the command again when the network is back"
    fi
    mv "$resolved" "$classpath_file"
  fi
  cat "$classpath_file"
}

# ---- processes --------------------------------------------------------------------------------------------------

node_dir() { printf '%s/node-%s' "$dir" "$1"; }

nodes() {
  local path
  for path in "$dir"/node-*/; do
    [ -d "$path" ] || continue
    path=${path%/}
    printf '%s\n' "${path##*-}"
  done
}

# The marker on a broker's command line: a pid file left behind by a crash, whose number another process has by now,
# is told from a broker of ours by it.
marker() { printf -- '-Dlentic.kafka=%s' "$(node_dir "$1")"; }

command_line() {
  if [ -r "/proc/$1/cmdline" ]; then
    tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null || true
  else
    ps -o command= -p "$1" 2>/dev/null || true
  fi
}

# Prints the pid of a running broker of ours.
running() {
  local pid
  pid=$(cat "$(node_dir "$1")/pid" 2>/dev/null) || return 1
  [[ $pid =~ ^[0-9]+$ ]] || return 1
  kill -0 "$pid" 2>/dev/null || return 1
  case "$(command_line "$pid") " in
    *" $(marker "$1") "*) printf '%s' "$pid" ;;
    *) return 1 ;;
  esac
}

stop_node() { # NODE SIGNAL
  local pid waited=0
  if pid=$(running "$1"); then
    kill "-$2" "$pid" 2>/dev/null || true
    while running "$1" >/dev/null; do
      if [ "$waited" -eq 200 ]; then
        say "broker $1 (pid $pid) does not stop by itself; killing it"
        kill -KILL "$pid" 2>/dev/null || true
      fi
      sleep 0.1
      waited=$((waited + 1))
    done
  fi
  rm -f "$(node_dir "$1")/pid"
}

launch_node() {
  local node=$1 path setsid=()
  path=$(node_dir "$node")
  running "$node" >/dev/null && return
  command -v setsid >/dev/null 2>&1 && setsid=(setsid)
  # 9 is the lock of this directory, which must not outlive this script.
  # Without `${a[@]+}` an empty array is an error in older bash.
  nohup ${setsid[@]+"${setsid[@]}"} java "-Xmx${KAFKA_HEAP:-512m}" -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true \
    -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.showDateTime=true \
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS" -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info \
    "$(marker "$node")" -cp "$(classpath)" kafka.Kafka "$path/server.properties" \
    >>"$path/broker.log" 2>&1 </dev/null 9>&- &
  echo $! >"$path/pid"
}

# Asks a broker for its API versions: it answers that only when it is up.
answers() {
  local node_port
  node_port=$(cat "$(node_dir "$1")/port")
  (
    exec 3<>"/dev/tcp/127.0.0.1/$node_port"
    printf '\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x01\xff\xff' >&3
    read -r -t 2 -N 1 _ <&3
  ) 2>/dev/null
}

await_node() {
  local waited=0
  until answers "$1"; do
    # In its first moments the process is still a shell without the marker.
    if [ "$waited" -ge 600 ] || { [ "$waited" -ge 20 ] && ! running "$1" >/dev/null; }; then
      say "broker $1 did not start; the last lines of $(node_dir "$1")/broker.log:"
      tail -n 20 "$(node_dir "$1")/broker.log" >&2
      exit 1
    fi
    sleep 0.1
    waited=$((waited + 1))
  done
}

lock() {
  if command -v flock >/dev/null 2>&1; then
    exec 9>"$dir/lock"
    flock -w 120 9 || die "another kafka.sh has worked in $dir for two minutes"
  fi
}

# ---- set-up -----------------------------------------------------------------------------------------------------

taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The first port from $1 on that nobody listens on and that was not handed out before.
handed_out=" "
free_port() {
  port=$1
  while [[ $handed_out == *" $port "* ]] || taken "$port"; do port=$((port + 1)); done
  handed_out+="$port "
}

first_port() {
  case "${KAFKA_PORT:-}" in
    '') free_port 19092 ;;
    0) free_port $((20000 + RANDOM % 12000)) ;;
    *)
      if taken "$KAFKA_PORT"; then die "port $KAFKA_PORT is taken by another process: choose another KAFKA_PORT"; fi
      free_port "$KAFKA_PORT"
      ;;
  esac
}

# A 22-character id, as Kafka's tool would choose it: it must not begin with a dash.
random_id() {
  local id=-
  while [[ $id == -* ]]; do id=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'); done
  printf '%s' "$id"
}

# A certificate authority, the broker's key signed by it, and the files of a client.
make_tls() { # PORT
  local tls="$dir/tls" store="$dir/tls/broker.p12"
  rm -rf "$tls"
  mkdir -p "$tls"
  local keytool=(keytool -J-XX:TieredStopAtLevel=1 -storetype PKCS12 -keystore "$store" -storepass "$store_password")
  {
    "${keytool[@]}" -genkeypair -alias ca -dname "CN=Lentic test authority" -keyalg EC -groupname secp256r1 -validity 3650 -ext bc:c
    "${keytool[@]}" -genkeypair -alias broker -signer ca -dname "CN=localhost" -keyalg EC -groupname secp256r1 -validity 3650 \
      -ext san=dns:localhost,ip:127.0.0.1
    "${keytool[@]}" -exportcert -alias ca -rfc -file "$tls/ca.pem"
    # One key in the store, so that Kafka has no choice.
    "${keytool[@]}" -delete -alias ca
  } >"$tls/keytool.log" 2>&1
  cat >"$tls/librdkafka.properties" <<EOF
bootstrap.servers=127.0.0.1:$1
security.protocol=SASL_SSL
ssl.ca.location=$tls/ca.pem
sasl.mechanism=SCRAM-SHA-512
sasl.username=$sasl_user
sasl.password=$sasl_password
EOF
  cat >"$tls/client.properties" <<EOF
bootstrap.servers=127.0.0.1:$1
security.protocol=SASL_SSL
ssl.truststore.type=PEM
ssl.truststore.location=$tls/ca.pem
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="$sasl_user" password="$sasl_password";
EOF
}

server_properties() { # NODE COUNT PORT SASL_PORT CONTROLLER_PORT VOTERS
  local replicas=1 in_sync=1 listeners="PLAINTEXT://127.0.0.1:$3"
  if [ "$2" -gt 1 ]; then replicas=3 in_sync=2; else listeners+=",SASL_SSL://127.0.0.1:$4"; fi
  cat <<EOF
process.roles=broker,controller
node.id=$1
controller.quorum.voters=$6
controller.listener.names=CONTROLLER
listeners=$listeners,CONTROLLER://127.0.0.1:$5
advertised.listeners=$listeners
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
log.dirs=$(node_dir "$1")/data

auto.create.topics.enable=false
default.replication.factor=$replicas
min.insync.replicas=$in_sync
offsets.topic.replication.factor=$replicas
transaction.state.log.replication.factor=$replicas
transaction.state.log.min.isr=$in_sync
share.coordinator.state.topic.replication.factor=$replicas
share.coordinator.state.topic.min.isr=$in_sync
# Few partitions of the internal topics and short waits: a test sees in seconds what takes minutes in production.
offsets.topic.num.partitions=4
transaction.state.log.num.partitions=4
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
log.initial.task.delay.ms=1000
log.retention.check.interval.ms=1000
log.segment.delete.delay.ms=1000
log.cleaner.backoff.ms=1000
log.cleaner.dedupe.buffer.size=33554432
EOF
  if [ "$2" -eq 1 ]; then
    cat <<EOF

sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_$sasl_user="$sasl_password";
ssl.keystore.type=PKCS12
ssl.keystore.location=$dir/tls/broker.p12
ssl.keystore.password=$store_password
ssl.key.password=$store_password
EOF
  fi
  # The last line of a setting counts.
  local options
  read -r -a options <<<"${KAFKA_OPTIONS:-}"
  [ "${#options[@]}" -eq 0 ] || printf '%s\n' '' "${options[@]}"
}

# ---- commands ---------------------------------------------------------------------------------------------------

remove_data() {
  local node
  for node in $(nodes); do
    stop_node "$node" "$1"
    rm -rf "$(node_dir "$node")"
  done
  rm -rf "$dir/tls" "$dir/bootstrap"
}

up() {
  local count=${1:-1} node alive=0
  case "$count" in 1 | 3) ;; *) die "up takes 1 or 3, not '$count'" ;; esac
  classpath >/dev/null
  lock
  for node in $(nodes); do if running "$node" >/dev/null; then alive=$((alive + 1)); fi; done
  if [ "$alive" -gt 0 ]; then
    [ "$alive" -eq "$(nodes | wc -l)" ] || die "some brokers of $dir are stopped: 'kafka.sh start' starts them, 'kafka.sh down' begins anew"
    [ "$alive" -eq "$count" ] || die "$alive broker(s) run already in $dir: 'kafka.sh down' first"
    say "already running"
    cat "$dir/bootstrap"
    return
  fi
  # What a crash or a reboot left behind is gone with its brokers.
  remove_data KILL

  local ports=() sasl_ports=() controller_ports=() voters='' bootstrap='' port id path pids=() pid
  first_port
  for ((node = 1; node <= count; node++)); do
    [ "$node" -eq 1 ] || free_port $((port + 1))
    ports+=("$port")
    if [ "$count" -eq 1 ]; then free_port $((port + 1)); fi
    sasl_ports+=("$port")
    free_port $((port + 1))
    controller_ports+=("$port")
    voters+="${voters:+,}$node@127.0.0.1:$port"
    bootstrap+="${bootstrap:+,}127.0.0.1:${ports[node - 1]}"
  done

  if [ "$count" -eq 1 ]; then
    make_tls "${sasl_ports[0]}" 9>&- &
    pids+=($!)
  fi
  id=$(random_id)
  for ((node = 1; node <= count; node++)); do
    path=$(node_dir "$node")
    mkdir -p "$path"
    echo "${ports[node - 1]}" >"$path/port"
    server_properties "$node" "$count" "${ports[node - 1]}" "${sasl_ports[node - 1]}" "${controller_ports[node - 1]}" "$voters" \
      >"$path/server.properties"
    java -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$(classpath)" kafka.tools.StorageTool \
      format -t "$id" -c "$path/server.properties" \
      --add-scram "SCRAM-SHA-512=[name=$sasl_user,password=$sasl_password]" >"$path/format.log" 2>&1 9>&- &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do
    wait "$pid" || die "setting up the brokers failed: $(cat "$dir"/node-*/format.log "$dir"/tls/keytool.log 2>/dev/null)"
  done
  for ((node = 1; node <= count; node++)); do launch_node "$node"; done
  for ((node = 1; node <= count; node++)); do await_node "$node"; done
  echo "$bootstrap" >"$dir/bootstrap"
  say "$count broker(s) answer"
  cat "$dir/bootstrap"
}

each_node() { # COMMAND NODE?
  local node chosen=${2:-}
  [ -n "$(nodes)" ] || die "nothing is set up in $dir: 'kafka.sh up' first"
  [ -z "$chosen" ] || [ -d "$(node_dir "$chosen")" ] || die "there is no broker $chosen in $dir"
  for node in ${chosen:-$(nodes)}; do
    case "$1" in
      stop) stop_node "$node" TERM ;;
      kill) stop_node "$node" KILL ;;
      launch) launch_node "$node" ;;
      await) await_node "$node" ;;
    esac
  done
}

tool() { # CLASS ARGUMENTS
  local class=$1
  shift
  exec java -Xmx256m -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$(classpath)" "$class" "$@"
}

broker_tool() { # CLASS ARGUMENTS
  local class=$1
  shift
  case " $* " in
    *" --bootstrap-server "*) ;;
    *)
      [ -s "$dir/bootstrap" ] || die "no broker runs in $dir: 'kafka.sh up' first, or give --bootstrap-server"
      set -- --bootstrap-server "$(cat "$dir/bootstrap")" "$@"
      ;;
  esac
  tool "$class" "$@"
}

command=${1:-help}
[ $# -eq 0 ] || shift
tools=org.apache.kafka.tools
case "$command" in
  up) up "$@" ;;
  down)
    lock
    remove_data TERM
    rm -f "$dir/lock"
    # An own state directory that is empty now goes; the default one keeps the class path.
    rmdir "$dir" 2>/dev/null || true
    ;;
  status)
    for node in $(nodes); do
      if pid=$(running "$node"); then echo "broker $node: port $(cat "$(node_dir "$node")/port"), pid $pid"; else echo "broker $node: stopped"; fi
    done
    ;;
  stop | kill) lock && each_node "$command" "$@" ;;
  start) lock && each_node launch "$@" && each_node await "$@" ;;
  restart) lock && each_node stop "$@" && each_node launch "$@" && each_node await "$@" ;;
  topics) broker_tool $tools.TopicCommand "$@" ;;
  produce) broker_tool $tools.ConsoleProducer "$@" ;;
  consume) broker_tool $tools.consumer.ConsoleConsumer "$@" ;;
  configs) broker_tool kafka.admin.ConfigCommand "$@" ;;
  groups) broker_tool $tools.consumer.group.ConsumerGroupCommand "$@" ;;
  transactions) broker_tool $tools.TransactionsCommand "$@" ;;
  offsets) broker_tool $tools.GetOffsetShell "$@" ;;
  delete-records) broker_tool $tools.DeleteRecordsCommand "$@" ;;
  run) tool "$@" ;;
  classpath) classpath; echo ;;
  help | --help | -h) help ;;
  *) say "unknown command '$command'"; help >&2; exit 2 ;;
esac
