#!/bin/bash
# Builds the application and runs it: run.sh BROKERS APPLICATION-ID STATE-DIRECTORY. It takes commands from its standard
# input; App.java lists them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mvn -q -B -f "$here/pom.xml" compile dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$here/target/lib" >&2
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx512m -cp "$here/target/classes:$here/target/lib/*" lentic.streams.App "$@"
