package lentic.oracle;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.VersionedBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowStore;

/** What one topology is built with: the builder, its taps, and the stores to print at the end. */
final class Build {
    /** How a store is read when it is printed. */
    enum Kind { TABLE, KV, WINDOW, JOIN_WINDOW, SESSION, VERSIONED }

    final StreamsBuilder streams = new StreamsBuilder();
    final Properties config = new Properties();
    final Map<String, Kind> stores = new LinkedHashMap<>();
    /** Topics written by a real sink, read back after every step, in this order. */
    final List<String> sinks = new ArrayList<>();
    /** Output lines since the last step, in the order produced. */
    final List<String> log = new ArrayList<>();

    KStream<String, String> stream(String topic) {
        return streams.stream(topic);
    }

    /** A source table kept in the timestamped store `<topic>-store`, printed at the end. */
    KTable<String, String> table(String topic) {
        return streams.table(topic, stored(topic + "-store"));
    }

    /** A timestamped key-value store of strings, printed at the end. */
    Materialized<String, String, KeyValueStore<Bytes, byte[]>> stored(String name) {
        stores.put(name, Kind.TABLE);
        return Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as(name)
                .withKeySerde(Serdes.String()).withValueSerde(Serdes.String());
    }

    /** A versioned key-value store of strings, read as of several times at the end. */
    Materialized<String, String, KeyValueStore<Bytes, byte[]>> versioned(VersionedBytesStoreSupplier supplier) {
        stores.put(supplier.name(), Kind.VERSIONED);
        return Materialized.<String, String>as(supplier)
                .withKeySerde(Serdes.String()).withValueSerde(Serdes.String());
    }

    Materialized<String, Long, KeyValueStore<Bytes, byte[]>> counted(String name) {
        stores.put(name, Kind.TABLE);
        return Materialized.as(name);
    }

    Materialized<String, String, WindowStore<Bytes, byte[]>> windowed(String name) {
        stores.put(name, Kind.WINDOW);
        return Materialized.<String, String, WindowStore<Bytes, byte[]>>as(name)
                .withKeySerde(Serdes.String()).withValueSerde(Serdes.String());
    }

    Materialized<String, Long, WindowStore<Bytes, byte[]>> windowCounts(String name) {
        stores.put(name, Kind.WINDOW);
        return Materialized.<String, Long, WindowStore<Bytes, byte[]>>as(name)
                .withKeySerde(Serdes.String());
    }

    Materialized<String, String, SessionStore<Bytes, byte[]>> sessions(String name) {
        stores.put(name, Kind.SESSION);
        return Materialized.<String, String, SessionStore<Bytes, byte[]>>as(name)
                .withKeySerde(Serdes.String()).withValueSerde(Serdes.String());
    }

    Materialized<String, Long, SessionStore<Bytes, byte[]>> sessionCounts(String name) {
        stores.put(name, Kind.SESSION);
        return Materialized.<String, Long, SessionStore<Bytes, byte[]>>as(name)
                .withKeySerde(Serdes.String());
    }

    /** Records of a stream become output lines under this name. */
    <K, V> void out(String name, KStream<K, V> stream) {
        stream.process(() -> new Tap<K, V>(name));
    }

    /** New values of a table's changes become output lines under this name. */
    <K, V> void out(String name, KTable<K, V> table) {
        out(name, table.toStream());
    }

    void emit(String name, Object key, Object value, long timestamp) {
        log.add(String.join("\t", "<", name, Text.token(key), Text.token(value), "@" + timestamp));
    }

    void optimize() {
        config.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, StreamsConfig.OPTIMIZE);
    }

    private final class Tap<K, V> implements Processor<K, V, Void, Void> {
        private final String name;

        Tap(String name) {
            this.name = name;
        }

        @Override
        public void process(Record<K, V> record) {
            emit(name, record.key(), record.value(), record.timestamp());
        }
    }
}
