package lentic.oracle;

import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Named;

/** Windowed aggregations that emit once, when the window closes. */
final class EmitFinal {
    private static final RandomInput IN = RandomInput.of("in");

    private EmitFinal() {}

    static void register(Registry r) {
        EmitStrategy close = EmitStrategy.onWindowClose();
        r.add("tumbling-final-count", IN, """
            `stream(in).groupByKey().windowedBy(tumbling size 10, grace 0).emitStrategy(onWindowClose).count(windowed)`
            -> out. Window store: windowed.""",
            b -> b.out("out", Windows.grouped(b).windowedBy(Windows.tumbling(10, 0)).emitStrategy(close)
                .count(b.windowCounts("windowed"))));
        r.add("tumbling-final-aggregate", IN, """
            `stream(in).groupByKey().windowedBy(tumbling size 10, grace 15).emitStrategy(onWindowClose)
            .aggregate("0", join(agg, "+", v), windowed)` -> out. Window store: windowed.""",
            b -> b.out("out", Windows.grouped(b).windowedBy(Windows.tumbling(10, 15)).emitStrategy(close)
                .aggregate(() -> "0", StreamAggregations.PLUS, Named.as("agg"), b.windowed("windowed"))));
        r.add("hopping-final-count", IN, """
            `stream(in).groupByKey().windowedBy(size 10, advance 4, grace 0).emitStrategy(onWindowClose).count(windowed)`
            -> out. Window store: windowed.""",
            b -> b.out("out", Windows.grouped(b).windowedBy(Windows.tumbling(10, 0).advanceBy(Windows.ms(4)))
                .emitStrategy(close).count(b.windowCounts("windowed"))));
        r.add("hopping-final-aggregate", IN, """
            `stream(in).groupByKey().windowedBy(size 10, advance 3, grace 15).emitStrategy(onWindowClose)
            .aggregate("0", join(agg, "+", v), windowed)` -> out. Window store: windowed.""",
            b -> b.out("out", Windows.grouped(b).windowedBy(Windows.tumbling(10, 15).advanceBy(Windows.ms(3)))
                .emitStrategy(close)
                .aggregate(() -> "0", StreamAggregations.PLUS, Named.as("agg"), b.windowed("windowed"))));
        r.add("sliding-final-count", IN, """
            `stream(in).groupByKey().windowedBy(SlidingWindows difference 10, grace 0).emitStrategy(onWindowClose)
            .count(windowed)` -> out. Window store: windowed.""",
            b -> b.out("out", Windows.grouped(b).windowedBy(Windows.sliding(10, 0)).emitStrategy(close)
                .count(b.windowCounts("windowed"))));
        r.add("sliding-final-aggregate", IN, """
            `stream(in).groupByKey().windowedBy(SlidingWindows difference 10, grace 15).emitStrategy(onWindowClose)
            .aggregate("0", join(agg, "+", v), windowed)` -> out. Window store: windowed.""",
            b -> b.out("out", Windows.grouped(b).windowedBy(Windows.sliding(10, 15)).emitStrategy(close)
                .aggregate(() -> "0", StreamAggregations.PLUS, Named.as("agg"), b.windowed("windowed"))));
        r.add("session-final-count", IN, """
            `stream(in).groupByKey().windowedBy(SessionWindows gap 5, grace 0).emitStrategy(onWindowClose)
            .count(windowed)` -> out. Session store: windowed.""",
            b -> b.out("out", Windows.grouped(b).windowedBy(Windows.session(5, 0)).emitStrategy(close)
                .count(b.sessionCounts("windowed"))));
        r.add("session-final-aggregate", IN, """
            `stream(in).groupByKey().windowedBy(SessionWindows gap 5, grace 15).emitStrategy(onWindowClose)
            .aggregate("0", join(agg, "+", v), merger join(a, "|", b), windowed)` -> out. Session store: windowed.""",
            b -> b.out("out", Windows.grouped(b).windowedBy(Windows.session(5, 15)).emitStrategy(close)
                .aggregate(() -> "0", StreamAggregations.PLUS, (k, x, y) -> Text.join(x, "|", y),
                    Named.as("agg"), b.sessions("windowed"))));
    }
}
