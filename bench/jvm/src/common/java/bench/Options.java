package bench;

import java.util.HashMap;
import java.util.Map;
import java.util.Properties;

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

    /** The argument {@code --name a=b,c=d} as properties, none when it is not there. */
    Properties pairs(String name) {
        Properties pairs = new Properties();
        for (String pair : get(name, "").split(",")) {
            if (!pair.isEmpty()) {
                String[] parts = pair.split("=", 2);
                pairs.put(parts[0], parts[1]);
            }
        }
        return pairs;
    }
}
