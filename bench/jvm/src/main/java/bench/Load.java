package bench;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Fills topics with what the streaming contenders read, for trials without the Rust programs: {@code --topic} with
 * records whose value is "key;filler", keyed with {@code --keyed true}; {@code --table} with one row for each key.
 */
public final class Load {
    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        long records = Long.parseLong(options.get("records"));
        long keys = Long.parseLong(options.get("keys", "100000"));
        int bytes = Integer.parseInt(options.get("value-bytes", "100"));
        int partitions = Integer.parseInt(options.get("partitions", "4"));
        boolean keyed = options.get("keyed", "false").equals("true");
        String topic = options.get("topic");
        String table = options.get("table", "");
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", options.get("brokers"));
        config.put("batch.size", 131_072);
        try (Admin admin = Admin.create(config)) {
            for (String name : table.isEmpty() ? List.of(topic) : List.of(table, topic)) {
                admin.createTopics(List.of(new NewTopic(name, Optional.of(partitions), Optional.empty()))).all().get();
            }
        }
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            // The table first: its rows are older than the stream's records.
            for (long key = 0; key < keys && !table.isEmpty(); key++) {
                producer.send(new ProducerRecord<>(table, text(key), value(key, key, bytes)));
            }
            producer.flush();
            for (long n = 0; n < records; n++) {
                long key = Long.remainderUnsigned(scramble(n), keys);
                producer.send(new ProducerRecord<>(topic, keyed ? text(key) : null, value(key, n, bytes)));
            }
        }
        System.out.println("records=" + records);
    }

    private static byte[] text(long key) {
        return String.format("%06d", key).getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] value(long key, long n, int bytes) {
        byte[] value = new byte[bytes];
        for (int i = 5; i >= 0; i--) {
            value[i] = (byte) ('0' + key % 10);
            key /= 10;
        }
        value[6] = ';';
        long state = n;
        for (int i = 7; i < bytes; i++) {
            if ((i - 7) % 16 == 0) {
                state = scramble(state + 0x9e3779b97f4a7c15L);
            }
            value[i] = (byte) "0123456789abcdef".charAt((int) (state >>> 4 * ((i - 7) % 16)) & 15);
        }
        return value;
    }

    /** The finalizer of splitmix64. */
    private static long scramble(long z) {
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
