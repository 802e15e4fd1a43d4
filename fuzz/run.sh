#!/usr/bin/env bash
# Feeds a fuzz target with texts that the coverage of the code grows by. Needs a nightly compiler (rustup toolchain install nightly).
set -euo pipefail
cd "$(dirname "$0")"
target=${TARGET:-parse}
seconds=${SECONDS_PER_RUN:-60}
if ! cargo +nightly --version >/dev/null 2>&1; then
  echo "Fuzzing needs a nightly compiler: rustup toolchain install nightly" >&2
  exit 1
fi
host=$(rustc -vV | sed -nE 's/^host: //p')
# What `cargo fuzz` passes: counters for every edge, comparisons told, addresses watched.
coverage=(-Cpasses=sancov-module)
for option in level=4 inline-8bit-counters pc-table trace-compares; do
  coverage+=("-Cllvm-args=-sanitizer-coverage-$option")
done
RUSTFLAGS="${coverage[*]} -Zsanitizer=address --cfg fuzzing" cargo +nightly build --release --target "$host" --bin "$target"
mkdir -p "corpus/$target"
exec "target/$host/release/$target" "corpus/$target" -max_total_time="$seconds" -max_len=1000 -timeout=5 "$@"
