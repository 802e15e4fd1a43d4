package lentic.oracle;

import java.time.Duration;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.TableJoined;
import org.apache.kafka.streams.state.Stores;

/** Joins of tables on a foreign key taken from the left value. */
final class ForeignKeyJoins {
    private static final RandomInput IN = RandomInput.of("left").byLetter("right");

    private ForeignKeyJoins() {}

    static void register(Registry r) {
        r.add("fk-inner", IN, """
            `table(left, left-store).join(table(right, right-store), fk, pair)`, changes -> out. Here and below fk of a
            left value is letter(v), but null if starts(v, "f").""",
            b -> b.out("out", b.table("left").join(b.table("right"), ForeignKeyJoins::key, Text::pair, named())));
        r.add("fk-left", IN, """
            `table(left, left-store).leftJoin(table(right, right-store), fk, pair)`, changes -> out.""",
            b -> b.out("out", b.table("left").leftJoin(b.table("right"), ForeignKeyJoins::key, Text::pair, named())));
        r.add("fk-inner-stored", IN, "fk-inner with its result stored in joined.",
            b -> b.out("out", b.table("left").join(b.table("right"), ForeignKeyJoins::key, Text::pair, named(),
                b.stored("joined"))));
        r.add("fk-left-stored", IN, "fk-left with its result stored in joined.",
            b -> b.out("out", b.table("left").leftJoin(b.table("right"), ForeignKeyJoins::key, Text::pair, named(),
                b.stored("joined"))));
        r.add("fk-of-key", IN, """
            `table(left, left-store).leftJoin(table(right, right-store), (k, v) -> "a" if k is "k" else letter(v), pair)`,
            changes -> out: the foreign key of row k is always a.""",
            b -> b.out("out", b.table("left").leftJoin(b.table("right"),
                (k, v) -> k.equals("k") ? "a" : Text.letter(v), Text::pair, named())));
        r.add("fk-filtered", IN, """
            `table(left, left-store).filter(low(v)).leftJoin(table(right, right-store).mapValues(v -> v + "!"), fk, pair)`,
            changes -> out; the filter and the mapping not stored.""",
            b -> b.out("out", b.table("left").filter((k, v) -> Text.low(v)).leftJoin(
                b.table("right").mapValues(v -> v + "!"), ForeignKeyJoins::key, Text::pair, named())));
        r.add("fk-self", RandomInput.of("in").byLetter("in"), """
            `t = table(in, in-store)`; `t.leftJoin(t, fk, pair)`, changes -> out.""",
            b -> {
                KTable<String, String> t = b.table("in");
                b.out("out", t.leftJoin(t, ForeignKeyJoins::key, Text::pair, named()));
            });
        r.add("fk-inner-versioned", IN, "fk-inner, both tables versioned with history retention 60.",
            b -> b.out("out", versioned(b, "left")
                .join(versioned(b, "right"), ForeignKeyJoins::key, Text::pair, named())));
        r.add("fk-left-versioned", IN, "fk-left, both tables versioned with history retention 60.",
            b -> b.out("out", versioned(b, "left")
                .leftJoin(versioned(b, "right"), ForeignKeyJoins::key, Text::pair, named())));
    }

    private static String key(String v) {
        return Text.starts(v, "f") ? null : Text.letter(v);
    }

    private static TableJoined<String, String> named() {
        return TableJoined.as("fk");
    }

    private static KTable<String, String> versioned(Build b, String topic) {
        return b.streams.table(topic,
            b.versioned(Stores.persistentVersionedKeyValueStore(topic + "-store", Duration.ofMillis(60))));
    }
}
