package bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/** What the trials of Kafka Streams have in common. */
final class StreamsTrial {
    final String application;
    private final Options options;
    private final Properties config = new Properties();
    private final Scratch state;

    StreamsTrial(Options options) throws Exception {
        this.options = options;
        application = options.get("application", "bench-" + ProcessHandle.current().pid() + "-" + System.currentTimeMillis());
        state = new Scratch(options);
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, options.get("brokers"));
        config.put(StreamsConfig.STATE_DIR_CONFIG, state.path.toString());
        config.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, options.get("threads", "1"));
        config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, options.get("guarantee"));
        config.put("auto.offset.reset", "earliest");
        unlessDefault("commit-ms", "100", StreamsConfig.COMMIT_INTERVAL_MS_CONFIG);
        unlessDefault("cache", "0", StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG);
        config.putAll(options.pairs("config"));
    }

    /** Starts the topology, waits, stops it and tells whether all went well; {@code check} reads the output. */
    boolean run(Trial trial, StreamsBuilder builder, List<String> inputs, String output, Runnable check)
            throws Exception {
        trial.put("commit_ms", options.get("commit-ms", "100"));
        trial.put("cache", options.get("cache", "0"));
        AtomicReference<Throwable> failure = new AtomicReference<>();
        KafkaStreams streams = new KafkaStreams(builder.build(config), config);
        streams.setUncaughtExceptionHandler(error -> {
            failure.set(error);
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        streams.start();
        try {
            trial.await(application, inputs, output, () -> {
                if (failure.get() != null) {
                    throw new IllegalStateException(failure.get());
                }
            });
        } finally {
            streams.close(Duration.ofSeconds(30));
            state.close();
        }
        check.run();
        return trial.print();
    }

    private void unlessDefault(String option, String otherwise, String name) {
        String value = options.get(option, otherwise);
        if (!value.equals("default")) {
            config.put(name, value);
        }
    }

    /** Values as bytes, with a word to {@link Progress} for each one that is read. */
    static Serde<byte[]> counting(Runnable each) {
        return Serdes.serdeFrom(new ByteArraySerializer(), new ByteArrayDeserializer() {
            @Override
            public byte[] deserialize(String topic, byte[] data) {
                each.run();
                return super.deserialize(topic, data);
            }
        });
    }

    /** The topics that Kafka Streams made for itself. */
    List<String> topics(String... suffixes) {
        List<String> topics = new ArrayList<>();
        for (String suffix : suffixes) {
            topics.add(application + "-" + suffix);
        }
        return topics;
    }
}
