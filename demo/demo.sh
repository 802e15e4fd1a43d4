#!/usr/bin/env bash
# A tour of one node: real data in, rows out, a change seen as it happens, and a restart without its state.
# Every command is printed before its output; any failure ends the tour with a message and a non-zero exit code.
#
#   DEMO_ONCE=1     exit after the showing instead of staying up
#   DEMO_DIR=path   where the node keeps its data (default: a temporary directory, removed at the end)
#   DEMO_LISTEN=... host:port to serve on (default: 127.0.0.1:8088, or a free port if that is taken)
#   LENTIC_BIN=path a binary that is built already
set -euo pipefail
cd "$(dirname "$0")/.."

bold=$'\033[1m' dim=$'\033[2m' plain=$'\033[0m'
if [ ! -t 1 ] || [ -n "${NO_COLOR:-}" ]; then bold='' dim='' plain=''; fi

title() { printf '\n%s── %s%s\n' "$bold" "$*" "$plain"; }
note() { printf '%s   %s%s\n' "$dim" "$*" "$plain"; }
fail() { printf '\n%sdemo failed: %s%s\n' "$bold" "$*" "$plain" >&2; exit 1; }
# In a pipe `lentic get` prints the bare value, without a newline.
end_line() { if [ ! -t 1 ]; then echo; fi; }
# Prints a command as one would type it, then runs it.
show() {
  local shown="" word
  for word in "$@"; do
    case "$word" in
      *[!a-zA-Z0-9_./:=@%+,-]* | '') shown+=" '$word'" ;;
      *) shown+=" $word" ;;
    esac
  done
  printf '%s$%s%s\n' "$bold" "$shown" "$plain"
  "$@" || fail "the command above exited with code $?"
}

node_pid='' watch_pid='' scratch=$(mktemp -d "${TMPDIR:-/tmp}/lentic-demo.XXXXXX")
data=${DEMO_DIR:-$scratch/lentic-data}
log=$scratch/node.log

finish() {
  local code=$?
  trap - EXIT INT TERM
  [ -z "$watch_pid" ] || kill "$watch_pid" 2>/dev/null || true
  if [ -n "$node_pid" ] && kill -TERM "$node_pid" 2>/dev/null; then wait "$node_pid" 2>/dev/null || true; fi
  if [ "$code" -ne 0 ] && [ "$code" -ne 130 ] && [ -s "$log" ]; then
    printf '%s\n' "the node's last words:" >&2
    tail -n 20 "$log" >&2
  fi
  rm -rf "$scratch"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
choose_address() {
  if [ -n "${DEMO_LISTEN:-}" ]; then echo "$DEMO_LISTEN"; return; fi
  local port=8088
  while taken "$port"; do port=$((20000 + RANDOM % 20000)); done
  echo "127.0.0.1:$port"
}

# Starts the node and waits until it is ready.
start_node() {
  printf '%s$ lentic serve --data-dir %s --listen %s%s\n' "$bold" "$data" "$address" "$plain"
  "$lentic" serve --data-dir "$data" --listen "$address" >>"$log" 2>&1 &
  node_pid=$!
  local tries=0
  until curl -fs -o /dev/null "$LENTIC_URL/readyz"; do
    kill -0 "$node_pid" 2>/dev/null || fail "the node ended"
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || fail "the node was not ready after 30 s"
    sleep 0.05
  done
  note "ready at $LENTIC_URL"
}

stop_node() {
  kill -TERM "$node_pid"
  local code=0
  wait "$node_pid" || code=$?
  node_pid=''
  [ "$code" -eq 0 ] || fail "the node ended with exit code $code on SIGTERM"
}

if [ -n "${LENTIC_BIN:-}" ]; then
  lentic=$LENTIC_BIN
else
  title "Building"
  # The whole workspace, as the tests build it: another selection would compile RocksDB with other features.
  show cargo build --workspace --bins
  lentic=${CARGO_TARGET_DIR:-target}/debug/lentic
fi
lentic=$(cd "$(dirname "$lentic")" && pwd)/$(basename "$lentic")
PATH=$(dirname "$lentic"):$PATH
address=$(choose_address)
export LENTIC_URL="http://$address"

title "A node on its embedded log: no broker needed"
start_node

title "Tables: each one is the fold of a topic"
show lentic table create planes --topic planes --key string --value json --partitions 6
show lentic table create airports --topic airports --key string --value json --partitions 6
show lentic table create airlines --topic airlines --key string --value json --partitions 6
show lentic table create flights --topic flights --key string --value json --partitions 6

title "Real data: the flights that left New York City on 1 January 2013 (CC0), with planes, airports and airlines"
show lentic load planes demo/data/planes.csv.gz --key tailnum --null NA
show lentic load airports demo/data/airports.csv.gz --key faa --null NA
show lentic load airlines demo/data/airlines.csv.gz --key carrier --null NA
show lentic load flights demo/data/flights.csv.gz --key carrier,flight,time_hour --null NA

title "One row"
show lentic get planes N14228
end_line
note "the same over HTTP, with its token (ETag), its age and how far the store is:"
show curl -si "$LENTIC_URL/v1/tables/planes/rows/N14228"
echo

title "A range, in key order over all partitions"
show lentic scan airports --from JFK --to JFZ
show lentic scan flights --prefix UA+15 --limit 3
note "the same over HTTP, and how many rows there are:"
show curl -s "$LENTIC_URL/v1/tables/airlines/rows?from=A&to=C&limit=2"
show curl -s "$LENTIC_URL/v1/tables/planes/rows:count"

title "A watch in the background, and a write that it sees"
printf '%s$ lentic watch planes --key N14228 &%s\n' "$bold" "$plain"
lentic watch planes --key N14228 >"$scratch/watch.txt" 2>&1 &
watch_pid=$!
# The row as it is comes first.
for _ in $(seq 200); do [ -s "$scratch/watch.txt" ] && break; sleep 0.05; done
[ -s "$scratch/watch.txt" ] || fail "the watch showed no snapshot after 10 s"
note "a write is answered once it is applied; Lentic-Token is its place in the log:"
show curl -si -X PUT "$LENTIC_URL/v1/tables/planes/rows/N14228" \
  --data '{"year":1999,"manufacturer":"BOEING","model":"737-824","seats":149,"painted":"green"}'
for _ in $(seq 200); do grep -q green "$scratch/watch.txt" && break; sleep 0.05; done
grep -q green "$scratch/watch.txt" || fail "the watch did not see the change within 10 s"
note "what the watch has seen:"
sed 's/^/   /' "$scratch/watch.txt"
kill "$watch_pid" 2>/dev/null || true
wait "$watch_pid" 2>/dev/null || true
watch_pid=''

title "SQL: a dashboard of delays by carrier and hour, kept by queries (demo/sql/flights.sql)"
show lentic sql -f demo/sql/flights.sql
worst="SELECT carrier, name, WINDOWSTART, flights, average, worst FROM delays WHERE carrier = 'UA' LIMIT 5;"
# The queries have just begun.
for _ in $(seq 200); do lentic sql -e "$worst" | grep -q United && break; sleep 0.05; done
show lentic sql -e "$worst"
note "the hours with the worst delays, in one call over HTTP, sorted, as CSV:"
show curl -s "$LENTIC_URL/v1/sql" -H 'Accept: text/csv' \
  --data 'SELECT name, WINDOWSTART, flights, worst FROM delays ORDER BY worst DESC LIMIT 3'

title "Compare-and-set: the token of the row decides"
etag=$(curl -fsI "$LENTIC_URL/v1/tables/planes/rows/N14228" | tr -d '\r' | sed -nE 's/^[Ee][Tt][Aa][Gg]: *//p')
[ -n "$etag" ] || fail "the row has no ETag"
show curl -s -o /dev/null -w '%{http_code}\n' -X PUT "$LENTIC_URL/v1/tables/planes/rows/N14228" -H "If-Match: $etag" --data '{"seats":150}'
note "the same again comes too late, the row has changed meanwhile:"
show curl -s -w '%{http_code}\n' -X PUT "$LENTIC_URL/v1/tables/planes/rows/N14228" -H "If-Match: $etag" --data '{"seats":151}'

title "The log is the database: stop, delete state/, start again"
all_rows() {
  local table
  for table in planes airports airlines flights; do
    curl -fsS -H 'Accept: application/x-ndjson' "$LENTIC_URL/v1/tables/$table/rows"
  done
}
all_rows >"$scratch/before.ndjson" || fail "the rows could not be read"
printf '%s$ kill -TERM %s%s\n' "$bold" "$node_pid" "$plain"
stop_node
show rm -r "$data/state"
start_node
show lentic get planes N14228
end_line
all_rows >"$scratch/after.ndjson" || fail "the rows could not be read"
cmp "$scratch/before.ndjson" "$scratch/after.ndjson" || fail "the rows differ from those before"
note "$(wc -l <"$scratch/after.ndjson") rows, byte for byte those from before"

title "At a glance"
show lentic status

if [ "${DEMO_ONCE:-}" = 1 ]; then
  title "Done"
  stop_node
  exit 0
fi
title "The node is up at $LENTIC_URL"
note "API documentation: $LENTIC_URL/docs"
note "try:  curl $LENTIC_URL/v1/tables/flights/rows?prefix=AA"
note "      export LENTIC_URL=$LENTIC_URL; $lentic watch airports"
note "Ctrl-C stops it$([ -n "${DEMO_DIR:-}" ] || echo ' and removes its data')."
trap 'exit 0' INT
wait "$node_pid" || true
node_pid=''
fail "the node ended by itself"
