package lentic.streams;

import java.util.Properties;
import java.util.Random;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Appends records with times of their own, some of them late, to the input. */
final class Input implements AutoCloseable {
  /** Of late: what is older than the retention of a changelog is deleted from it at once. */
  private final long begin = System.currentTimeMillis() - 7_200_000;

  private final KafkaProducer<String, String> producer;
  private final String topic;
  private final Random random = new Random(7);
  private long produced = 0;
  private volatile boolean flows = false;
  private Thread flow;

  Input(String brokers, String topic) {
    Properties config = new Properties();
    config.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
    producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
    this.topic = topic;
  }

  synchronized void produce(int records) {
    for (int i = 0; i < records; i++) {
      int number = random.nextInt(40);
      String key = number == 0 ? "" : number == 1 ? "a/й" : "k".repeat(number % 11) + number;
      long time = begin + produced * 700 - random.nextInt(20_000);
      String text = random.nextInt(8) == 0 ? "" : "text ".repeat(random.nextInt(3)) + produced;
      producer.send(new ProducerRecord<>(topic, null, time, key, text));
      produced++;
    }
    producer.flush();
  }

  void flow() {
    flows = true;
    flow =
        new Thread(
            () -> {
              while (flows) {
                produce(20);
                try {
                  Thread.sleep(20);
                } catch (InterruptedException e) {
                  return;
                }
              }
            });
    flow.start();
  }

  long halt() throws InterruptedException {
    flows = false;
    if (flow != null) flow.join();
    return produced;
  }

  @Override
  public void close() throws InterruptedException {
    halt();
    producer.close();
  }
}
