package bench;

import io.vertx.core.AbstractVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/**
 * The contender a Kafka user would write: a table of the topic in Kafka Streams, read through interactive queries
 * behind an HTTP server. Whether it loads for the first time, restores, or just starts depends on what is there:
 * committed offsets, changelog, state directory.
 */
public final class StreamsStore {
    private static final String STORE = "rows";
    private static volatile ReadOnlyKeyValueStore<String, byte[]> store;

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        Properties config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, options.get("application", "bench-streams"));
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, options.get("brokers", "127.0.0.1:9092"));
        config.put(StreamsConfig.STATE_DIR_CONFIG, options.get("state"));
        config.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, options.get("threads", "2"));
        config.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, "1");
        config.put("auto.offset.reset", "earliest");
        // With "true" the topic itself is the changelog and no second copy is written.
        if (options.get("reuse-topic", "false").equals("true")) {
            config.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, StreamsConfig.REUSE_KTABLE_SOURCE_TOPICS);
        }
        StreamsBuilder builder = new StreamsBuilder();
        builder.table(
                options.get("topic", "bench"),
                Consumed.with(Serdes.String(), Serdes.ByteArray()),
                Materialized.<String, byte[], org.apache.kafka.streams.state.KeyValueStore<Bytes, byte[]>>as(STORE));
        KafkaStreams streams = new KafkaStreams(builder.build(config), config);
        CountDownLatch stop = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            // Leaves the group, so that the next start does not wait for the session's end.
            streams.close(CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
                    .withTimeout(Duration.ofSeconds(30)));
            stop.countDown();
        }));
        streams.start();

        Vertx vertx = Vertx.vertx();
        int port = Integer.parseInt(options.get("port", "8091"));
        vertx.deployVerticle(
                        () -> new Rows(streams, port),
                        new DeploymentOptions().setInstances(Runtime.getRuntime().availableProcessors()))
                .onFailure(error -> {
                    error.printStackTrace();
                    System.exit(1);
                });
        stop.await();
    }

    /** One event loop's share of the server. */
    private static final class Rows extends AbstractVerticle {
        private static final String PREFIX = "/rows/";
        private final KafkaStreams streams;
        private final int port;

        Rows(KafkaStreams streams, int port) {
            this.streams = streams;
            this.port = port;
        }

        @Override
        public void start(io.vertx.core.Promise<Void> started) {
            vertx.createHttpServer(new HttpServerOptions().setHost("127.0.0.1").setPort(port))
                    .requestHandler(this::answer)
                    .listen()
                    .<Void>mapEmpty()
                    .onComplete(started);
        }

        private void answer(HttpServerRequest request) {
            String path = request.path();
            if (!path.startsWith(PREFIX)) {
                request.response().setStatusCode(404).end();
                return;
            }
            byte[] value;
            try {
                value = store().get(path.substring(PREFIX.length()));
            } catch (InvalidStateStoreException notYet) {
                // Starting, restoring or rebalancing.
                store = null;
                request.response().setStatusCode(503).end();
                return;
            }
            if (value == null) {
                request.response().setStatusCode(404).end();
            } else {
                request.response().putHeader("content-type", "application/json").end(Buffer.buffer(value));
            }
        }

        private ReadOnlyKeyValueStore<String, byte[]> store() {
            ReadOnlyKeyValueStore<String, byte[]> known = store;
            if (known == null) {
                known = streams.store(
                        StoreQueryParameters.fromNameAndType(STORE, QueryableStoreTypes.<String, byte[]>keyValueStore()));
                store = known;
            }
            return known;
        }
    }
}
