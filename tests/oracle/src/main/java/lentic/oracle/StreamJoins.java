package lentic.oracle;

import java.time.Duration;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.StreamJoined;

/** Windowed joins of two streams. */
final class StreamJoins {
    private enum How { INNER, LEFT, OUTER }

    private StreamJoins() {}

    static void register(Registry r) {
        add(r, "ss-inner", How.INNER, 10, 10, 5);
        add(r, "ss-left", How.LEFT, 10, 10, 5);
        add(r, "ss-outer", How.OUTER, 10, 10, 5);
        add(r, "ss-inner-no-grace", How.INNER, 10, 10, 0);
        add(r, "ss-left-no-grace", How.LEFT, 10, 10, 0);
        add(r, "ss-outer-no-grace", How.OUTER, 10, 10, 0);
        add(r, "ss-inner-before", How.INNER, 10, 0, 5);
        add(r, "ss-left-after", How.LEFT, 0, 10, 5);
        add(r, "ss-inner-asym", How.INNER, 12, 3, 5);
        add(r, "ss-left-asym", How.LEFT, 5, 10, 5);
        add(r, "ss-outer-asym", How.OUTER, 12, 3, 5);
        add(r, "ss-outer-gap", How.OUTER, -4, 10, 5);
        r.add("ss-rekeyed", RandomInput.of("left", "right"), """
            ss-inner with `selectKey((k, v) -> letter(v))` on both streams before the join (two repartition topics).
            Null keys do not reach the join.""",
            b -> joined(b, How.INNER, rekeyed(b, "left"), rekeyed(b, "right"), window(10, 10, 5)));
        r.add("ss-self", RandomInput.of("in"), """
            `s = stream(in)`; `s.join(s, pair, before 10, after 10, grace 5)` -> out; no optimization: an ordinary
            join of two sides, a record goes to the left side first.""",
            b -> {
                KStream<String, String> s = b.stream("in");
                joined(b, How.INNER, s, s, window(10, 10, 5));
            });
        r.add("ss-self-optimized", RandomInput.of("in"), """
            ss-self with `topology.optimization=all`: one store, the operator for self joins.""",
            b -> {
                b.optimize();
                KStream<String, String> s = b.stream("in");
                b.out("out", s.join(s, Text::pair, window(10, 10, 5),
                    StreamJoined.<String, String, String>as("join").withStoreName("join")));
            });
    }

    private static void add(Registry r, String name, How how, long before, long after, long grace) {
        String operator = switch (how) {
            case INNER -> "join";
            case LEFT -> "leftJoin";
            case OUTER -> "outerJoin";
        };
        r.add(name, RandomInput.of("left", "right"), """
            `stream(left).%s(stream(right), pair, before %d, after %d, grace %d)` -> out. A right record at t' matches a
            left one at t if t - before <= t' <= t + after. Stores of the two sides: join-%s.""".formatted(
                operator, before, after, grace, how == How.INNER ? "this-join-store and join-other-join-store"
                    : how == How.LEFT ? "this-join-store and join-outer-other-join-store"
                    : "outer-this-join-store and join-outer-other-join-store"),
            b -> joined(b, how, b.stream("left"), b.stream("right"), window(before, after, grace)));
    }

    private static KStream<String, String> rekeyed(Build b, String topic) {
        return b.stream(topic).selectKey((k, v) -> Text.letter(v));
    }

    private static JoinWindows window(long before, long after, long grace) {
        return JoinWindows.ofTimeDifferenceAndGrace(Duration.ofMillis(Math.max(before, 0)), Duration.ofMillis(grace))
            .after(Duration.ofMillis(after)).before(Duration.ofMillis(before));
    }

    private static void joined(Build b, How how, KStream<String, String> left, KStream<String, String> right,
            JoinWindows window) {
        StreamJoined<String, String, String> as =
            StreamJoined.<String, String, String>as("join").withStoreName("join");
        b.out("out", switch (how) {
            case INNER -> left.join(right, Text::pair, window, as);
            case LEFT -> left.leftJoin(right, Text::pair, window, as);
            case OUTER -> left.outerJoin(right, Text::pair, window, as);
        });
        b.stores.put(how == How.OUTER ? "join-outer-this-join-store" : "join-this-join-store", Build.Kind.JOIN_WINDOW);
        b.stores.put(how == How.INNER ? "join-other-join-store" : "join-outer-other-join-store", Build.Kind.JOIN_WINDOW);
    }
}
