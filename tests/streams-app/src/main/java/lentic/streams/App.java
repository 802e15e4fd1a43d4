package lentic.streams;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;

/**
 * A Kafka Streams application with stores of every kind. Commands, one per line; each is answered by lines and then by
 * one that says "done":
 *
 * <ul>
 *   <li>produce N: appends N records to the input
 *   <li>flow: goes on appending until halt
 *   <li>halt: ends that and says how many records there are in all
 *   <li>query: all rows of all stores, by the application's own interactive queries
 *   <li>stop: closes the application
 * </ul>
 */
public final class App {
  public static void main(String[] arguments) throws Exception {
    String brokers = arguments[0];
    String application = arguments[1];
    Properties config = new Properties();
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
    config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
    config.put(StreamsConfig.STATE_DIR_CONFIG, arguments[2]);
    config.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    config.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
    config.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
    config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    KafkaStreams streams = new KafkaStreams(Stores.topology(application + ".input"), config);
    CountDownLatch running = new CountDownLatch(1);
    streams.setStateListener(
        (now, before) -> {
          if (now == KafkaStreams.State.RUNNING) running.countDown();
        });
    streams.start();
    if (!running.await(60, TimeUnit.SECONDS)) throw new IllegalStateException("not running after a minute");
    answer();
    try (Input input = new Input(brokers, application + ".input");
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in))) {
      for (String line = commands.readLine(); line != null; line = commands.readLine()) {
        String[] words = line.split(" ");
        switch (words[0]) {
          case "produce" -> input.produce(Integer.parseInt(words[1]));
          case "flow" -> input.flow();
          case "halt" -> System.out.println(input.halt());
          case "query" -> Query.print(streams, System.out);
          case "stop" -> {
            streams.close();
            answer();
            return;
          }
          default -> throw new IllegalArgumentException(line);
        }
        answer();
      }
    }
    streams.close();
  }

  private static void answer() {
    System.out.println("done");
    System.out.flush();
  }
}
