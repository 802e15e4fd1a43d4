#!/bin/bash
# Builds the project and runs it: all, gen, doc, or run [prefix]. See TOPOLOGIES.md.
set -euo pipefail
cd "$(dirname "$0")"
mvn -q -B compile dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=target/lib
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "target/classes:target/lib/*" lentic.oracle.Main "$@"
