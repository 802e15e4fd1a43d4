package lentic.oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** All topologies by name. */
final class Registry {
    /** One topology: its definition in words (an entry of `TOPOLOGIES.md`), its random input, its construction. */
    record Topology(String name, String family, String words, RandomInput random, Consumer<Build> build) {}

    private final Map<String, Topology> byName = new TreeMap<>();
    private final List<Topology> inOrder = new ArrayList<>();
    private String family = "";

    private Registry() {}

    static Registry all() {
        Registry r = new Registry();
        r.family("Stateless", Stateless::register);
        r.family("Stream aggregations", StreamAggregations::register);
        r.family("Table aggregations", TableAggregations::register);
        r.family("Windows", Windows::register);
        r.family("Windows with emit on close", EmitFinal::register);
        r.family("Suppression", Suppress::register);
        r.family("Stream-stream joins", StreamJoins::register);
        r.family("Stream-table joins", StreamTableJoins::register);
        r.family("Table-table joins", TableJoins::register);
        r.family("Foreign-key joins", ForeignKeyJoins::register);
        r.family("Tables", Tables::register);
        r.family("Versioned tables", VersionedTables::register);
        r.family("Processors", Processors::register);
        r.family("Timestamp extractors", Extractors::register);
        return r;
    }

    private void family(String name, Consumer<Registry> register) {
        family = name;
        register.accept(this);
    }

    void add(String name, RandomInput random, String words, Consumer<Build> build) {
        Topology t = new Topology(name, family, words.strip(), random, build);
        if (byName.put(name, t) != null) {
            throw new IllegalStateException("two topologies named " + name);
        }
        inOrder.add(t);
    }

    Topology get(String name) {
        Topology t = byName.get(name);
        if (t == null) {
            throw new IllegalArgumentException("no topology named " + name);
        }
        return t;
    }

    Iterable<Topology> inOrder() {
        return inOrder;
    }
}
