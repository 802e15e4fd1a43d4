package bench;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Kafka Streams counts by a field of the value: the key becomes the value's bytes before ";", a repartition topic
 * brings equal keys together, the counts are in RocksDB and in a changelog topic, and in {@code --output} if that is given.
 */
public final class StreamsCount {
    private static final byte[] EMPTY = {};

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        String input = options.get("input");
        String output = options.get("output", "");
        // With "empty" only the key goes through the repartition topic.
        boolean full = options.get("payload", "full").equals("full");
        StreamsTrial streams = new StreamsTrial(options);
        StreamsBuilder builder = new StreamsBuilder();
        KTable<String, Long> counts = builder.stream(
                        input, Consumed.with(Serdes.ByteArray(), StreamsTrial.counting(Progress::taken)))
                .map((key, value) -> KeyValue.pair(field(value), full ? value : EMPTY))
                .groupByKey(Grouped.with("keyed", Serdes.String(), StreamsTrial.counting(Progress::done)))
                .count(Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as("counts")
                        .withKeySerde(Serdes.String())
                        .withValueSerde(Serdes.Long()));
        boolean right;
        try (Trial trial = new Trial("kafka-streams", Trial.Topology.COUNT, options)) {
            List<String> made = streams.topics("keyed-repartition", "counts-changelog");
            if (!output.isEmpty()) {
                trial.createTopic(output, trial.partitions(input));
                counts.toStream().to(output, Produced.with(Serdes.String(), Serdes.Long()));
            }
            trial.put("payload", full ? "full" : "empty");
            trial.put("output", output.isEmpty() ? "changelog" : "changelog+topic");
            String seen = output.isEmpty() ? made.get(1) : output;
            right = streams.run(trial, builder, List.of(input, made.get(0)), seen, () -> trial.checkCounts(seen));
            List<String> rest = new ArrayList<>(made);
            if (!output.isEmpty()) {
                rest.add(output);
            }
            trial.delete(rest);
        }
        System.exit(right ? 0 : 1);
    }

    private static String field(byte[] value) {
        int end = 0;
        while (end < value.length && value[end] != ';') {
            end++;
        }
        return new String(value, 0, end, StandardCharsets.UTF_8);
    }
}
