package bench;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * One run of a contender, the same for all. The stopwatch runs from the first record taken from the source until the
 * contender has committed its progress to the end of its inputs and nothing of its output is hidden from a reader with
 * {@code read_committed}. Until the last record is processed nobody asks the broker anything. Afterwards the output is
 * read and checked.
 */
final class Trial implements AutoCloseable {
    /** What the topology computes, hence how its output is checked. */
    enum Topology {
        COUNT,
        JOIN
    }

    private final String brokers;
    private final long expected;
    private final long timeoutSeconds;
    private final Admin admin;
    private final StringBuilder line = new StringBuilder();

    Trial(String contender, Topology topology, Options options) {
        brokers = options.get("brokers");
        expected = Long.parseLong(options.get("records"));
        timeoutSeconds = Long.parseLong(options.get("timeout", "900"));
        Properties config = new Properties();
        config.put("bootstrap.servers", brokers);
        admin = Admin.create(config);
        put("contender", contender);
        put("topology", topology.name().toLowerCase(Locale.ROOT));
        put("guarantee", options.get("guarantee"));
    }

    /** Adds to the line of results. */
    void put(String name, Object value) {
        line.append(name).append('=').append(value).append(' ');
    }

    void createTopic(String topic, int partitions) throws Exception {
        try {
            admin.createTopics(List.of(new NewTopic(topic, Optional.of(partitions), Optional.empty()))).all().get();
        } catch (ExecutionException error) {
            if (!(error.getCause() instanceof TopicExistsException)) {
                throw error;
            }
        }
    }

    int partitions(String topic) throws Exception {
        return describe(List.of(topic)).size();
    }

    /**
     * Waits for the end and stops the watch.
     *
     * @param group  who commits the progress
     * @param inputs topics in the order in which they are read
     * @param alive  throws when the contender has failed
     */
    void await(String group, List<String> inputs, String output, Runnable alive) throws Exception {
        long deadline = System.nanoTime() + timeoutSeconds * 1_000_000_000L;
        while (Progress.records() < expected) {
            pause(alive, deadline, Progress.records() + " of " + expected + " records processed");
        }
        double processed = Progress.seconds(System.nanoTime());
        for (String input : inputs) {
            Collection<TopicPartition> partitions = describe(List.of(input));
            while (!committed(group, partitions)) {
                pause(alive, deadline, "the progress in " + input + " is not committed");
            }
        }
        Collection<TopicPartition> outputs = describe(List.of(output));
        while (!ends(outputs, IsolationLevel.READ_COMMITTED).equals(ends(outputs, IsolationLevel.READ_UNCOMMITTED))) {
            pause(alive, deadline, "a transaction on " + output + " is open");
        }
        double seconds = Progress.seconds(System.nanoTime());
        long cpu = Usage.cpuNanos();
        put("records", expected);
        put("seconds", String.format("%.3f", seconds));
        put("records_per_second", String.format("%.0f", expected / seconds));
        put("processed_per_second", String.format("%.0f", expected / processed));
        put("cpu_seconds", String.format("%.2f", Progress.cpuSeconds(cpu)));
        put("cpu_seconds_with_start", String.format("%.2f", cpu / 1e9));
        put("peak_rss_mib", Usage.peakRssKib() / 1024);
    }

    /** Reads the counts as a reader would and compares their sum. */
    void checkCounts(String output) {
        Map<String, Long> counts = new HashMap<>();
        long records = read(output, record -> {
            counts.put(new String(record.key(), StandardCharsets.UTF_8), ByteBuffer.wrap(record.value()).getLong());
        });
        long sum = counts.values().stream().mapToLong(Long::longValue).sum();
        put("output_records", records);
        put("keys", counts.size());
        put("check", sum == expected ? "right" : "wrong_sum_" + sum);
    }

    /** Reads the joined rows as a reader would: as many as the stream's records, each of two values of its key. */
    void checkJoined(String output) {
        long[] bad = {0};
        long records = read(output, record -> {
            byte[] key = record.key();
            byte[] value = record.value();
            if (value.length != 16 || !Arrays.equals(key, 0, key.length, value, 0, key.length)) {
                bad[0]++;
            }
        });
        put("output_records", records);
        put("check", records == expected && bad[0] == 0 ? "right" : "wrong_" + bad[0] + "_bad");
    }

    /** Prints the line and tells whether the result was right. */
    boolean print() {
        System.out.println(line.toString().trim());
        return line.indexOf("check=right") >= 0;
    }

    void delete(Collection<String> topics) {
        admin.deleteTopics(topics);
    }

    @Override
    public void close() {
        admin.close();
    }

    private long read(String topic, java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> each) {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", brokers);
        config.put("isolation.level", "read_committed");
        config.put("max.poll.records", 10_000);
        long records = 0;
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .collect(Collectors.toList());
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(partition -> consumer.position(partition) < ends.get(partition))) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    each.accept(record);
                    records++;
                }
            }
        }
        return records;
    }

    private boolean committed(String group, Collection<TopicPartition> partitions) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> committed =
                admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
        for (Map.Entry<TopicPartition, Long> end : ends(partitions, IsolationLevel.READ_UNCOMMITTED).entrySet()) {
            OffsetAndMetadata offset = committed.get(end.getKey());
            if (end.getValue() > 0 && (offset == null || offset.offset() < end.getValue())) {
                return false;
            }
        }
        return true;
    }

    private Map<TopicPartition, Long> ends(Collection<TopicPartition> partitions, IsolationLevel isolation)
            throws Exception {
        Map<TopicPartition, OffsetSpec> latest =
                partitions.stream().collect(Collectors.toMap(partition -> partition, partition -> OffsetSpec.latest()));
        Map<TopicPartition, Long> ends = new HashMap<>();
        for (Map.Entry<TopicPartition, ListOffsetsResultInfo> end :
                admin.listOffsets(latest, new ListOffsetsOptions(isolation)).all().get().entrySet()) {
            ends.put(end.getKey(), end.getValue().offset());
        }
        return ends;
    }

    private Collection<TopicPartition> describe(Collection<String> topics) throws Exception {
        List<TopicPartition> partitions = new ArrayList<>();
        for (TopicDescription topic : admin.describeTopics(topics).allTopicNames().get().values()) {
            topic.partitions().forEach(info -> partitions.add(new TopicPartition(topic.name(), info.partition())));
        }
        return partitions;
    }

    private void pause(Runnable alive, long deadline, String state) throws InterruptedException {
        alive.run();
        if (System.nanoTime() > deadline) {
            throw new IllegalStateException("out of time: " + state);
        }
        Thread.sleep(5);
    }
}
