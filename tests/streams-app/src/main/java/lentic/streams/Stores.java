package lentic.streams;

import java.time.Duration;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;

/** The topology: a store of each kind over one input. */
final class Stores {
  static final Duration MINUTE = Duration.ofMinutes(1);
  static final Duration GAP = Duration.ofSeconds(30);
  private static final Duration GRACE = Duration.ofDays(1);

  static Topology topology(String input) {
    StreamsBuilder builder = new StreamsBuilder();
    KStream<String, String> stream = builder.stream(input);
    // An empty text deletes the row.
    stream
        .mapValues(text -> text.isEmpty() ? null : text)
        .toTable(Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as("latest"));
    KGroupedStream<String, String> grouped = stream.groupByKey();
    grouped.count(Materialized.as("counts"));
    grouped.aggregate(
        () -> 0.0,
        (key, text, sum) -> sum + text.length() / 4.0,
        Materialized.<String, Double, KeyValueStore<Bytes, byte[]>>as("lengths").withValueSerde(Serdes.Double()));
    grouped
        .windowedBy(TimeWindows.ofSizeAndGrace(MINUTE, GRACE))
        .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("per-minute"));
    grouped
        .windowedBy(SessionWindows.ofInactivityGapAndGrace(GAP, GRACE))
        .count(Materialized.<String, Long, SessionStore<Bytes, byte[]>>as("sessions"));
    stream.join(
        stream.filter((key, text) -> text.length() > 5),
        (left, right) -> left + right,
        JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(1), GRACE),
        StreamJoined.with(Serdes.String(), Serdes.String(), Serdes.String()).withStoreName("meetings"));
    return builder.build();
  }

  private Stores() {}
}
