package lentic.streams;

import java.io.PrintStream;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlySessionStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;

/** All rows of all stores: the store, the key in hexadecimal digits, start and end, the value, its timestamp. */
final class Query {
  static void print(KafkaStreams streams, PrintStream out) {
    for (String store : new String[] {"latest", "counts", "lengths"}) {
      var rows =
          streams.store(
              StoreQueryParameters.fromNameAndType(
                  store, QueryableStoreTypes.<String, Object>timestampedKeyValueStore()));
      try (KeyValueIterator<String, ValueAndTimestamp<Object>> all = rows.all()) {
        while (all.hasNext()) {
          KeyValue<String, ValueAndTimestamp<Object>> row = all.next();
          line(out, store, row.key, "-", "-", row.value.value(), Long.toString(row.value.timestamp()));
        }
      }
    }
    var windows =
        streams.store(
            StoreQueryParameters.fromNameAndType(
                "per-minute", QueryableStoreTypes.<String, Long>timestampedWindowStore()));
    try (KeyValueIterator<Windowed<String>, ValueAndTimestamp<Long>> all = windows.all()) {
      while (all.hasNext()) {
        KeyValue<Windowed<String>, ValueAndTimestamp<Long>> row = all.next();
        windowed(out, "per-minute", row.key, row.value.value(), Long.toString(row.value.timestamp()));
      }
    }
    ReadOnlySessionStore<String, Long> sessions =
        streams.store(
            StoreQueryParameters.fromNameAndType("sessions", QueryableStoreTypes.<String, Long>sessionStore()));
    try (KeyValueIterator<Windowed<String>, Long> all = sessions.fetch(null, null)) {
      while (all.hasNext()) {
        KeyValue<Windowed<String>, Long> row = all.next();
        // A session store keeps no timestamps.
        windowed(out, "sessions", row.key, row.value, "-");
      }
    }
  }

  private static void windowed(PrintStream out, String store, Windowed<String> key, Object value, String time) {
    String start = Long.toString(key.window().start());
    line(out, store, key.key(), start, Long.toString(key.window().end()), value, time);
  }


  private static void line(
      PrintStream out, String store, String key, String start, String end, Object value, String time) {
    StringBuilder digits = new StringBuilder("x");
    for (byte b : key.getBytes(java.nio.charset.StandardCharsets.UTF_8)) digits.append(String.format("%02x", b));
    out.println(String.join("\t", store, digits, start, end, value.toString(), time));
  }

  private Query() {}
}
