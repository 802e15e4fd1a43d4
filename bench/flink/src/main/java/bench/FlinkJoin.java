package bench;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Flink joins a stream with a table by key: 8 bytes of both values go to {@code --output}. Its two inputs come in no
 * particular order, so a record that comes before the row of its key waits for it in state.
 */
public final class FlinkJoin {
    private static final TypeInformation<byte[]> BYTES = PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        String input = options.get("input");
        String table = options.get("table");
        String output = options.get("output");
        TypeInformation<Tuple2<String, byte[]>> pair = Types.TUPLE(Types.STRING, BYTES);
        FlinkTrial flink = new FlinkTrial(options);
        flink.source(input, pair, (key, value) -> {
                    Progress.taken();
                    return Tuple2.of(text(key), value);
                })
                .keyBy(record -> record.f0, Types.STRING)
                .connect(flink.source(table, pair, (key, value) -> Tuple2.of(text(key), value))
                        .keyBy(row -> row.f0, Types.STRING))
                .process(new Join())
                .returns(pair)
                .sinkTo(flink.sink((joined, context, timestamp) -> {
                    Progress.done();
                    return new ProducerRecord<>(output, joined.f0.getBytes(StandardCharsets.UTF_8), joined.f1);
                }));
        boolean right;
        try (Trial trial = new Trial("flink", Trial.Topology.JOIN, options)) {
            trial.createTopic(output, trial.partitions(input));
            right = flink.run(trial, List.of(input), output, () -> trial.checkJoined(output));
            trial.delete(List.of(output));
        }
        System.exit(right ? 0 : 1);
    }

    private static String text(byte[] key) {
        return new String(key, StandardCharsets.UTF_8);
    }

    private static final class Join
            extends KeyedCoProcessFunction<String, Tuple2<String, byte[]>, Tuple2<String, byte[]>, Tuple2<String, byte[]>> {
        private transient ValueState<byte[]> rows;
        private transient ListState<byte[]> waiting;

        @Override
        public void open(OpenContext context) {
            rows = getRuntimeContext().getState(new ValueStateDescriptor<>("rows", BYTES));
            waiting = getRuntimeContext().getListState(new ListStateDescriptor<>("waiting", BYTES));
        }

        @Override
        public void processElement1(
                Tuple2<String, byte[]> record, Context context, Collector<Tuple2<String, byte[]>> out) throws Exception {
            byte[] row = rows.value();
            if (row == null) {
                waiting.add(record.f1);
            } else {
                out.collect(Tuple2.of(record.f0, join(record.f1, row)));
            }
        }

        @Override
        public void processElement2(
                Tuple2<String, byte[]> row, Context context, Collector<Tuple2<String, byte[]>> out) throws Exception {
            rows.update(row.f1);
            for (byte[] left : waiting.get()) {
                out.collect(Tuple2.of(row.f0, join(left, row.f1)));
            }
            waiting.clear();
        }

        private static byte[] join(byte[] left, byte[] right) {
            byte[] joined = Arrays.copyOf(left, 16);
            System.arraycopy(right, 0, joined, 8, 8);
            return joined;
        }
    }
}
