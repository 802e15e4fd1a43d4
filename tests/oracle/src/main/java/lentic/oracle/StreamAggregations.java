package lentic.oracle;

import java.time.Duration;
import org.apache.kafka.streams.kstream.Aggregator;
import org.apache.kafka.streams.kstream.CogroupedKStream;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindows;

/** Aggregations of streams without windows, and cogroups with and without. */
final class StreamAggregations {
    static final Aggregator<String, String, String> PLUS = (k, v, agg) -> Text.join(agg, "+", v);
    static final Aggregator<String, String, String> TIMES = (k, v, agg) -> Text.join(agg, "*", v);

    private StreamAggregations() {}

    static void register(Registry r) {
        RandomInput in = RandomInput.of("in");
        RandomInput two = RandomInput.of("in-a", "in-b");
        r.add("group-by-key-count", in, "`stream(in).groupByKey().count(counts)`, changes -> out. Store: counts.",
            b -> b.out("out", b.stream("in").groupByKey().count(b.counted("counts"))));
        r.add("group-by-count", in, """
            `stream(in).groupBy((k, v) -> letter(v)).count(counts)` (through a repartition topic), changes -> out.
            Store: counts.""",
            b -> b.out("out", b.stream("in").groupBy((k, v) -> Text.letter(v), Grouped.as("grouped"))
                .count(b.counted("counts"))));
        r.add("reduce", in, """
            `stream(in).groupByKey().reduce((a, v) -> join(a, "+", v), reduced)`, changes -> out. Store: reduced.""",
            b -> b.out("out", b.stream("in").groupByKey().reduce((a, v) -> Text.join(a, "+", v), b.stored("reduced"))));
        r.add("reduce-delete", in, """
            As reduce, but the reducer returns null (which deletes the row) when starts(v, "f").""",
            b -> b.out("out", b.stream("in").groupByKey().reduce(
                (a, v) -> Text.starts(v, "f") ? null : Text.join(a, "+", v), b.stored("reduced"))));
        r.add("aggregate", in, """
            `stream(in).groupByKey().aggregate("0", join(agg, "+", v), aggregated)`, changes -> out. Store: aggregated.""",
            b -> b.out("out", b.stream("in").groupByKey().aggregate(() -> "0", PLUS, b.stored("aggregated"))));
        r.add("aggregate-delete", in, """
            As aggregate, but the aggregator returns null (which deletes the row) when starts(v, "f").""",
            b -> b.out("out", b.stream("in").groupByKey().aggregate(() -> "0",
                (k, v, agg) -> Text.starts(v, "f") ? null : Text.join(agg, "+", v), b.stored("aggregated"))));
        r.add("group-by-aggregate", in, """
            `stream(in).groupBy((k, v) -> letter(v)).aggregate("0", join(agg, "+", v), aggregated)`, changes -> out.
            Store: aggregated.""",
            b -> b.out("out", b.stream("in").groupBy((k, v) -> Text.letter(v), Grouped.as("grouped"))
                .aggregate(() -> "0", PLUS, b.stored("aggregated"))));
        r.add("cogroup", two, """
            `stream(in-a).groupByKey().cogroup(join(agg, "+", v)).cogroup(stream(in-b).groupByKey(), join(agg, "*", v))
            .aggregate("0", cogrouped)`, changes -> out. Store: cogrouped.""",
            b -> b.out("out", cogrouped(b).aggregate(() -> "0", Named.as("co"), b.stored("cogrouped"))));
        r.add("cogroup-tumbling", two, """
            The cogroup of the topology cogroup, `.windowedBy(TimeWindows size 10, grace 5).aggregate("0", cogrouped)`,
            changes -> out. Window store: cogrouped.""",
            b -> b.out("out", cogrouped(b)
                .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMillis(10), Duration.ofMillis(5)))
                .aggregate(() -> "0", Named.as("co"), b.windowed("cogrouped"))));
        r.add("cogroup-sliding", two, """
            The cogroup of the topology cogroup, `.windowedBy(SlidingWindows difference 10, grace 5)
            .aggregate("0", cogrouped)`, changes -> out. Window store: cogrouped.""",
            b -> b.out("out", cogrouped(b)
                .windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(Duration.ofMillis(10), Duration.ofMillis(5)))
                .aggregate(() -> "0", Named.as("co"), b.windowed("cogrouped"))));
        r.add("cogroup-session", two, """
            The cogroup of the topology cogroup, `.windowedBy(SessionWindows gap 5, grace 5)
            .aggregate("0", merger join(a, "|", b), cogrouped)`, changes -> out. Session store: cogrouped.""",
            b -> b.out("out", cogrouped(b)
                .windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofMillis(5), Duration.ofMillis(5)))
                .aggregate(() -> "0", (k, x, y) -> Text.join(x, "|", y), Named.as("co"), b.sessions("cogrouped"))));
    }

    private static CogroupedKStream<String, String> cogrouped(Build b) {
        return b.stream("in-a").groupByKey().cogroup(PLUS).cogroup(b.stream("in-b").groupByKey(), TIMES);
    }
}
