package bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * What the trials of Flink have in common: a cluster in this process with one slot, checkpoints to the disk, offsets
 * committed and transactions ended by checkpoints.
 */
final class FlinkTrial {
    final StreamExecutionEnvironment environment;
    private final Options options;
    private final String group;
    private final Scratch state;

    FlinkTrial(Options options) throws Exception {
        this.options = options;
        group = options.get("application", "bench-" + ProcessHandle.current().pid() + "-" + System.currentTimeMillis());
        state = new Scratch(options);
        Path checkpoints = Files.createDirectories(state.path.resolve("checkpoints"));
        Path local = Files.createDirectories(state.path.resolve("local"));
        Configuration config = new Configuration();
        config.setString("parallelism.default", "1");
        config.setString("taskmanager.numberOfTaskSlots", "1");
        config.setString("state.backend.type", options.get("state-backend"));
        config.setString("state.backend.rocksdb.localdir", local.toString());
        config.setString("execution.checkpointing.incremental", "true");
        config.setString("execution.checkpointing.storage", "filesystem");
        config.setString("execution.checkpointing.dir", checkpoints.toUri().toString());
        config.setString("execution.checkpointing.interval", checkpointMillis() + " ms");
        config.setString("execution.checkpointing.mode", exactlyOnce() ? "EXACTLY_ONCE" : "AT_LEAST_ONCE");
        config.setString("pipeline.object-reuse", "true");
        config.setString("restart-strategy.type", "none");
        options.pairs("config").forEach((name, value) -> config.setString((String) name, (String) value));
        environment = StreamExecutionEnvironment.getExecutionEnvironment(config);
    }

    private boolean exactlyOnce() {
        return options.get("guarantee").equals("exactly_once");
    }

    private String checkpointMillis() {
        return options.get("checkpoint-ms", "1000");
    }

    /** The records of a topic from its beginning, made into something by {@code read}. */
    <T> SingleOutputStreamOperator<T> source(String topic, TypeInformation<T> type, Read<T> read) {
        KafkaSource<T> source = KafkaSource.<T>builder()
                .setBootstrapServers(options.get("brokers"))
                .setTopics(topic)
                .setGroupId(group)
                .setStartingOffsets(OffsetsInitializer.earliest())
                .setDeserializer(new Deserializer<>(type, read))
                .build();
        return environment.fromSource(source, WatermarkStrategy.noWatermarks(), topic);
    }

    <T> KafkaSink<T> sink(KafkaRecordSerializationSchema<T> serializer) {
        Properties producer = new Properties();
        // Flink's own default is longer than brokers allow.
        producer.put("transaction.timeout.ms", "600000");
        return KafkaSink.<T>builder()
                .setBootstrapServers(options.get("brokers"))
                .setRecordSerializer(serializer)
                .setDeliveryGuarantee(exactlyOnce() ? DeliveryGuarantee.EXACTLY_ONCE : DeliveryGuarantee.AT_LEAST_ONCE)
                .setTransactionalIdPrefix(group)
                .setKafkaProducerConfig(producer)
                .build();
    }

    /** Starts the job, waits, stops it and tells whether all went well; {@code check} reads the output. */
    boolean run(Trial trial, List<String> inputs, String output, Runnable check) throws Exception {
        trial.put("state", options.get("state-backend"));
        trial.put("checkpoint_ms", checkpointMillis());
        JobClient job = environment.executeAsync();
        try {
            trial.await(group, inputs, output, () -> {
                JobStatus status = job.getJobStatus().join();
                if (status.isTerminalState()) {
                    throw new IllegalStateException("the job is " + status, failure(job));
                }
            });
        } finally {
            job.cancel();
            failure(job);
            state.close();
        }
        check.run();
        return trial.print();
    }

    /** Waits for the job's end; why it failed, or was cancelled. */
    private static Throwable failure(JobClient job) {
        try {
            job.getJobExecutionResult().get();
            return null;
        } catch (Exception error) {
            return error;
        }
    }

    /** Makes something of a record's key and value. */
    interface Read<T> extends java.io.Serializable {
        T read(byte[] key, byte[] value);
    }

    private record Deserializer<T>(TypeInformation<T> type, Read<T> read) implements KafkaRecordDeserializationSchema<T> {
        @Override
        public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<T> out) {
            out.collect(read.read(record.key(), record.value()));
        }

        @Override
        public TypeInformation<T> getProducedType() {
            return type;
        }
    }
}
