package bench;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Flink counts by a field of the value: the key is the value's bytes before ";", {@code keyBy} brings equal keys together
 * inside the process, the counts are in keyed state, and each change of one goes to {@code --output}.
 */
public final class FlinkCount {
    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        String input = options.get("input");
        String output = options.get("output");
        FlinkTrial flink = new FlinkTrial(options);
        flink.source(input, PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO, (key, value) -> {
                    Progress.taken();
                    return value;
                })
                .keyBy(FlinkCount::field, Types.STRING)
                .process(new Count())
                .sinkTo(flink.sink((count, context, timestamp) -> {
                    Progress.done();
                    byte[] value = ByteBuffer.allocate(8).putLong(count.f1).array();
                    return new ProducerRecord<>(output, count.f0.getBytes(StandardCharsets.UTF_8), value);
                }));
        boolean right;
        try (Trial trial = new Trial("flink", Trial.Topology.COUNT, options)) {
            trial.createTopic(output, trial.partitions(input));
            right = flink.run(trial, List.of(input), output, () -> trial.checkCounts(output));
            trial.delete(List.of(output));
        }
        System.exit(right ? 0 : 1);
    }

    private static String field(byte[] value) {
        int end = 0;
        while (end < value.length && value[end] != ';') {
            end++;
        }
        return new String(value, 0, end, StandardCharsets.UTF_8);
    }

    private static final class Count extends KeyedProcessFunction<String, byte[], Tuple2<String, Long>> {
        private transient ValueState<Long> counts;

        @Override
        public void open(OpenContext context) {
            counts = getRuntimeContext().getState(new ValueStateDescriptor<>("counts", Types.LONG));
        }

        @Override
        public void processElement(byte[] value, Context context, Collector<Tuple2<String, Long>> out) throws Exception {
            Long before = counts.value();
            long count = before == null ? 1 : before + 1;
            counts.update(count);
            out.collect(Tuple2.of(context.getCurrentKey(), count));
        }
    }
}
