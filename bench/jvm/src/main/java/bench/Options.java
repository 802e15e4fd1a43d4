package bench;

import java.util.HashMap;
import java.util.Map;

/** Arguments of the form {@code --name value}. */
final class Options {
    private final Map<String, String> values = new HashMap<>();

    static Options parse(String[] args) {
        Options options = new Options();
        for (int i = 0; i + 1 < args.length; i += 2) {
            options.values.put(args[i].replaceFirst("^--", ""), args[i + 1]);
        }
        return options;
    }

    String get(String name, String otherwise) {
        return values.getOrDefault(name, otherwise);
    }

    String get(String name) {
        String value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("--" + name + " is missing");
        }
        return value;
    }
}
