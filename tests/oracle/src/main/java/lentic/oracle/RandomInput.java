package lentic.oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * The shape of a topology's `random` case. Time drifts forward by 0 to 4 ms a record, jumps by 30 ms now and
 * then, and a quarter of the records are up to 25 ms behind it. A value is a letter `a` to `f` and the number
 * of the record, or null; keys come from each topic's own list, or are null.
 */
final class RandomInput {
    private record Topic(String name, String[] keys) {}

    private static final int RECORDS = 150;
    private static final String[] KEYS = {"k", "l", "m"};
    private static final String[] LETTERS = {"a", "b", "c", "d"};

    private final List<Topic> topics = new ArrayList<>();
    private boolean wall;
    private boolean timedValues;

    /** Records for these topics, with keys `k`, `l`, `m`. */
    static RandomInput of(String... topics) {
        RandomInput r = new RandomInput();
        for (String topic : topics) {
            r.topics.add(new Topic(topic, KEYS));
        }
        return r;
    }

    /** One more topic, with keys `a` to `d`: what letter(value) of another topic may name. */
    RandomInput byLetter(String topic) {
        topics.add(new Topic(topic, LETTERS));
        return this;
    }

    /** The wall clock moves between some records. */
    RandomInput withWall() {
        wall = true;
        return this;
    }

    /** Values are `<timestamp>:<letter><number>`, some with a negative timestamp. */
    RandomInput withTimedValues() {
        timedValues = true;
        return this;
    }

    List<String> lines(String topology) {
        Random random = new Random(topology.hashCode());
        List<String> lines = new ArrayList<>();
        long now = 0;
        for (int i = 0; i < RECORDS; i++) {
            now += random.nextInt(100) < 3 ? 30 : random.nextInt(5);
            long ts = random.nextInt(4) == 0 ? Math.max(0, now - random.nextInt(26)) : now;
            Topic topic = topics.get(random.nextInt(topics.size()));
            String key = random.nextInt(100) < 3 ? "~" : topic.keys[random.nextInt(topic.keys.length)];
            String value = (char) ('a' + random.nextInt(6)) + String.valueOf(i);
            if (random.nextInt(10) == 0) {
                value = "~";
            } else if (timedValues) {
                value = (random.nextInt(10) == 0 ? -ts - 1 : ts) + ":" + value;
            }
            lines.add(String.join("\t", ">", topic.name, key, value, "@" + (timedValues ? now : ts)));
            if (wall && random.nextInt(10) == 0) {
                lines.add("!\twall\t" + (30 + random.nextInt(120)));
            }
        }
        return lines;
    }
}
