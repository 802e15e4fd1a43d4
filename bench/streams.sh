# The part `streams` of bench/run.sh: the same topologies on Lentic, Kafka Streams and Flink, one after the other.
#
#   CONTENDERS="lentic kafka-streams flink-heap flink-rocksdb"   kafka-streams-defaults is there too
#   TOPOLOGIES="count join"
#   GUARANTEES="at_least_once exactly_once"
#   KEYS=100000          different keys of the stream, and rows of the table
#   STREAM_THREADS=1     of Lentic and of Kafka Streams; parallelism 1 of Flink stays
#   HEAP=1g              the greatest heap of a JVM
#   CHECKPOINT_MS=1000   between two checkpoints of Flink; the others commit every 100 ms
#   TIMEOUT=900          seconds after which a contender is given up

contenders=${CONTENDERS:-lentic kafka-streams flink-heap flink-rocksdb}
topologies=${TOPOLOGIES:-count join}
guarantees=${GUARANTEES:-at_least_once exactly_once}

# What Flink's documentation asks for on Java 17.
flink_java=(--add-opens=java.base/java.util=ALL-UNNAMED --add-opens=java.base/java.lang=ALL-UNNAMED
  --add-opens=java.base/java.util.concurrent=ALL-UNNAMED)

trial_name() { printf 'streams.%s.%s.%s' "$1" "$2" "$3"; } # TOPOLOGY GUARANTEE CONTENDER

trial() { # TOPOLOGY GUARANTEE CONTENDER
  local topology=$1 guarantee=$2 contender=$3 name application main result checked each
  name=$(trial_name "$@")
  application=bench-$contender-$topology-$guarantee-$stamp
  local common=(--brokers "$brokers" --input "$topology-input" --records "$rows" --guarantee "$guarantee"
    --timeout "${TIMEOUT:-900}")
  local stream_threads=(--threads "${STREAM_THREADS:-1}")
  [ "$topology" = count ] || common+=(--table join-table)
  local jvm=("${common[@]}" --application "$application" --state "$work/trial")
  say "streams: $topology, $guarantee: $contender (load $(cut -d' ' -f1 /proc/loadavg))"
  case $contender in
    lentic)
      result=$("$bench" streaming "$topology" "${common[@]}" "${stream_threads[@]}" --data-dir "$work/trial" --service-id "$application" \
        2>"$work/trial.log") || { head -n 20 "$work/trial.log"; die "$name failed"; }
      checked=$(java -cp "$classpath" bench.Check "${common[@]}" --contender lentic --topology "$topology" \
        --output "$(field results "$result")") || die "$name: $checked"
      result+=" $checked"
      kafka/kafka.sh topics --delete --topic "$application-.*" >/dev/null
      ;;
    kafka-streams | kafka-streams-defaults)
      main=bench.StreamsCount
      if [ "$topology" = join ]; then main=bench.StreamsJoin jvm+=(--output "$application-joined"); fi
      if [ "$contender" = kafka-streams-defaults ]; then jvm+=(--cache default --commit-ms default); fi
      if [ "$guarantee" = exactly_once ]; then jvm+=(--guarantee exactly_once_v2); fi
      result=$(java "-Xmx${HEAP:-1g}" -cp "$classpath" $main "${jvm[@]}" "${stream_threads[@]}" 2>"$work/trial.log") \
        || { tail -n 20 "$work/trial.log"; die "$name failed: $result"; }
      ;;
    flink-heap | flink-rocksdb)
      main=bench.FlinkCount
      if [ "$topology" = join ]; then main=bench.FlinkJoin; fi
      if [ "$contender" = flink-heap ]; then jvm+=(--state-backend hashmap); else jvm+=(--state-backend rocksdb); fi
      result=$(java "-Xmx${HEAP:-1g}" "${flink_java[@]}" -cp "$flink_classpath" $main "${jvm[@]}" \
        --output "$application-results" --checkpoint-ms "${CHECKPOINT_MS:-1000}" 2>"$work/trial.log") \
        || { tail -n 20 "$work/trial.log"; die "$name failed: $result"; }
      ;;
    *) die "there is no contender $contender" ;;
  esac
  for each in seconds records_per_second processed_per_second cpu_seconds cpu_seconds_with_start peak_rss_mib output_records check; do
    figure "$name.$each" "$(field $each "$result")"
  done
  rm -rf "$work/trial"
  # The broker removes the topics of this one before the next one begins.
  sleep 3
}

part_streams() {
  local topology guarantee contender
  say "streams: topics of $rows records of $value_bytes bytes with ${KEYS:-100000} keys"
  figure streams.load_average "$(cut -d' ' -f1-3 /proc/loadavg | tr ' ' ,)"
  local load=(java -Xmx512m -cp "$classpath" bench.Load --brokers "$brokers" --records "$rows" --keys "${KEYS:-100000}"
    --value-bytes "$value_bytes" --partitions $partitions)
  for topology in $topologies; do
    case $topology in
      count) "${load[@]}" --topic count-input ;;
      join) "${load[@]}" --topic join-input --keyed true --table join-table ;;
      *) die "there is no topology $topology" ;;
    esac
    for guarantee in $guarantees; do
      for contender in $contenders; do trial "$topology" "$guarantee" "$contender"; done
    done
  done
  kafka/kafka.sh topics --delete --topic '(count|join)-(input|table)' >/dev/null
}

# All contenders side by side, and how many times better Lentic is.
report_streams() {
  local topology guarantee contender name lentic aim
  for topology in $topologies; do
    for guarantee in $guarantees; do
      [ -n "$(recall "$(trial_name "$topology" "$guarantee" "${contenders%% *}").check")" ] || continue
      printf '\n%-32s %12s %8s %9s | %s\n' "$topology, ${guarantee//_/ }" records/s "CPU s" "peak MiB" \
        "Lentic: records/s, CPU, memory, times better"
      lentic=$(trial_name "$topology" "$guarantee" lentic)
      for contender in $contenders; do
        name=$(trial_name "$topology" "$guarantee" "$contender")
        aim=
        case $topology.$contender in
          count.lentic) aim="(aim: < 250 MiB)" ;;
          count.kafka-streams) aim="(aim: 4)" ;;
          count.flink-heap) aim="(aim: > 1)" ;;
        esac
        awk -v what="$contender" -v rate="$(recall "$name.records_per_second")" -v cpu="$(recall "$name.cpu_seconds")" \
          -v peak="$(recall "$name.peak_rss_mib")" -v our_rate="$(recall "$lentic.records_per_second")" \
          -v our_cpu="$(recall "$lentic.cpu_seconds")" -v our_peak="$(recall "$lentic.peak_rss_mib")" -v aim="$aim" 'BEGIN {
            printf "  %-30s %12s %8s %9s |", what, rate, cpu, peak
            if (our_rate && what != "lentic") printf " %5.2f %5.2f %5.2f", our_rate / rate, cpu / our_cpu, peak / our_peak
            print " " aim }'
      done
    done
    if [[ " $guarantees " == *" at_least_once "* && " $guarantees " == *" exactly_once "* ]]; then
      for contender in $contenders; do
        compare "$topology: exactly once : at least once, $contender" \
          "$(trial_name "$topology" exactly_once "$contender").records_per_second" \
          "$(trial_name "$topology" at_least_once "$contender").records_per_second" \
          "$([ "$contender" = lentic ] && echo 0.85 || echo -)"
      done
    fi
  done
}
