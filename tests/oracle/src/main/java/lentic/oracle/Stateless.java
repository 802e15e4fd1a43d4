package lentic.oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Branched;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Repartitioned;

/** Operators without state, and the ways between streams and tables. */
final class Stateless {
    private Stateless() {}

    static void register(Registry r) {
        RandomInput in = RandomInput.of("in");
        r.add("filter", in, "`stream(in).filter((k, v) -> low(v))` -> out.",
            b -> b.out("out", b.stream("in").filter((k, v) -> Text.low(v))));
        r.add("filter-not", in, "`stream(in).filterNot((k, v) -> low(v))` -> out.",
            b -> b.out("out", b.stream("in").filterNot((k, v) -> Text.low(v))));
        r.add("map", in, "`stream(in).map((k, v) -> (letter(v), pair(k, v)))` -> out.",
            b -> b.out("out", b.stream("in").map((k, v) -> KeyValue.pair(Text.letter(v), Text.pair(k, v)))));
        r.add("map-values", in, "`stream(in).mapValues(v -> shown(v) + \"!\")` -> out.",
            b -> b.out("out", b.stream("in").mapValues(v -> Text.shown(v) + "!")));
        r.add("flat-map", in, """
            `stream(in).flatMap` -> out. Null value: no records. Else for each character c of v at index i,
            in order: key `shown(k) + c`, value `i` in decimal.""",
            b -> b.out("out", b.stream("in").flatMap((k, v) -> {
                List<KeyValue<String, String>> all = new ArrayList<>();
                for (int i = 0; v != null && i < v.length(); i++) {
                    all.add(KeyValue.pair(Text.shown(k) + v.charAt(i), String.valueOf(i)));
                }
                return all;
            })));
        r.add("flat-map-values", in, """
            `stream(in).flatMapValues` -> out. Null value: no records. Else one record for each character of v,
            in order, the character as value.""",
            b -> b.out("out", b.stream("in").flatMapValues(
                v -> v == null ? List.<String>of() : v.chars().mapToObj(Character::toString).toList())));
        r.add("select-key", in, "`stream(in).selectKey((k, v) -> letter(v))` -> out.",
            b -> b.out("out", b.stream("in").selectKey((k, v) -> Text.letter(v))));
        r.add("peek", in, """
            `stream(in).peek` -> out. The peek itself emits a line `peeked` with timestamp -1, before the record
            goes on.""",
            b -> b.out("out", b.stream("in").peek((k, v) -> b.emit("peeked", k, v, -1))));
        r.add("split-branch", in, """
            `stream(in).split()` with `branch(low(v))` -> out-low, `branch(starts(v, "d"))` -> out-d,
            `defaultBranch()` -> out-rest.""",
            Stateless::branches);
        r.add("split-no-default", in, """
            `stream(in).split()` with `branch(low(v))` -> out-low, then `branch(starts(v, "a"))` -> out-a (which
            never gets a record), and `noDefaultBranch()`: other records go nowhere.""",
            Stateless::noDefault);
        r.add("merge", RandomInput.of("in-a", "in-b"), "`stream(in-a).merge(stream(in-b))` -> out.",
            b -> b.out("out", b.stream("in-a").merge(b.stream("in-b"))));
        r.add("diamond", in, """
            `s = stream(in)`; `s.filter(low(v)).merge(s.mapValues(v -> shown(v) + "!"))` -> out; a tap of s itself ->
            raw, attached after the other two children: children are served depth first in the order of attachment.""",
            Stateless::diamond);
        r.add("to-dynamic", in, """
            `stream(in).to(extractor)`: topic `out-a` if v starts with a, `out-b` if v starts with b, else `out-rest`.
            The lines are what the sink topics hold.""",
            Stateless::dynamic);
        r.add("to-table", in, "`stream(in).toTable(table-store)`, its changes -> out. Store: table-store.",
            b -> b.out("out", b.stream("in").toTable(Named.as("to-table"), b.stored("table-store"))));
        r.add("select-key-to-table", in, """
            `stream(in).selectKey((k, v) -> letter(v)).toTable(table-store)` (through a repartition topic), its
            changes -> out. Store: table-store.""",
            b -> b.out("out", b.stream("in").selectKey((k, v) -> Text.letter(v))
                .toTable(Named.as("to-table"), b.stored("table-store"))));
        r.add("table-to-stream", in, """
            `table(in, in-store).toStream()` -> out, and `toStream((k, v) -> pair(k, v))` (a new key) -> keyed, in
            this order. Store: in-store.""",
            Stateless::tableToStream);
        r.add("repartition", in, """
            `stream(in).selectKey((k, v) -> letter(v)).repartition(again)` -> out. Null keys go through.""",
            b -> b.out("out", b.stream("in").selectKey((k, v) -> Text.letter(v)).repartition(Repartitioned.as("again"))));
    }

    private static void branches(Build b) {
        Map<String, KStream<String, String>> branches = b.stream("in").split(Named.as("s-"))
            .branch((k, v) -> Text.low(v), Branched.as("low"))
            .branch((k, v) -> Text.starts(v, "d"), Branched.as("d"))
            .defaultBranch(Branched.as("rest"));
        b.out("out-low", branches.get("s-low"));
        b.out("out-d", branches.get("s-d"));
        b.out("out-rest", branches.get("s-rest"));
    }

    private static void noDefault(Build b) {
        Map<String, KStream<String, String>> branches = b.stream("in").split(Named.as("s-"))
            .branch((k, v) -> Text.low(v), Branched.as("low"))
            .branch((k, v) -> Text.starts(v, "a"), Branched.as("a"))
            .noDefaultBranch();
        b.out("out-low", branches.get("s-low"));
        b.out("out-a", branches.get("s-a"));
    }

    private static void diamond(Build b) {
        KStream<String, String> s = b.stream("in");
        b.out("out", s.filter((k, v) -> Text.low(v)).merge(s.mapValues(v -> Text.shown(v) + "!")));
        b.out("raw", s);
    }

    private static void dynamic(Build b) {
        b.stream("in").to((k, v, context) ->
            Text.starts(v, "a") ? "out-a" : Text.starts(v, "b") ? "out-b" : "out-rest");
        b.sinks.addAll(List.of("out-a", "out-b", "out-rest"));
    }

    private static void tableToStream(Build b) {
        var table = b.table("in");
        b.out("out", table);
        b.out("keyed", table.toStream((k, v) -> Text.pair(k, v)));
    }
}
