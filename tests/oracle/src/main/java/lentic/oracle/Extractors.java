package lentic.oracle;

import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.processor.FailOnInvalidTimestamp;
import org.apache.kafka.streams.processor.LogAndSkipOnInvalidTimestamp;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.UsePartitionTimeOnInvalidTimestamp;

/** Timestamps taken from values. */
final class Extractors {
    private static final RandomInput IN = RandomInput.of("in").withTimedValues();

    private Extractors() {}

    static void register(Registry r) {
        r.add("ts-from-value", IN, """
            `s = stream(in, extractor)`; s -> raw; then
            `s.groupByKey().windowedBy(tumbling size 10, grace 5).count(windowed)`, changes -> out. The extractor, here
            and below, first finds t: the number before the first `:` of the value (-1 if the value is null, has no `:`
            or no number before it). This one returns t; records with t < 0 are dropped before the topology.""",
            b -> build(b, (record, partitionTime) -> time(record)));
        r.add("ts-log-and-skip", IN, "ts-from-value; t < 0 is handled by LogAndSkipOnInvalidTimestamp.",
            b -> build(b, on(new LogAndSkipOnInvalidTimestamp())));
        r.add("ts-partition-time", IN, """
            ts-from-value; t < 0 is handled by UsePartitionTimeOnInvalidTimestamp: the partition's time so far, an error
            if there is none yet.""",
            b -> build(b, on(new UsePartitionTimeOnInvalidTimestamp())));
        r.add("ts-fail", IN, "ts-from-value; t < 0 is handled by FailOnInvalidTimestamp: an error.",
            b -> build(b, on(new FailOnInvalidTimestamp())));
    }

    private static void build(Build b, TimestampExtractor extractor) {
        KStream<String, String> s = b.streams.stream("in", Consumed.with(extractor));
        b.out("raw", s);
        b.out("out", s.groupByKey().windowedBy(Windows.tumbling(10, 5)).count(b.windowCounts("windowed")));
    }

    /** One of Kafka's extractors, given the record as if it had been written at its value's time. */
    private static TimestampExtractor on(TimestampExtractor inner) {
        return (record, partitionTime) -> inner.extract(new ConsumerRecord<>(record.topic(), record.partition(),
            record.offset(), time(record), TimestampType.CREATE_TIME, 0, 0, record.key(), record.value(),
            new RecordHeaders(), Optional.empty()), partitionTime);
    }

    private static long time(ConsumerRecord<Object, Object> record) {
        String value = (String) record.value();
        int colon = value == null ? -1 : value.indexOf(':');
        if (colon < 0) {
            return -1;
        }
        try {
            return Long.parseLong(value.substring(0, colon));
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
