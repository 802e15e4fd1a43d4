package bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.KeyValueStore;

/** Kafka Streams joins a stream with a table by key: 8 bytes of both values go to {@code --output}. */
public final class StreamsJoin {
    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        String input = options.get("input");
        String output = options.get("output");
        StreamsTrial streams = new StreamsTrial(options);
        StreamsBuilder builder = new StreamsBuilder();
        KTable<String, byte[]> table = builder.table(
                options.get("table"),
                Consumed.with(Serdes.String(), Serdes.ByteArray()),
                Materialized.<String, byte[], KeyValueStore<Bytes, byte[]>>as("rows"));
        builder.stream(input, Consumed.with(Serdes.String(), StreamsTrial.counting(Progress::taken)))
                .join(table, StreamsJoin::join, Joined.with(Serdes.String(), Serdes.ByteArray(), Serdes.ByteArray()))
                .to(output, Produced.with(Serdes.String(), Serdes.ByteArray()));
        boolean right;
        try (Trial trial = new Trial("kafka-streams", Trial.Topology.JOIN, options)) {
            trial.createTopic(output, trial.partitions(input));
            right = streams.run(trial, builder, List.of(input), output, () -> trial.checkJoined(output));
            List<String> made = new ArrayList<>(streams.topics("rows-changelog"));
            made.add(output);
            trial.delete(made);
        }
        System.exit(right ? 0 : 1);
    }

    private static byte[] join(byte[] left, byte[] right) {
        Progress.done();
        byte[] joined = Arrays.copyOf(left, 16);
        System.arraycopy(right, 0, joined, 8, 8);
        return joined;
    }
}
