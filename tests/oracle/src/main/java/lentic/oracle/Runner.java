package lentic.oracle;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.test.TestRecord;

/** Plays one case on a fresh driver and returns its trace. */
final class Runner {
    private final Registry.Topology topology;
    private final Build build = new Build();
    private final List<String> trace = new ArrayList<>();
    private final Map<String, TestInputTopic<String, String>> inputs = new HashMap<>();

    Runner(Registry.Topology topology) {
        this.topology = topology;
    }

    List<String> trace(List<String> lines) {
        trace.add("# topology " + topology.name());
        trace.add("# kafka-streams 4.3.1");
        topology.build().accept(build);
        Properties config = config(lines);
        try (TopologyTestDriver driver =
                new TopologyTestDriver(build.streams.build(config), config, Instant.EPOCH)) {
            for (String line : lines) {
                if (line.isBlank()) {
                    continue;
                }
                trace.add(line);
                if (line.startsWith("#")) {
                    continue;
                }
                if (!step(driver, line.split("\t", -1))) {
                    return trace;
                }
            }
            trace.addAll(new Stores(driver, build.stores, lines).print());
        }
        return trace;
    }

    /** The statement `! config name value` (first in a case) changes one setting of the driver. */
    private Properties config(List<String> lines) {
        Properties config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, "oracle");
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "nowhere:1");
        config.put(StreamsConfig.STATE_DIR_CONFIG, "target/state");
        config.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        config.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        config.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, "0");
        config.put(StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_OUTER_JOIN_SPURIOUS_RESULTS_FIX, "0");
        config.put(StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_WINDOWED_AGGREGATION, "0");
        config.putAll(build.config);
        for (String line : lines) {
            String[] tokens = line.split("\t", -1);
            if (tokens[0].equals("!") && tokens[1].equals("config")) {
                config.put(setting(tokens[2]), tokens[3]);
            }
        }
        return config;
    }

    private static String setting(String name) {
        return switch (name) {
            case "join-emit-interval-ms" ->
                StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_OUTER_JOIN_SPURIOUS_RESULTS_FIX;
            case "window-emit-interval-ms" ->
                StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_WINDOWED_AGGREGATION;
            default -> throw new IllegalArgumentException("unknown setting " + name);
        };
    }

    /** False if the topology failed. */
    private boolean step(TopologyTestDriver driver, String[] tokens) {
        boolean fine = true;
        try {
            switch (tokens[0]) {
                case ">" -> pipe(driver, tokens);
                case "!" -> {
                    if (tokens[1].equals("wall")) {
                        driver.advanceWallClockTime(Duration.ofMillis(Long.parseLong(tokens[2])));
                    }
                }
                default -> throw new IllegalArgumentException(String.join(" ", tokens));
            }
        } catch (StreamsException | SerializationException e) {
            if (System.getenv("ORACLE_CAUSES") != null) {
                e.printStackTrace();
            }
            fine = false;
        }
        trace.addAll(build.log);
        build.log.clear();
        for (String sink : build.sinks) {
            readSink(driver, sink);
        }
        if (!fine) {
            trace.add("!\terror");
        }
        return fine;
    }

    private void pipe(TopologyTestDriver driver, String[] tokens) {
        if (tokens.length != 5 || !tokens[4].startsWith("@")) {
            throw new IllegalArgumentException("not a record: " + String.join(" ", tokens));
        }
        inputs.computeIfAbsent(tokens[1],
                topic -> driver.createInputTopic(topic, new StringSerializer(), new StringSerializer()))
            .pipeInput(Text.parse(tokens[2]), Text.parse(tokens[3]), Long.parseLong(tokens[4].substring(1)));
    }

    private void readSink(TopologyTestDriver driver, String sink) {
        if (!driver.producedTopicNames().contains(sink)) {
            return;
        }
        for (TestRecord<String, String> r : driver
                .createOutputTopic(sink, new StringDeserializer(), new StringDeserializer())
                .readRecordsToList()) {
            trace.add(String.join("\t", "<", sink, Text.token(r.key()), Text.token(r.value()), "@" + r.timestamp()));
        }
    }
}
