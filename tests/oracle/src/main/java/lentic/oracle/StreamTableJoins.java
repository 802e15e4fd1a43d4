package lentic.oracle;

import java.time.Duration;
import org.apache.kafka.streams.kstream.GlobalKTable;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.state.Stores;

/** Joins of a stream with a table or a global table. */
final class StreamTableJoins {
    private static final RandomInput IN = RandomInput.of("in", "table");
    private static final RandomInput GLOBAL = RandomInput.of("in", "in").byLetter("global");

    private StreamTableJoins() {}

    static void register(Registry r) {
        r.add("st-inner", IN, """
            `stream(in).join(table(table, table-store), pair)` -> out. Store: table-store.""",
            b -> b.out("out", b.stream("in").join(b.table("table"), Text::pair, joined())));
        r.add("st-left", IN, """
            `stream(in).leftJoin(table(table, table-store), pair)` -> out. Store: table-store.""",
            b -> b.out("out", b.stream("in").leftJoin(b.table("table"), Text::pair, joined())));
        r.add("st-rekeyed", RandomInput.of("in").byLetter("table"), """
            `stream(in).selectKey((k, v) -> letter(v)).leftJoin(table(table, table-store), pair)` -> out, through a
            repartition topic: null keys do not reach the join. Store: table-store.""",
            b -> b.out("out", b.stream("in").selectKey((k, v) -> Text.letter(v))
                .leftJoin(b.table("table"), Text::pair, joined())));
        r.add("st-filtered", IN, """
            `stream(in).leftJoin(table(table, table-store).filter(low(v)).mapValues(v -> v + "!"), pair)` -> out, the
            filter and the mapping not stored. Store: table-store.""",
            b -> b.out("out", b.stream("in").leftJoin(
                b.table("table").filter((k, v) -> Text.low(v)).mapValues(v -> v + "!"), Text::pair, joined())));
        r.add("st-inner-versioned", IN, """
            As st-inner, the table versioned with history retention 60. Store: table-store.""",
            b -> b.out("out", b.stream("in").join(versioned(b), Text::pair, joined())));
        r.add("st-left-versioned", IN, """
            As st-left, the table versioned with history retention 60. Store: table-store.""",
            b -> b.out("out", b.stream("in").leftJoin(versioned(b), Text::pair, joined())));
        r.add("st-inner-grace", IN, """
            As st-inner-versioned, joined with grace period 10. Store: table-store.""",
            b -> b.out("out", b.stream("in").join(versioned(b), Text::pair,
                joined().withGracePeriod(Duration.ofMillis(10)))));
        r.add("st-left-grace", IN, """
            As st-left-versioned, joined with grace period 10. Store: table-store.""",
            b -> b.out("out", b.stream("in").leftJoin(versioned(b), Text::pair,
                joined().withGracePeriod(Duration.ofMillis(10)))));
        r.add("sg-inner", GLOBAL, """
            `stream(in).join(globalTable(global, global-store), (k, v) -> letter(v), pair)` -> out. Store: global-store.""",
            b -> b.out("out", b.stream("in").join(global(b), (k, v) -> Text.letter(v), Text::pair, Named.as("join"))));
        r.add("sg-left", GLOBAL, """
            `stream(in).leftJoin(globalTable(global, global-store), (k, v) -> letter(v), pair)` -> out. Store:
            global-store.""",
            b -> b.out("out", b.stream("in")
                .leftJoin(global(b), (k, v) -> Text.letter(v), Text::pair, Named.as("join"))));
    }

    private static Joined<String, String, String> joined() {
        return Joined.as("join");
    }

    private static KTable<String, String> versioned(Build b) {
        return b.streams.table("table",
            b.versioned(Stores.persistentVersionedKeyValueStore("table-store", Duration.ofMillis(60))));
    }

    private static GlobalKTable<String, String> global(Build b) {
        return b.streams.globalTable("global", b.stored("global-store"));
    }
}
