package bench;

import io.kcache.KafkaCache;
import io.kcache.KafkaCacheConfig;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.kafka.common.serialization.Serdes;

/** The contender inside a program: kcache loads the topic into a map of the process, then answers gets. */
public final class KCacheLoad {
    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        long rows = Long.parseLong(options.get("rows"));
        long begin = System.nanoTime();
        Map<String, Object> properties = new HashMap<>();
        properties.put(KafkaCacheConfig.KAFKACACHE_BOOTSTRAP_SERVERS_CONFIG, options.get("brokers", "127.0.0.1:9092"));
        properties.put(KafkaCacheConfig.KAFKACACHE_TOPIC_CONFIG, options.get("topic", "bench"));
        properties.put(KafkaCacheConfig.KAFKACACHE_TOPIC_NUM_PARTITIONS_CONFIG, options.get("partitions", "4"));
        properties.put(KafkaCacheConfig.KAFKACACHE_TOPIC_REPLICATION_FACTOR_CONFIG, "1");
        properties.put(KafkaCacheConfig.KAFKACACHE_INIT_TIMEOUT_CONFIG, "600000");
        properties.put(KafkaCacheConfig.KAFKACACHE_GROUP_ID_CONFIG, "bench-kcache");
        try (KafkaCache<String, byte[]> cache =
                new KafkaCache<>(new KafkaCacheConfig(properties), Serdes.String(), Serdes.ByteArray())) {
            cache.init();
            double seconds = (System.nanoTime() - begin) / 1e9;
            if (cache.size() != rows) {
                System.err.println("expected " + rows + " rows, found " + cache.size());
                System.exit(1);
            }
            SplittableRandom random = new SplittableRandom(1);
            long gets = Math.min(rows, 1_000_000);
            long found = 0;
            long from = System.nanoTime();
            for (long i = 0; i < gets; i++) {
                found += cache.get(String.format("k%08d", random.nextLong(rows))) == null ? 0 : 1;
            }
            double getSeconds = (System.nanoTime() - from) / 1e9;
            System.out.printf(
                    "seconds=%.3f rows_per_second=%.0f gets_per_second=%.0f found=%d peak_rss_kib=%d%n",
                    seconds, rows / seconds, gets / getSeconds, found, Usage.peakRssKib());
        }
    }
}
