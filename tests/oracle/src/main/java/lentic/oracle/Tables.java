package lentic.oracle;

import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.ValueTransformerWithKey;
import org.apache.kafka.streams.processor.ProcessorContext;

/** Table sources, filters and mappings, stored and not. */
final class Tables {
    private static final RandomInput IN = RandomInput.of("in");

    private Tables() {}

    static void register(Registry r) {
        r.add("table-source", IN, "`table(in, in-store)`, changes -> out.",
            b -> b.out("out", b.table("in")));
        r.add("table-source-unstored", IN, "`builder.table(in)` with no store, changes -> out.",
            b -> b.out("out", unstored(b)));
        r.add("table-filter", IN, """
            `table(in, in-store).filter(low(v))`, changes -> out. The filter is not stored and nobody asks for old
            values, so it knows none.""",
            b -> b.out("out", b.table("in").filter((k, v) -> Text.low(v), Named.as("filter"))));
        r.add("table-filter-unstored", IN, "`builder.table(in).filter(low(v))`, nothing stored, changes -> out.",
            b -> b.out("out", unstored(b).filter((k, v) -> Text.low(v), Named.as("filter"))));
        r.add("table-filter-stored", IN, "`table(in, in-store).filter(low(v), filtered)`, changes -> out.",
            b -> b.out("out", b.table("in").filter((k, v) -> Text.low(v), Named.as("filter"), b.stored("filtered"))));
        r.add("table-filter-stored-only", IN, "`builder.table(in).filter(low(v), filtered)`, changes -> out.",
            b -> b.out("out", unstored(b).filter((k, v) -> Text.low(v), Named.as("filter"), b.stored("filtered"))));
        r.add("table-filter-not", IN, "`table(in, in-store).filterNot(low(v))`, changes -> out.",
            b -> b.out("out", b.table("in").filterNot((k, v) -> Text.low(v), Named.as("filter"))));
        r.add("table-filter-not-stored", IN, "`table(in, in-store).filterNot(low(v), filtered)`, changes -> out.",
            b -> b.out("out",
                b.table("in").filterNot((k, v) -> Text.low(v), Named.as("filter"), b.stored("filtered"))));
        r.add("table-filter-grouped", IN, """
            `f = table(in, in-store).filter(low(v))` (not stored); f's changes -> out; and f grouped by letter(v) and
            counted in counts, changes -> counted: the second makes the filter know old values.""",
            Tables::filterGrouped);
        r.add("table-map-values", IN, """
            `table(in, in-store).mapValues((k, v) -> pair(k, v))`, changes -> out. A tombstone is not mapped.""",
            b -> b.out("out", b.table("in").mapValues((k, v) -> Text.pair(k, v), Named.as("map"))));
        r.add("table-map-values-stored", IN, """
            `table(in, in-store).mapValues((k, v) -> pair(k, v), mapped)`, changes -> out.""",
            b -> b.out("out", b.table("in").mapValues((k, v) -> Text.pair(k, v), Named.as("map"), b.stored("mapped"))));
        r.add("table-map-values-null", IN, """
            `table(in, in-store).mapValues(v -> null if starts(v, "f") else v + "!", mapped)`, changes -> out.""",
            b -> b.out("out", b.table("in").mapValues(
                v -> Text.starts(v, "f") ? null : v + "!", Named.as("map"), b.stored("mapped"))));
        r.add("table-transform-values", IN, """
            `table(in, in-store).transformValues(t)`, changes -> out; t gives `pair(k, v) + "#" + n` with n the number of
            its calls so far, tombstones included (it is called for them, with a null value).""",
            b -> b.out("out", b.table("in").transformValues(Numbered::new, Named.as("transform"))));
        r.add("table-transform-values-stored", IN, "table-transform-values with its result stored in transformed.",
            b -> b.out("out", b.table("in").transformValues(Numbered::new, b.stored("transformed"),
                Named.as("transform"))));
        r.add("table-chain", IN, """
            `table(in, in-store).mapValues(v -> v + "!").filter(low(v)).mapValues(v -> v + "?", last)`, changes -> out;
            only the last is stored.""",
            b -> b.out("out", b.table("in").mapValues(v -> v + "!", Named.as("m1"))
                .filter((k, v) -> Text.low(v), Named.as("f"))
                .mapValues(v -> v + "?", Named.as("m2"), b.stored("last"))));
    }

    private static KTable<String, String> unstored(Build b) {
        return b.streams.table("in");
    }

    private static void filterGrouped(Build b) {
        KTable<String, String> f = b.table("in").filter((k, v) -> Text.low(v), Named.as("filter"));
        b.out("out", f);
        b.out("counted", f.groupBy((k, v) -> org.apache.kafka.streams.KeyValue.pair(Text.letter(v), v),
            org.apache.kafka.streams.kstream.Grouped.as("grouped")).count(Named.as("agg"), b.counted("counts")));
    }

    private static final class Numbered implements ValueTransformerWithKey<String, String, String> {
        private int calls;

        @Override
        public void init(ProcessorContext context) {}

        @Override
        public String transform(String key, String value) {
            calls++;
            return Text.pair(key, value) + "#" + calls;
        }

        @Override
        public void close() {}
    }
}
