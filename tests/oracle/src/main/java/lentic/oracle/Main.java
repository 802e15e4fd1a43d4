package lentic.oracle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * `all` does the three that follow. `gen` writes every topology's `random` case, `doc` writes `TOPOLOGIES.md`, `run [prefix]` turns the cases
 * (those whose name starts with the prefix) into traces. All run in the folder of the project.
 */
public final class Main {
    private static final Path CASES = Path.of("cases");
    private static final Path TRACES = Path.of("traces");

    private Main() {}

    public static void main(String[] args) throws Exception {
        Registry registry = Registry.all();
        switch (args.length == 0 ? "" : args[0]) {
            case "all" -> {
                gen(registry);
                doc(registry);
                run(registry, "");
            }
            case "gen" -> gen(registry);
            case "doc" -> doc(registry);
            case "run" -> run(registry, args.length > 1 ? args[1] : "");
            default -> throw new IllegalArgumentException("one of: all, gen, doc, run [prefix]");
        }
    }

    private static void gen(Registry registry) throws IOException {
        for (Registry.Topology t : registry.inOrder()) {
            Files.write(CASES.resolve(t.name() + ".random.case"), t.random().lines(t.name()));
        }
    }

    private static void doc(Registry registry) throws IOException {
        StringBuilder text = new StringBuilder(Files.readString(Path.of("preamble.md")));
        String family = "";
        for (Registry.Topology t : registry.inOrder()) {
            if (!t.family().equals(family)) {
                family = t.family();
                text.append("\n## ").append(family).append('\n');
            }
            text.append("\n### ").append(t.name()).append("\n\n").append(t.words()).append('\n');
        }
        Files.writeString(Path.of("TOPOLOGIES.md"), text);
    }

    private static void run(Registry registry, String prefix) throws IOException {
        Files.createDirectories(TRACES);
        List<String> without = new ArrayList<>();
        TreeSet<String> names = new TreeSet<>();
        try (Stream<Path> files = Files.list(CASES)) {
            files.map(f -> f.getFileName().toString()).filter(f -> f.endsWith(".case")).forEach(names::add);
        }
        for (String file : names) {
            if (!file.startsWith(prefix)) {
                continue;
            }
            String name = file.substring(0, file.length() - ".case".length());
            Registry.Topology topology = registry.get(name.substring(0, name.indexOf('.')));
            List<String> trace;
            try {
                trace = new Runner(topology).trace(Files.readAllLines(CASES.resolve(file)));
            } catch (RuntimeException e) {
                throw new IllegalStateException("case " + name, e);
            }
            if (trace.stream().noneMatch(line -> line.startsWith("<"))) {
                without.add(name);
            }
            Files.write(TRACES.resolve(name + ".trace"), trace);
        }
        for (Registry.Topology t : registry.inOrder()) {
            if (names.stream().filter(f -> f.startsWith(t.name() + ".")).count() < 2) {
                System.err.println("only a random case: " + t.name());
            }
        }
        if (!without.isEmpty()) {
            System.err.println("traces without any output: " + without);
        }
    }
}
