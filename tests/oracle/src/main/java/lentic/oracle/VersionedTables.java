package lentic.oracle;

import java.time.Duration;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** Tables whose store keeps the history of each key. */
final class VersionedTables {
    private static final RandomInput IN = RandomInput.of("in");
    private static final RandomInput TWO = RandomInput.of("left", "right");

    private VersionedTables() {}

    static void register(Registry r) {
        r.add("versioned-source", IN, """
            `v = versioned(in, in-store)`, changes -> out. Here and below `versioned(topic, store)` is a source table in
            a persistent versioned store with history retention 60.""",
            b -> b.out("out", source(b, "in")));
        r.add("versioned-source-long", IN, """
            versioned-source with history retention 10000 and segment interval 2000 (so that a case can have
            several segments).""",
            b -> b.out("out", b.streams.table("in", b.versioned(Stores.persistentVersionedKeyValueStore(
                "in-store", Duration.ofMillis(10_000), Duration.ofMillis(2_000))))));
        r.add("versioned-filter", IN, "`versioned(in, in-store).filter(low(v))`, not stored, changes -> out.",
            b -> b.out("out", source(b, "in").filter((k, v) -> Text.low(v), Named.as("filter"))));
        r.add("versioned-filter-stored", IN, """
            `versioned(in, in-store).filter(low(v), filtered)` with filtered an ordinary store, changes -> out.""",
            b -> b.out("out",
                source(b, "in").filter((k, v) -> Text.low(v), Named.as("filter"), b.stored("filtered"))));
        r.add("versioned-filter-versioned", IN, """
            `versioned(in, in-store).filter(low(v), filtered)` with filtered a versioned store, changes -> out.""",
            b -> b.out("out",
                source(b, "in").filter((k, v) -> Text.low(v), Named.as("filter"), store(b, "filtered"))));
        r.add("versioned-map-values", IN, """
            `versioned(in, in-store).mapValues(v -> v + "!")`, not stored, changes -> out.""",
            b -> b.out("out", source(b, "in").mapValues(v -> v + "!", Named.as("map"))));
        r.add("versioned-aggregate", IN, """
            `stream(in).groupByKey().aggregate("0", join(agg, "+", v), aggregated)` with aggregated a versioned store,
            changes -> out.""",
            b -> b.out("out", b.stream("in").groupByKey().aggregate(() -> "0", StreamAggregations.PLUS,
                store(b, "aggregated"))));
        r.add("versioned-join", TWO, """
            `versioned(left, left-store).join(versioned(right, right-store), pair)`, changes -> out.""",
            b -> b.out("out", source(b, "left").join(source(b, "right"), Text::pair, Named.as("join"))));
        r.add("versioned-left-join", TWO, """
            `versioned(left, left-store).leftJoin(versioned(right, right-store), pair)`, changes -> out.""",
            b -> b.out("out", source(b, "left").leftJoin(source(b, "right"), Text::pair, Named.as("join"))));
        r.add("versioned-outer-join", TWO, """
            `versioned(left, left-store).outerJoin(versioned(right, right-store), pair)`, changes -> out.""",
            b -> b.out("out", source(b, "left").outerJoin(source(b, "right"), Text::pair, Named.as("join"))));
        r.add("versioned-join-plain", TWO, """
            `versioned(left, left-store).outerJoin(table(right, right-store), pair)`: only the left is versioned,
            changes -> out.""",
            b -> b.out("out", source(b, "left").outerJoin(b.table("right"), Text::pair, Named.as("join"))));
        r.add("versioned-join-stored", TWO, """
            `versioned(left, left-store).join(versioned(right, right-store), pair, joined)` with joined an ordinary
            store, changes -> out.""",
            b -> b.out("out",
                source(b, "left").join(source(b, "right"), Text::pair, Named.as("join"), b.stored("joined"))));
    }

    private static Materialized<String, String, KeyValueStore<Bytes, byte[]>> store(Build b, String name) {
        return b.versioned(Stores.persistentVersionedKeyValueStore(name, Duration.ofMillis(60)));
    }

    private static KTable<String, String> source(Build b, String topic) {
        return b.streams.table(topic, store(b, topic + "-store"));
    }
}
