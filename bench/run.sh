#!/usr/bin/env bash
# Measures Lentic and its contenders one after the other: the same topic, broker and request generator for all.
# `make bench ROWS=... PARTS="..."` calls this; bench/README.md says what is measured and why.
#
#   ROWS=5000000        rows of the topic
#   PARTS=all           or some of: constant drain kcache program kafka-streams lentic embedded writes streams cluster sql
#   SECONDS_PER_RUN=20  how long wrk asks
#   THREADS=2           of Kafka Streams in the part kafka-streams
#   VALUE_BYTES=100     of each value
#   NO_BUILD=1          take the programs as they are
#   bench/streams.sh says what else the part streams takes
set -euo pipefail
cd "$(dirname "$0")/.."

rows=${ROWS:-5000000}
parts=${PARTS:-all}
wrk_seconds=${SECONDS_PER_RUN:-20}
threads=${THREADS:-2}
value_bytes=${VALUE_BYTES:-100}
partitions=4
[ "$parts" != all ] || parts="constant drain kcache program kafka-streams lentic embedded writes streams cluster sql"

work=$PWD/bench/work
results=$PWD/bench/results
mkdir -p "$work" "$results"
stamp=$(date -u +%Y%m%dT%H%M%SZ)
figures=$results/$stamp.txt
: >"$figures"
export KAFKA_DIR=$work/kafka KAFKA_HEAP=${KAFKA_HEAP:-1g}

say() { printf '\n\033[1m[bench] %s\033[0m\n' "$*"; }
die() { printf '[bench] %s\n' "$*" >&2; exit 1; }
# The parts `streams`, `cluster` and `sql` have topics of their own, and no requests of wrk.
reads=
for part in $parts; do case $part in streams | cluster | sql) ;; *) reads=1 ;; esac; done
[ -z "$reads" ] || command -v wrk >/dev/null || die "wrk is missing: sudo apt-get install wrk"

pids=()
finish() {
  local code=$? pid
  trap - EXIT INT TERM
  for pid in ${pids[@]+"${pids[@]}"}; do kill -KILL "$pid" 2>/dev/null || true; done
  kafka/kafka.sh down || true
  rm -rf "$work"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

# ---- figures ----------------------------------------------------------------------------------------------------

# Records and prints one figure: NAME VALUE.
figure() { printf '%-42s %s\n' "$1" "$2" | tee -a "$figures"; }
# Records every `key=value` of a line under a prefix.
record() { # PREFIX LINE
  local pair
  for pair in $2; do case "$pair" in *=*) figure "$1.${pair%%=*}" "${pair#*=}" ;; esac; done
}
recall() { awk -v name="$1" '$1 == name { value = $2 } END { print value }' "$figures"; }
# The last `key=` of a line.
field() { sed -nE "s/.*(^| )$1=([^ ]*).*/\2/p" <<<"$2" | tail -n 1; }

ticks() { sed -E 's/.*\) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }
memory() { awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1/status"; }
await_end() { # PID SECONDS
  local tries=0
  while kill -0 "$1" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt $(($2 * 10)) ] || return 1
    sleep 0.1
  done
}
stop() { # PID
  kill -TERM "$1" 2>/dev/null || return 0
  await_end "$1" 60 || die "process $1 does not stop on SIGTERM"
}
crash() { kill -KILL "$1" && await_end "$1" 10; }

# ---- contenders -------------------------------------------------------------------------------------------------

bench=${CARGO_TARGET_DIR:-target}/debug/lentic-bench
lentic=${LENTIC_BIN:-${CARGO_TARGET_DIR:-target}/debug/lentic}
lentic_address=127.0.0.1:${LENTIC_PORT:-28088}
constant_port=28090 streams_port=28091
declaration='{"name":"bench","topic":"bench","key":"string","value":"json"}'

# Starts a program and records the seconds until all rows can be read: NAME ADDRESS KEY_PATH [start's options] -- COMMAND
# Leaves the process id in `pid`.
start() {
  local name=$1 address=$2 path=$3 gets=() key line
  shift 3
  for key in $last_keys; do gets+=(--get "$path$key"); done
  line=$("$bench" start --address "$address" --log "$work/$name.log" "${gets[@]}" "$@") \
    || { tail -n 20 "$work/$name.log"; die "$name did not come up"; }
  pid=$(field pid "$line")
  pids+=("$pid")
  figure "$name.seconds" "$(field seconds "$line")"
}
start_lentic() { # NAME [start's options] [-- arguments of serve]
  local name=$1
  shift
  start "$name" "$lentic_address" /v1/tables/bench/rows/ "$@"
}
serve_kafka=("$lentic" serve --brokers '' --data-dir "$work/lentic" --listen "$lentic_address")
serve_embedded=("$lentic" serve --data-dir "$work/embedded" --listen "$lentic_address")

# Waits until a process has used less than a sixth of a core for two seconds: compactions after a load are over.
settle() { # NAME PID
  local last now quiet=0 begin=$SECONDS
  last=$(ticks "$2")
  while [ "$quiet" -lt 2 ] && [ $((SECONDS - begin)) -lt 120 ]; do
    sleep 1
    now=$(ticks "$2")
    if [ $(((now - last) * 6)) -lt "$(getconf CLK_TCK)" ]; then quiet=$((quiet + 1)); else quiet=0; fi
    last=$now
  done
  figure "$1.settle_seconds" "$((SECONDS - begin))"
}

# Asks for rows with wrk and records rate, latency, CPU per request and memory: NAME PID ADDRESS KEY_PATH
ask() {
  local keys line before after requests
  settle "$1" "$2"
  for keys in uniform zipf; do
    # One short run first: caches, the JIT and the connection are warm for everybody.
    KEY_PATH=$4 ROWS=$rows KEYS=$keys wrk -t1 -c32 -d"$((wrk_seconds / 4 + 1))s" -s bench/lua/keys.lua "http://$3" >/dev/null
    before=$(ticks "$2")
    line=$(KEY_PATH=$4 ROWS=$rows KEYS=$keys wrk -t1 -c32 -d"${wrk_seconds}s" --latency -s bench/lua/keys.lua "http://$3" | grep ^RESULT)
    after=$(ticks "$2")
    requests=$(field requests "$line")
    [ "$(field errors "$line")" -eq 0 ] || die "$1: $line"
    record "$1.$keys" "${line#RESULT }"
    figure "$1.$keys.cpu_us_per_request" "$(awk -v t=$((after - before)) -v hz="$(getconf CLK_TCK)" -v n="$requests" 'BEGIN { printf "%.2f", t / hz * 1e6 / n }')"
  done
  figure "$1.rss_mib" "$(($(memory "$2" VmRSS) / 1024))"
  figure "$1.peak_rss_mib" "$(($(memory "$2" VmHWM) / 1024))"
}

# Starts a node and waits until it is ready: LOG COMMAND. Leaves the process id in `pid`.
serve() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 &
  pid=$!
  pids+=("$pid")
  until curl -fs -o /dev/null "http://$lentic_address/readyz"; do
    kill -0 "$pid" 2>/dev/null || { cat "$log"; die "the node ended"; }
    sleep 0.05
  done
}
declare_table() {
  curl -fsS -o /dev/null "http://$lentic_address/v1/tables?wait=ready" -H 'Content-Type: application/json' -d "$1"
}
# Streams all rows into a table: NAME TABLE
load() {
  local begin end
  [ -s "$work/rows.ndjson" ] || "$bench" ndjson "$work/rows.ndjson" --rows "$rows" --value-bytes "$value_bytes"
  begin=$(date +%s.%N)
  curl -sS --fail-with-body -o "$work/load.txt" -X POST -H 'Content-Type: application/x-ndjson' -T "$work/rows.ndjson" \
    "http://$lentic_address/v1/tables/$2/rows:load" || { cat "$work/load.txt"; die "rows:load failed"; }
  end=$(date +%s.%N)
  figure "$1.rows_per_second" "$(awk -v n="$rows" -v a="$begin" -v b="$end" 'BEGIN { printf "%.0f", n / (b - a) }')"
}

part_constant() {
  say "constant: bare axum, what HTTP alone costs"
  "$bench" constant --listen "127.0.0.1:$constant_port" --value-bytes "$value_bytes" >"$work/constant.log" 2>&1 &
  pids+=($!)
  local pid=$!
  until curl -fs -o /dev/null "http://127.0.0.1:$constant_port/rows/x"; do kill -0 "$pid" || die "see $work/constant.log"; sleep 0.05; done
  ask constant "$pid" "127.0.0.1:$constant_port" /rows/
  stop "$pid"
}

part_drain() {
  say "drain: one plain librdkafka consumer reads the topic (three times)"
  local i
  for i in 1 2 3; do record drain "$("$bench" drain --brokers "$brokers")"; done
}

part_kcache() {
  say "kcache: the topic into the memory of a JVM process"
  record kcache "$(java -Xmx8g -cp "$classpath" bench.KCacheLoad --brokers "$brokers" --rows "$rows" --partitions $partitions)"
}

part_program() {
  say "program: the topic as a table of the lentic crate inside a program"
  record program "$("$bench" program --brokers "$brokers" --rows "$rows" --data-dir "$work/program" --service-id "program-$stamp")"
  rm -rf "$work/program"
}

part_kafka-streams() {
  local serve=(java -Xmx1g -cp "$classpath" bench.StreamsStore --brokers "$brokers" --threads "$threads"
    --state "$work/kafka-streams" --port $streams_port --application "bench-kafka-streams-$stamp")
  say "kafka-streams: Kafka Streams with $threads threads, first load of the topic"
  start kafka-streams.first "127.0.0.1:$streams_port" /rows/ -- "${serve[@]}"
  say "kafka-streams: point reads"
  ask kafka-streams "$pid" "127.0.0.1:$streams_port" /rows/
  say "kafka-streams: restart after kill -9"
  crash "$pid"
  start kafka-streams.restart "127.0.0.1:$streams_port" /rows/ -- "${serve[@]}"
  say "kafka-streams: restore after losing the disk"
  stop "$pid"
  rm -rf "$work/kafka-streams"
  start kafka-streams.restore "127.0.0.1:$streams_port" /rows/ -- "${serve[@]}"
  stop "$pid"
  rm -rf "$work/kafka-streams"
}

part_lentic() {
  serve_kafka[3]=$brokers
  say "lentic: from nothing to the first full answer, the table declared in between"
  start_lentic lentic.first --post /v1/tables --body "$declaration" -- "${serve_kafka[@]}"
  say "lentic: point reads"
  ask lentic "$pid" "$lentic_address" /v1/tables/bench/rows/
  say "lentic: restart after kill -9 (three times)"
  local i
  for i in 1 2 3; do
    crash "$pid"
    start_lentic lentic.restart -- "${serve_kafka[@]}"
  done
  say "lentic: restore after losing the disk"
  stop "$pid"
  rm -rf "$work/lentic"
  start_lentic lentic.restore -- "${serve_kafka[@]}"
  stop "$pid"
}

part_embedded() {
  say "embedded: rows:load of $rows rows into the embedded log"
  serve "$work/embedded.log" "${serve_embedded[@]}"
  declare_table '{"name":"bench","topic":"bench","key":"string","value":"json","partitions":'$partitions'}'
  load embedded.load bench
  say "embedded: restore after deleting state/"
  stop "$pid"
  rm -rf "$work/embedded/state"
  start_lentic embedded.restore -- "${serve_embedded[@]}"
  figure embedded.restore.rows_per_second "$(awk -v n="$rows" -v s="$(recall embedded.restore.seconds)" 'BEGIN { printf "%.0f", n / s }')"
  stop "$pid"
  rm -rf "$work/embedded"
}

part_writes() {
  serve_kafka[3]=$brokers
  say "writes: a bare librdkafka produce of one record at a time, acks=all"
  "$bench" produce --brokers "$brokers" --topic acks --rows 1 >/dev/null
  record acks "$("$bench" acks --brokers "$brokers" --topic acks)"
  say "writes: PUT, compare-and-set and rows:load on Kafka"
  rm -rf "$work/lentic"
  serve "$work/writes.log" "${serve_kafka[@]}" --service-id "writes-$stamp"
  declare_table '{"name":"writes","topic":"writes","key":"string","value":"json","partitions":'$partitions'}'
  record puts "$("$bench" puts --address "$lentic_address" --path /v1/tables/writes/rows/)"
  record cas "$("$bench" puts --address "$lentic_address" --path /v1/tables/writes/rows/ --conditional)"
  load kafka.load writes
  stop "$pid"
  rm -rf "$work/lentic"
}

# One service of three processes: what a dead owner, a new node and the way over another node cost.
part_cluster() {
  say "cluster: gaps after kill -9, seeding, the hop, three nodes against one (load $(cut -d' ' -f1 /proc/loadavg))"
  local line words
  while read -r line; do
    read -ra words <<<"$line"
    if [ "${#words[@]}" -gt 1 ]; then record "cluster.${words[0]}" "${words[*]:1}"; else record cluster "$line"; fi
  done < <("$bench" cluster --brokers "$brokers" --lentic "$lentic" --work "$work/cluster" \
    --rows "${SHARD_ROWS:-1000000}" --kills "${KILLS:-5}" --seconds "$wrk_seconds" || echo failed=1)
  [ -z "$(recall cluster.failed)" ] || die "the part cluster failed"
}

# SQL: planning, pull queries, queries against the same in the Rust DSL, many queries in one node.
part_sql() {
  say "sql: planning, pull queries, the same queries in the Rust DSL, many queries (load $(cut -d' ' -f1 /proc/loadavg))"
  local line
  while read -r line; do record sql "$line"; done < <("$bench" sql --lentic "$lentic" --data-dir "$work/sql" \
    --records "${SQL_RECORDS:-500000}" --seconds "$wrk_seconds" --queries "${QUERIES:-1000}" || echo failed=1)
  [ -z "$(recall sql.failed)" ] || die "the part sql failed"
}

source bench/streams.sh

# ---- the run ----------------------------------------------------------------------------------------------------

say "building the programs"
[ -n "${NO_BUILD:-}" ] || cargo build --workspace --bins
# Builds a project of Maven's and prints its class path: DIRECTORY JAR
maven() {
  (cd "$1" && mvn -q -B package dependency:build-classpath -Dmdep.outputFile=target/cp.txt >&2)
  printf '%s' "$1/target/$2:$(cat "$1/target/cp.txt")"
}
classpath=$(maven bench/jvm bench-1.jar)
flink_classpath=
if [[ " $parts " == *" streams "* && $contenders == *flink* ]]; then flink_classpath=$(maven bench/flink bench-flink-1.jar); fi

say "a broker"
kafka/kafka.sh up
brokers=$(cat "$KAFKA_DIR/bootstrap")
if [ -n "$reads" ]; then
  say "a topic of $rows rows of $((value_bytes + 9)) bytes in $partitions partitions"
  record produce "$("$bench" produce --brokers "$brokers" --rows "$rows" --partitions $partitions --value-bytes "$value_bytes")"
  last_keys=$("$bench" print last "$rows" $partitions)
fi

for part in $parts; do "part_$part"; done

# ---- the report -------------------------------------------------------------------------------------------------

# One line of the table: WHAT OURS THEIRS AIM [inverse]: ratios read "ours is so many times theirs", better when greater;
# `inverse` for figures that are better when smaller.
compare() {
  local ours theirs
  ours=$(recall "$2") theirs=$(recall "$3")
  [ -n "$ours" ] && [ -n "$theirs" ] || return 0
  awk -v what="$1" -v a="$ours" -v b="$theirs" -v aim="$4" -v inverse="${5:-}" 'BEGIN {
    ratio = inverse ? b / a : a / b
    printf "%-58s %12s %12s %8.2f %8s\n", what, a, b, ratio, aim }'
}
# One figure with its aim: WHAT NAME AIM
single() {
  local value
  value=$(recall "$2")
  [ -z "$value" ] || printf '%-58s %12s %12s %8s %8s\n' "$1" "$value" "" "" "$3"
}
report() {
  printf '%-58s %12s %12s %8s %8s\n' "what ($rows rows, $(nproc) cores)" Lentic other ratio aim
  compare "reads/s, uniform : bare axum" lentic.uniform.rate constant.uniform.rate 0.7
  compare "reads/s, zipf : bare axum" lentic.zipf.rate constant.zipf.rate 0.8
  compare "reads/s, uniform : Kafka Streams" lentic.uniform.rate kafka-streams.uniform.rate 2
  compare "reads/s, zipf : Kafka Streams" lentic.zipf.rate kafka-streams.zipf.rate 2
  compare "p99 ms, uniform : bare axum" lentic.uniform.p99_ms constant.uniform.p99_ms - inverse
  compare "p99 ms, uniform : Kafka Streams" lentic.uniform.p99_ms kafka-streams.uniform.p99_ms - inverse
  compare "CPU us/read, uniform : bare axum" lentic.uniform.cpu_us_per_request constant.uniform.cpu_us_per_request - inverse
  compare "CPU us/read, uniform : Kafka Streams" lentic.uniform.cpu_us_per_request kafka-streams.uniform.cpu_us_per_request - inverse
  compare "first load, s : Kafka Streams" lentic.first.seconds kafka-streams.first.seconds 8 inverse
  compare "first load, s : plain drain" lentic.first.seconds drain.seconds 0.8 inverse
  compare "restore after losing the disk, s : Kafka Streams" lentic.restore.seconds kafka-streams.restore.seconds 1 inverse
  compare "in a program: load, s : kcache in memory" program.seconds kcache.seconds 1 inverse
  compare "in a program: peak KiB : kcache" program.peak_rss_kib kcache.peak_rss_kib 10 inverse
  compare "in a program: gets/s on one thread : kcache" program.gets_per_second kcache.gets_per_second -
  single "restore from the embedded log, rows/s" embedded.restore.rows_per_second 1000000
  single "rows:load into the embedded log, rows/s" embedded.load.rows_per_second -
  compare "restart after kill -9, s : Kafka Streams" lentic.restart.seconds kafka-streams.restart.seconds "<0.3 s" inverse
  compare "resident MiB under load : Kafka Streams" lentic.rss_mib kafka-streams.rss_mib 3 inverse
  compare "PUT p50 ms : bare produce, acks=all" puts.p50_ms acks.p50_ms - inverse
  compare "PUT p99 ms : bare produce, acks=all" puts.p99_ms acks.p99_ms - inverse
  single "compare-and-set p50 ms" cas.p50_ms -
  single "compare-and-set p99 ms" cas.p99_ms -
  compare "pull query by key, /query-stream : GET of the row" sql.query_stream_requests_per_second sql.get_requests_per_second 0.6
  compare "pull query by key, /v1/sql : GET of the row" sql.v1_sql_requests_per_second sql.get_requests_per_second 0.6
  single "statement, parsed and planned, microseconds" sql.parse_and_plan_microseconds -
  compare "SELECT ... WHERE: SQL : DSL, records/s" sql.where_sql_records_per_second sql.where_dsl_records_per_second 0.8
  compare "GROUP BY: SQL : DSL, records/s" sql.group_by_sql_records_per_second sql.group_by_dsl_records_per_second 0.8
  compare "JOIN: SQL : DSL, records/s" sql.join_sql_records_per_second sql.join_dsl_records_per_second 0.8
  single "memory of one of many queries, KiB" sql.kib_each -
  single "many queries, from the first statement until all run, s" sql.started_seconds -
  single "many queries, start of the node until all run, s" sql.again_seconds -
  single "read gap after kill -9, a copy elsewhere, s (median)" cluster.gap.standbys_1.read.median_seconds "<1"
  single "write gap after kill -9, a copy elsewhere, s (median)" cluster.gap.standbys_1.write.median_seconds -
  single "read gap after kill -9, no copy, s (median)" cluster.gap.standbys_0.read.median_seconds -
  single "write gap after kill -9, no copy, s (median)" cluster.gap.standbys_0.write.median_seconds -
  compare "seeding a shard, s : replay, rows written once" cluster.seed.written_1.seeded_seconds cluster.seed.written_1.replayed_seconds 3 inverse
  compare "seeding a shard, s : replay, rows written 4 times" cluster.seed.written_4.seeded_seconds cluster.seed.written_4.replayed_seconds 3 inverse
  compare "GET p50 ms: forwarded : local" cluster.hop.get.forwarded.p50_ms cluster.hop.get.local.p50_ms - inverse
  compare "GET p99 ms: forwarded : local" cluster.hop.get.forwarded.p99_ms cluster.hop.get.local.p99_ms - inverse
  compare "PUT p50 ms: forwarded : local" cluster.hop.put.forwarded.p50_ms cluster.hop.put.local.p50_ms - inverse
  compare "PUT p99 ms: forwarded : local" cluster.hop.put.forwarded.p99_ms cluster.hop.put.local.p99_ms - inverse
  compare "reads/s: three nodes, asking anybody : one" cluster.throughput.nodes_3.anybody.requests_per_second cluster.throughput.nodes_1.anybody.requests_per_second 0.8
  compare "reads/s: three nodes, asking the owner : one" cluster.throughput.nodes_3.owner.requests_per_second cluster.throughput.nodes_1.anybody.requests_per_second 0.8
  compare "rows:load on Kafka, rows/s : bare produce" kafka.load.rows_per_second produce.rows_per_second 0.6
}
say "ratios (greater is better; figures in bench/results/$stamp.txt)"
if [ -n "$reads" ]; then report | tee -a "$figures"; fi
if [[ " $parts " == *" streams "* ]]; then report_streams | tee -a "$figures"; fi
