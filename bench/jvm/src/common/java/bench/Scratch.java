package bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A directory for the state of one run: {@code --state}, or a new one where temporary files go. */
final class Scratch implements AutoCloseable {
    final Path path;

    Scratch(Options options) throws IOException {
        String given = options.get("state", "");
        path = given.isEmpty() ? Files.createTempDirectory("bench") : Files.createDirectories(Path.of(given)).toAbsolutePath();
    }

    /** Removes it with all that is in it; Flink's threads may still be removing checkpoints themselves. */
    @Override
    public void close() throws IOException {
        for (int attempt = 0; Files.exists(path); attempt++) {
            try (Stream<Path> all = Files.walk(path)) {
                for (Path each : (Iterable<Path>) all.sorted(Comparator.reverseOrder())::iterator) {
                    Files.deleteIfExists(each);
                }
            } catch (UncheckedIOException | IOException meanwhile) {
                if (attempt == 20) {
                    throw meanwhile;
                }
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(50);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
