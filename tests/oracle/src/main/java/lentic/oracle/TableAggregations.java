package lentic.oracle;

import java.time.Duration;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Aggregator;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KGroupedTable;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.state.Stores;

/** Aggregations of tables, with an adder and a subtractor. */
final class TableAggregations {
    static final Aggregator<String, String, String> PLUS = StreamAggregations.PLUS;
    static final Aggregator<String, String, String> MINUS = (k, v, agg) -> Text.join(agg, "-", v);

    private TableAggregations() {}

    static void register(Registry r) {
        RandomInput in = RandomInput.of("in");
        r.add("table-group-by-count", in, """
            `table(in, in-store).groupBy(mapper).count(counts)`, changes -> out. The mapper of this and the next: key
            letter(v), but null if starts(v, "f"); value v, but null if starts(v, "e"). Store: counts.""",
            b -> b.out("out", grouped(b.table("in")).count(Named.as("agg"), b.counted("counts"))));
        r.add("table-group-by-reduce", in, """
            `table(in, in-store).groupBy(mapper).reduce(adder join(a, "+", v), subtractor join(a, "-", v), reduced)`,
            changes -> out. Store: reduced.""",
            b -> b.out("out", grouped(b.table("in")).reduce((a, v) -> Text.join(a, "+", v),
                (a, v) -> Text.join(a, "-", v), Named.as("agg"), b.stored("reduced"))));
        r.add("table-group-by-aggregate", in, """
            `table(in, in-store).groupBy(mapper).aggregate("0", adder join(agg, "+", v), subtractor join(agg, "-", v),
            aggregated)`, changes -> out. Store: aggregated.""",
            b -> b.out("out", aggregated(b, grouped(b.table("in")))));
        r.add("table-group-by-aggregate-delete", in, """
            table-group-by-aggregate, but the adder returns null if starts(v, "d"), the subtractor if starts(v, "c").""",
            b -> b.out("out", grouped(b.table("in")).aggregate(() -> "0",
                (k, v, agg) -> Text.starts(v, "d") ? null : Text.join(agg, "+", v),
                (k, v, agg) -> Text.starts(v, "c") ? null : Text.join(agg, "-", v),
                Named.as("agg"), b.stored("aggregated"))));
        r.add("table-group-by-one", in, """
            table-group-by-aggregate with the mapper (k, v) -> ("all", v): every update stays in one group.""",
            b -> b.out("out", aggregated(b,
                b.table("in").groupBy((k, v) -> KeyValue.pair("all", v), Grouped.as("grouped")))));
        r.add("table-group-by-filtered", in, """
            `table(in, in-store).filter(low(v))` (not stored), then groupBy and aggregate as in
            table-group-by-aggregate.""",
            b -> b.out("out", aggregated(b, grouped(b.table("in").filter((k, v) -> Text.low(v))))));
        r.add("table-group-by-aggregated", in, """
            `stream(in).groupByKey().reduce((a, v) -> v, latest)`, then groupBy and aggregate as in
            table-group-by-aggregate. Store: latest.""",
            b -> b.out("out", aggregated(b, grouped(
                b.stream("in").groupByKey().reduce((a, v) -> v, b.stored("latest"))))));
        r.add("table-group-by-joined", RandomInput.of("in", "right"), """
            `table(in, in-store).leftJoin(table(right, right-store), pair)` (not stored), then groupBy and aggregate as
            in table-group-by-aggregate.""",
            b -> b.out("out", aggregated(b, grouped(
                b.table("in").leftJoin(b.table("right"), Text::pair, Named.as("join"))))));
        r.add("versioned-group-by-aggregate", in, """
            table-group-by-aggregate on a source versioned with history retention 60: updates out of order are not
            aggregated.""",
            b -> b.out("out", aggregated(b, grouped(b.streams.table("in",
                b.versioned(Stores.persistentVersionedKeyValueStore("in-store", Duration.ofMillis(60))))))));
    }

    private static KGroupedTable<String, String> grouped(KTable<String, String> table) {
        return table.groupBy((k, v) -> KeyValue.pair(
            Text.starts(v, "f") ? null : Text.letter(v), Text.starts(v, "e") ? null : v), Grouped.as("grouped"));
    }

    private static KTable<String, String> aggregated(Build b, KGroupedTable<String, String> grouped) {
        return grouped.aggregate(() -> "0", PLUS, MINUS, Named.as("agg"), b.stored("aggregated"));
    }
}
