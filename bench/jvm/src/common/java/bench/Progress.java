package bench;

import java.util.concurrent.atomic.AtomicLong;

/** How far the topology of this process has come; counting costs a contender next to nothing. */
final class Progress {
    private static final AtomicLong done = new AtomicLong();
    private static boolean begun;
    private static volatile long beginNanos;
    private static volatile long beginCpuNanos;

    /** One input record was taken from the source; only its one thread may call this. */
    static void taken() {
        if (!begun) {
            begun = true;
            beginCpuNanos = Usage.cpuNanos();
            beginNanos = System.nanoTime();
        }
    }

    /** One input record came to the last step of the topology; only its one thread may call this. */
    static void done() {
        done.setRelease(done.getPlain() + 1);
    }

    static long records() {
        return done.getAcquire();
    }

    static double seconds(long nanos) {
        return (nanos - beginNanos) / 1e9;
    }

    static double cpuSeconds(long cpuNanos) {
        return (cpuNanos - beginCpuNanos) / 1e9;
    }
}
