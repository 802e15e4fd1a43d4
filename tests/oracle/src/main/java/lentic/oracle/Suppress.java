package lentic.oracle;

import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.Suppressed.BufferConfig;
import org.apache.kafka.streams.kstream.Named;

/** Suppressed tables. */
final class Suppress {
    private static final RandomInput IN = RandomInput.of("in");

    private Suppress() {}

    static void register(Registry r) {
        windows(r);
        tables(r);
    }

    private static void windows(Registry r) {
        r.add("suppress-tumbling", IN, """
            tumbling-count with grace 5, then `suppress(untilWindowCloses(unbounded))`, changes -> out.""",
            b -> b.out("out", Windows.grouped(b).windowedBy(Windows.tumbling(10, 5)).count(b.windowCounts("windowed"))
                .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded()).withName("suppressed"))));
        r.add("suppress-hopping", IN, """
            hopping-aggregate (size 10, advance 3, grace 15), then `suppress(untilWindowCloses(unbounded))`,
            changes -> out.""",
            b -> b.out("out", Windows.grouped(b).windowedBy(Windows.tumbling(10, 15).advanceBy(Windows.ms(3)))
                .aggregate(() -> "0", StreamAggregations.PLUS, Named.as("agg"), b.windowed("windowed"))
                .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded()).withName("suppressed"))));
        r.add("suppress-sliding", IN, """
            sliding-aggregate (difference 10, grace 15), then `suppress(untilWindowCloses(unbounded))`, changes -> out.""",
            b -> b.out("out", Windows.grouped(b).windowedBy(Windows.sliding(10, 15))
                .aggregate(() -> "0", StreamAggregations.PLUS, Named.as("agg"), b.windowed("windowed"))
                .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded()).withName("suppressed"))));
        r.add("suppress-session", IN, """
            session-aggregate (gap 5, grace 15), then `suppress(untilWindowCloses(unbounded))`, changes -> out.""",
            b -> b.out("out", Windows.grouped(b).windowedBy(Windows.session(5, 15))
                .aggregate(() -> "0", StreamAggregations.PLUS, (k, x, y) -> Text.join(x, "|", y),
                    Named.as("agg"), b.sessions("windowed"))
                .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded()).withName("suppressed"))));
        r.add("suppress-tumbling-shutdown", IN, """
            suppress-tumbling with `untilWindowCloses(maxRecords(3).shutDownWhenFull())`: fails when a fourth row enters
            the buffer and none has closed.""",
            b -> b.out("out", Windows.grouped(b).windowedBy(Windows.tumbling(10, 5)).count(b.windowCounts("windowed"))
                .suppress(Suppressed.untilWindowCloses(BufferConfig.maxRecords(3).shutDownWhenFull())
                    .withName("suppressed"))));
    }

    private static void tables(Registry r) {
        r.add("suppress-time-limit", IN, """
            `table(in, in-store).suppress(untilTimeLimit(10, unbounded))`, changes -> out.""",
            b -> limited(b, 10, BufferConfig.unbounded()));
        r.add("suppress-time-limit-zero", IN, """
            `table(in, in-store).suppress(untilTimeLimit(0, unbounded))`, changes -> out.""",
            b -> limited(b, 0, BufferConfig.unbounded()));
        r.add("suppress-records", IN, """
            `table(in, in-store).suppress(untilTimeLimit(20, maxRecords(2).emitEarlyWhenFull))`, changes -> out.""",
            b -> limited(b, 20, BufferConfig.maxRecords(2).emitEarlyWhenFull()));
        r.add("suppress-bytes", IN, """
            `table(in, in-store).suppress(untilTimeLimit(20, maxBytes(200).emitEarlyWhenFull))`, changes -> out. The size
            of a buffered row is Kafka's: the bytes of its key, 8 for the time, and its buffered value (the record's
            context, the prior, old and new values).""",
            b -> limited(b, 20, BufferConfig.maxBytes(200).emitEarlyWhenFull()));
        r.add("suppress-records-shutdown", IN, """
            `table(in, in-store).suppress(untilTimeLimit(20, maxRecords(2).shutDownWhenFull))`, changes -> out.""",
            b -> limited(b, 20, BufferConfig.maxRecords(2).shutDownWhenFull()));
        r.add("suppress-count", IN, """
            `stream(in).groupBy((k, v) -> letter(v)).count(counts).suppress(untilTimeLimit(10, unbounded))`,
            changes -> out.""",
            b -> b.out("out", b.stream("in").groupBy((k, v) -> Text.letter(v),
                    org.apache.kafka.streams.kstream.Grouped.as("grouped"))
                .count(b.counted("counts"))
                .suppress(Suppressed.<String>untilTimeLimit(Windows.ms(10), BufferConfig.unbounded())
                    .withName("suppressed"))));
        r.add("suppress-filtered", IN, """
            `table(in, in-store).suppress(untilTimeLimit(10, unbounded)).filter(low(v))`, changes -> out: the filter asks
            the suppression for values as of its output only.""",
            b -> b.out("out", b.table("in").suppress(
                    Suppressed.<String>untilTimeLimit(Windows.ms(10), BufferConfig.unbounded()).withName("suppressed"))
                .filter((k, v) -> Text.low(v), Named.as("filter"), b.stored("filtered"))));
        r.add("suppress-joined", RandomInput.of("in", "right"), """
            `table(in, in-store).suppress(untilTimeLimit(10, unbounded)).leftJoin(table(right, right-store), pair)`,
            changes -> out: the join reads the suppressed table's rows as last emitted.""",
            b -> b.out("out", b.table("in").suppress(
                    Suppressed.<String>untilTimeLimit(Windows.ms(10), BufferConfig.unbounded()).withName("suppressed"))
                .leftJoin(b.table("right"), Text::pair, Named.as("join"))));
    }

    private static void limited(Build b, long limit, BufferConfig<?> buffer) {
        b.out("out", b.table("in").suppress(
            Suppressed.<String>untilTimeLimit(Windows.ms(limit), buffer).withName("suppressed")));
    }
}
