package lentic.oracle;

import java.time.Duration;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** Processors with a store and punctuators. */
final class Processors {
    private Processors() {}

    static void register(Registry r) {
        r.add("process-stream-time", RandomInput.of("in"), """
            `stream(in).process(p, seen)` -> out. p drops null keys. For a record it adds 1 to the key's number in the
            key-value store seen (a long, from 0), and forwards key, `shown(v) + "#" + number` at the record's
            timestamp. A punctuator every 10 ms of stream time forwards, for all rows of seen in key order, key and
            `"p:" + number` at the punctuation's timestamp, then deletes the row.""",
            b -> counting(b, PunctuationType.STREAM_TIME, 10));
        r.add("process-wall-clock", RandomInput.of("in").withWall(), """
            process-stream-time, but the punctuator runs every 100 ms of wall time.""",
            b -> counting(b, PunctuationType.WALL_CLOCK_TIME, 100));
        r.add("process-two-punctuators", RandomInput.of("in"), """
            `stream(in).process(p)` -> out. p forwards every record as it is. Two punctuators of stream time, every 10 and
            every 15 ms, made in this order, forward key `p10` or `p15`, value the punctuation's timestamp in decimal, at
            that timestamp; the second cancels itself after its third run.""",
            Processors::two);
        r.add("process-values", RandomInput.of("in"), """
            `stream(in).processValues(p, seen)` -> out. p drops nothing; with a null key it forwards the record as it is.
            Else it forwards `shown(previous) + ">" + shown(v)` where previous is the key's row in the key-value store seen
            (strings), then puts v there (null deletes).""",
            Processors::values);
    }

    private static void counting(Build b, PunctuationType type, long every) {
        b.stores.put("seen", Build.Kind.KV);
        b.streams.addStateStore(Stores.keyValueStoreBuilder(
            Stores.persistentKeyValueStore("seen"), Serdes.String(), Serdes.Long()));
        b.out("out", b.stream("in").process(() -> new Counting(type, every), Named.as("counting"), "seen"));
    }

    private static final class Counting extends ContextualProcessor<String, String, String, String> {
        private final PunctuationType type;
        private final long every;
        private KeyValueStore<String, Long> seen;

        Counting(PunctuationType type, long every) {
            this.type = type;
            this.every = every;
        }

        @Override
        public void init(ProcessorContext<String, String> context) {
            super.init(context);
            seen = context.getStateStore("seen");
            context.schedule(Duration.ofMillis(every), type, this::punctuate);
        }

        @Override
        public void process(Record<String, String> record) {
            if (record.key() == null) {
                return;
            }
            Long before = seen.get(record.key());
            long number = before == null ? 1 : before + 1;
            seen.put(record.key(), number);
            context().forward(record.withValue(Text.shown(record.value()) + "#" + number));
        }

        private void punctuate(long timestamp) {
            try (KeyValueIterator<String, Long> rows = seen.all()) {
                while (rows.hasNext()) {
                    KeyValue<String, Long> row = rows.next();
                    context().forward(new Record<>(row.key, "p:" + row.value, timestamp));
                    seen.delete(row.key);
                }
            }
        }
    }

    private static void two(Build b) {
        b.out("out", b.stream("in").process(TwoPunctuators::new, Named.as("two")));
    }

    private static final class TwoPunctuators extends ContextualProcessor<String, String, String, String> {
        private int runs;
        private org.apache.kafka.streams.processor.Cancellable second;

        @Override
        public void init(ProcessorContext<String, String> context) {
            super.init(context);
            context.schedule(Duration.ofMillis(10), PunctuationType.STREAM_TIME, ts -> forward("p10", ts));
            second = context.schedule(Duration.ofMillis(15), PunctuationType.STREAM_TIME, ts -> {
                forward("p15", ts);
                if (++runs == 3) {
                    second.cancel();
                }
            });
        }

        private void forward(String key, long timestamp) {
            context().forward(new Record<>(key, String.valueOf(timestamp), timestamp));
        }

        @Override
        public void process(Record<String, String> record) {
            context().forward(record);
        }
    }

    private static void values(Build b) {
        b.stores.put("seen", Build.Kind.KV);
        b.streams.addStateStore(Stores.keyValueStoreBuilder(
            Stores.persistentKeyValueStore("seen"), Serdes.String(), Serdes.String()));
        b.out("out", b.stream("in").processValues(Previous::new, Named.as("previous"), "seen"));
    }

    private static final class Previous extends ContextualFixedKeyProcessor<String, String, String> {
        private KeyValueStore<String, String> seen;

        @Override
        public void init(FixedKeyProcessorContext<String, String> context) {
            super.init(context);
            seen = context.getStateStore("seen");
        }

        @Override
        public void process(FixedKeyRecord<String, String> record) {
            if (record.key() == null) {
                context().forward(record);
                return;
            }
            String previous = seen.get(record.key());
            context().forward(record.withValue(Text.shown(previous) + ">" + Text.shown(record.value())));
            seen.put(record.key(), record.value());
        }
    }
}
