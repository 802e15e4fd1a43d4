package lentic.oracle;

import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Named;

/** Joins of tables on their primary keys. */
final class TableJoins {
    private static final RandomInput TWO = RandomInput.of("left", "right");
    private static final RandomInput THREE = RandomInput.of("a", "b", "c");

    private TableJoins() {}

    static void register(Registry r) {
        two(r);
        chains(r);
        between(r);
    }

    private static void two(Registry r) {
        r.add("tt-inner", TWO, "`table(left, left-store).join(table(right, right-store), pair)`, changes -> out.",
            b -> b.out("out", b.table("left").join(b.table("right"), Text::pair, Named.as("join"))));
        r.add("tt-left", TWO, "`table(left, left-store).leftJoin(table(right, right-store), pair)`, changes -> out.",
            b -> b.out("out", b.table("left").leftJoin(b.table("right"), Text::pair, Named.as("join"))));
        r.add("tt-outer", TWO, "`table(left, left-store).outerJoin(table(right, right-store), pair)`, changes -> out.",
            b -> b.out("out", b.table("left").outerJoin(b.table("right"), Text::pair, Named.as("join"))));
        r.add("tt-inner-stored", TWO, "tt-inner with its result stored in joined.",
            b -> b.out("out", b.table("left").join(b.table("right"), Text::pair, Named.as("join"), b.stored("joined"))));
        r.add("tt-left-stored", TWO, "tt-left with its result stored in joined.",
            b -> b.out("out",
                b.table("left").leftJoin(b.table("right"), Text::pair, Named.as("join"), b.stored("joined"))));
        r.add("tt-outer-stored", TWO, "tt-outer with its result stored in joined.",
            b -> b.out("out",
                b.table("left").outerJoin(b.table("right"), Text::pair, Named.as("join"), b.stored("joined"))));
        r.add("tt-null-result", TWO, """
            `table(left, left-store).outerJoin(table(right, right-store), (l, r) -> null if starts(l, "f") else pair(l, r),
            joined)`, changes -> out.""",
            b -> b.out("out", b.table("left").outerJoin(b.table("right"),
                (l, x) -> Text.starts(l, "f") ? null : Text.pair(l, x), Named.as("join"), b.stored("joined"))));
        r.add("tt-self", RandomInput.of("in"), """
            `t = table(in, in-store)`; `t.outerJoin(t.filter(low(v)), pair)`, changes -> out: one change reaches the join
            twice.""",
            b -> {
                KTable<String, String> t = b.table("in");
                b.out("out", t.outerJoin(t.filter((k, v) -> Text.low(v)), Text::pair, Named.as("join")));
            });
    }

    private static void chains(Registry r) {
        r.add("tt-chain", THREE, """
            `table(a, a-store).join(table(b, b-store), pair).leftJoin(table(c, c-store), pair)`, changes -> out; the
            first join is not stored.""",
            b -> b.out("out", b.table("a").join(b.table("b"), Text::pair, Named.as("first"))
                .leftJoin(b.table("c"), Text::pair, Named.as("second"))));
        r.add("tt-chain-stored", THREE, "tt-chain with the joins stored in first-store and second-store.",
            b -> b.out("out", b.table("a").join(b.table("b"), Text::pair, Named.as("first"), b.stored("first-store"))
                .leftJoin(b.table("c"), Text::pair, Named.as("second"), b.stored("second-store"))));
        r.add("tt-chain-outer", THREE, """
            `table(a, a-store).outerJoin(table(b, b-store), pair).outerJoin(table(c, c-store), pair)`, changes -> out;
            nothing but the sources is stored.""",
            b -> b.out("out", b.table("a").outerJoin(b.table("b"), Text::pair, Named.as("first"))
                .outerJoin(b.table("c"), Text::pair, Named.as("second"))));
        r.add("tt-chain-right-nested", THREE, """
            `table(a, a-store).leftJoin(table(b, b-store).join(table(c, c-store), pair), pair)`, changes -> out; the inner
            one is not stored.""",
            b -> b.out("out", b.table("a").leftJoin(
                b.table("b").join(b.table("c"), Text::pair, Named.as("first")), Text::pair, Named.as("second"))));
    }

    private static void between(Registry r) {
        r.add("tt-filter-map", TWO, """
            `table(left, left-store).filter(low(v)).mapValues(v -> shown(v) + "!")
            .leftJoin(table(right, right-store).filter(low(v)), pair)`, changes -> out; only the sources are stored.""",
            b -> b.out("out", b.table("left").filter((k, v) -> Text.low(v), Named.as("lf"))
                .mapValues(v -> Text.shown(v) + "!", Named.as("lm"))
                .leftJoin(b.table("right").filter((k, v) -> Text.low(v), Named.as("rf")), Text::pair, Named.as("join"))));
        r.add("tt-filter-map-stored", TWO, """
            tt-filter-map with the left filter stored in left-filtered, the mapping in left-mapped, the right filter in
            right-filtered.""",
            b -> b.out("out", b.table("left").filter((k, v) -> Text.low(v), Named.as("lf"), b.stored("left-filtered"))
                .mapValues(v -> Text.shown(v) + "!", Named.as("lm"), b.stored("left-mapped"))
                .leftJoin(b.table("right").filter((k, v) -> Text.low(v), Named.as("rf"), b.stored("right-filtered")),
                    Text::pair, Named.as("join"))));
        for (String variant : new String[] {"", "-filter-stored", "-map-stored", "-all-stored"}) {
            boolean filter = variant.equals("-filter-stored") || variant.equals("-all-stored");
            boolean map = variant.equals("-map-stored") || variant.equals("-all-stored");
            boolean all = variant.equals("-all-stored");
            r.add("tt-between" + variant, THREE, """
                `table(a, a-store).outerJoin(table(b, b-store), pair).filter(v does not start with "b")
                .mapValues(v -> shown(v) + "!").leftJoin(table(c, c-store), pair)`, changes -> out. Stored besides the
                sources: %s.""".formatted(all ? "the first join in first-store, the filter in filtered, the mapping in "
                    + "mapped, the second join in second-store" : filter ? "the filter in filtered"
                    : map ? "the mapping in mapped" : "nothing"),
                b -> between(b, filter, map, all));
        }
    }

    private static void between(Build b, boolean filter, boolean map, boolean all) {
        KTable<String, String> a = b.table("a");
        KTable<String, String> other = b.table("b");
        KTable<String, String> first = all
            ? a.outerJoin(other, Text::pair, Named.as("first"), b.stored("first-store"))
            : a.outerJoin(other, Text::pair, Named.as("first"));
        KTable<String, String> filtered = filter
            ? first.filter((k, v) -> !Text.starts(v, "b"), Named.as("f"), b.stored("filtered"))
            : first.filter((k, v) -> !Text.starts(v, "b"), Named.as("f"));
        KTable<String, String> mapped = map
            ? filtered.mapValues(v -> Text.shown(v) + "!", Named.as("m"), b.stored("mapped"))
            : filtered.mapValues(v -> Text.shown(v) + "!", Named.as("m"));
        KTable<String, String> c = b.table("c");
        b.out("out", all ? mapped.leftJoin(c, Text::pair, Named.as("second"), b.stored("second-store"))
            : mapped.leftJoin(c, Text::pair, Named.as("second")));
    }
}
