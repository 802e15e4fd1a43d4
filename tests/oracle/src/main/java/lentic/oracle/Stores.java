package lentic.oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;
import org.apache.kafka.streams.state.VersionedKeyValueStore;
import org.apache.kafka.streams.state.VersionedRecord;

/** Prints what the stores hold at the end of a case. */
final class Stores {
    private final TopologyTestDriver driver;
    private final Map<String, Build.Kind> stores;
    private final TreeSet<String> keys = new TreeSet<>();
    private long lastTimestamp;
    private final List<String> lines = new ArrayList<>();

    Stores(TopologyTestDriver driver, Map<String, Build.Kind> stores, List<String> input) {
        this.driver = driver;
        this.stores = stores;
        for (String line : input) {
            String[] tokens = line.split("\t", -1);
            if (tokens[0].equals(">")) {
                lastTimestamp = Math.max(lastTimestamp, Long.parseLong(tokens[4].substring(1)));
                if (!tokens[2].equals("~")) {
                    keys.add(Text.parse(tokens[2]));
                }
            }
        }
    }

    List<String> print() {
        stores.forEach((name, kind) -> {
            switch (kind) {
                case TABLE -> timestamped(name, driver.<Object, Object>getTimestampedKeyValueStore(name).all());
                case KV -> plain(name, driver.<Object, Object>getKeyValueStore(name).all());
                case WINDOW -> timestamped(name, driver.<Object, Object>getTimestampedWindowStore(name).all());
                case JOIN_WINDOW -> plain(name, driver.<Object, Object>getWindowStore(name).all());
                case SESSION -> sessions(name);
                case VERSIONED -> versions(name);
            }
        });
        return lines;
    }

    private <K> void timestamped(String name, KeyValueIterator<K, ValueAndTimestamp<Object>> all) {
        all(name, all, v -> v.value(), v -> String.valueOf(v.timestamp()));
    }

    private <K> void plain(String name, KeyValueIterator<K, Object> all) {
        all(name, all, v -> v, v -> "-");
    }

    /** A session store is read key by key. */
    private void sessions(String name) {
        SessionStore<String, Object> store = driver.getSessionStore(name);
        TreeSet<String> all = new TreeSet<>(keys);
        for (char c = 'a'; c <= 'f'; c++) {
            all.add(String.valueOf(c));
        }
        for (String key : all) {
            plain(name, store.fetch(key));
        }
    }

    /** Window rows are ordered by key, then start; rows of equal windows stay in the store's order. */
    private <K, V> void all(String name, KeyValueIterator<K, V> all,
            java.util.function.Function<V, Object> value, java.util.function.Function<V, String> timestamp) {
        List<KeyValue<K, V>> rows = new ArrayList<>();
        try (all) {
            all.forEachRemaining(rows::add);
        }
        rows.sort((a, b) -> {
            if (a.key instanceof Windowed<?> x && b.key instanceof Windowed<?> y) {
                int byKey = x.key().toString().compareTo(y.key().toString());
                if (byKey != 0) {
                    return byKey;
                }
                int byStart = Long.compare(x.window().start(), y.window().start());
                return byStart != 0 ? byStart : Long.compare(x.window().end(), y.window().end());
            }
            return a.key.toString().compareTo(b.key.toString());
        });
        for (KeyValue<K, V> row : rows) {
            line(name, Text.token(row.key), Text.token(value.apply(row.value)), timestamp.apply(row.value));
        }
    }

    /** The latest version, then the versions as of 0, 1/4, 1/2, 3/4 and all of the input's largest timestamp. */
    private void versions(String name) {
        VersionedKeyValueStore<String, Object> store = driver.getVersionedKeyValueStore(name);
        for (String key : keys) {
            version(name, Text.token(key), store.get(key));
            for (long quarter = 0; quarter <= 4; quarter++) {
                long asOf = lastTimestamp * quarter / 4;
                version(name, Text.token(key) + "@" + asOf, store.get(key, asOf));
            }
        }
    }

    private void version(String name, String key, VersionedRecord<Object> record) {
        if (record == null) {
            line(name, key, "~", "-");
        } else {
            line(name, key, Text.token(record.value()), String.valueOf(record.timestamp()));
        }
    }

    private void line(String name, String key, String value, String timestamp) {
        lines.add(String.join("\t", "=", name, key, value, "@" + timestamp));
    }
}
