package lentic.oracle;

import java.time.Duration;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.UnlimitedWindows;

/** Windowed aggregations that emit on every update. */
final class Windows {
    private static final RandomInput IN = RandomInput.of("in");

    private Windows() {}

    static Duration ms(long ms) {
        return Duration.ofMillis(ms);
    }

    static TimeWindows tumbling(long size, long grace) {
        return TimeWindows.ofSizeAndGrace(ms(size), ms(grace));
    }

    static SlidingWindows sliding(long difference, long grace) {
        return SlidingWindows.ofTimeDifferenceAndGrace(ms(difference), ms(grace));
    }

    static SessionWindows session(long gap, long grace) {
        return SessionWindows.ofInactivityGapAndGrace(ms(gap), ms(grace));
    }

    static KGroupedStream<String, String> grouped(Build b) {
        return b.stream("in").groupByKey();
    }

    static void register(Registry r) {
        time(r);
        slidingAndSession(r);
    }

    private static void time(Registry r) {
        r.add("tumbling-count", IN, """
            `stream(in).groupByKey().windowedBy(tumbling size 10, grace 0).count(windowed)`, changes -> out.
            Window store: windowed.""",
            b -> b.out("out", grouped(b).windowedBy(tumbling(10, 0)).count(b.windowCounts("windowed"))));
        r.add("tumbling-aggregate", IN, """
            `stream(in).groupByKey().windowedBy(tumbling size 10, grace 15).aggregate("0", join(agg, "+", v), windowed)`,
            changes -> out. Window store: windowed.""",
            b -> b.out("out", grouped(b).windowedBy(tumbling(10, 15))
                .aggregate(() -> "0", StreamAggregations.PLUS, Named.as("agg"), b.windowed("windowed"))));
        r.add("tumbling-reduce", IN, """
            `stream(in).groupByKey().windowedBy(tumbling size 10, grace 15).reduce(join(a, "+", v), windowed)`,
            changes -> out. Window store: windowed.""",
            b -> b.out("out", grouped(b).windowedBy(tumbling(10, 15))
                .reduce((a, v) -> Text.join(a, "+", v), Named.as("agg"), b.windowed("windowed"))));
        r.add("hopping-count", IN, """
            `stream(in).groupByKey().windowedBy(size 10, advance 4, grace 0).count(windowed)`, changes -> out.
            Window store: windowed.""",
            b -> b.out("out", grouped(b).windowedBy(tumbling(10, 0).advanceBy(ms(4))).count(b.windowCounts("windowed"))));
        r.add("hopping-aggregate", IN, """
            `stream(in).groupByKey().windowedBy(size 10, advance 3, grace 15).aggregate("0", join(agg, "+", v), windowed)`,
            changes -> out. Window store: windowed.""",
            b -> b.out("out", grouped(b).windowedBy(tumbling(10, 15).advanceBy(ms(3)))
                .aggregate(() -> "0", StreamAggregations.PLUS, Named.as("agg"), b.windowed("windowed"))));
        r.add("unlimited-count", IN, """
            `stream(in).groupByKey().windowedBy(UnlimitedWindows from 0).count(windowed)`, changes -> out. Window
            store: windowed.""",
            b -> b.out("out", grouped(b).windowedBy(UnlimitedWindows.of()).count(b.windowCounts("windowed"))));
        r.add("unlimited-aggregate", IN, """
            `stream(in).groupByKey().windowedBy(UnlimitedWindows startOn 20).aggregate("0", join(agg, "+", v), windowed)`,
            changes -> out. Window store: windowed.""",
            b -> b.out("out", grouped(b).windowedBy(UnlimitedWindows.of().startOn(java.time.Instant.ofEpochMilli(20)))
                .aggregate(() -> "0", StreamAggregations.PLUS, Named.as("agg"), b.windowed("windowed"))));
    }

    private static void slidingAndSession(Registry r) {
        r.add("sliding-count", IN, """
            `stream(in).groupByKey().windowedBy(SlidingWindows difference 10, grace 0).count(windowed)`, changes -> out.
            Window store: windowed.""",
            b -> b.out("out", grouped(b).windowedBy(sliding(10, 0)).count(b.windowCounts("windowed"))));
        r.add("sliding-aggregate", IN, """
            `stream(in).groupByKey().windowedBy(SlidingWindows difference 10, grace 15)
            .aggregate("0", join(agg, "+", v), windowed)`, changes -> out. Window store: windowed.""",
            b -> b.out("out", grouped(b).windowedBy(sliding(10, 15))
                .aggregate(() -> "0", StreamAggregations.PLUS, Named.as("agg"), b.windowed("windowed"))));
        r.add("sliding-reduce", IN, """
            `stream(in).groupByKey().windowedBy(SlidingWindows difference 10, grace 15).reduce(join(a, "+", v), windowed)`,
            changes -> out. Window store: windowed.""",
            b -> b.out("out", grouped(b).windowedBy(sliding(10, 15))
                .reduce((a, v) -> Text.join(a, "+", v), Named.as("agg"), b.windowed("windowed"))));
        r.add("session-count", IN, """
            `stream(in).groupByKey().windowedBy(SessionWindows gap 5, grace 0).count(windowed)`, changes -> out.
            Session store: windowed.""",
            b -> b.out("out", grouped(b).windowedBy(session(5, 0)).count(b.sessionCounts("windowed"))));
        r.add("session-aggregate", IN, """
            `stream(in).groupByKey().windowedBy(SessionWindows gap 5, grace 15)
            .aggregate("0", join(agg, "+", v), merger join(a, "|", b), windowed)`, changes -> out. Session store:
            windowed.""",
            b -> b.out("out", grouped(b).windowedBy(session(5, 15))
                .aggregate(() -> "0", StreamAggregations.PLUS, (k, x, y) -> Text.join(x, "|", y),
                    Named.as("agg"), b.sessions("windowed"))));
        r.add("session-reduce", IN, """
            `stream(in).groupByKey().windowedBy(SessionWindows gap 5, grace 15).reduce(join(a, "+", v), windowed)`,
            changes -> out. Session store: windowed.""",
            b -> b.out("out", grouped(b).windowedBy(session(5, 15))
                .reduce((a, v) -> Text.join(a, "+", v), Named.as("agg"), b.sessions("windowed"))));
    }
}
