package bench;

/** Reads what a contender outside the JVM wrote to {@code --output}, and checks it as everybody's is. */
public final class Check {
    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        String output = options.get("output");
        Trial.Topology topology = Trial.Topology.valueOf(options.get("topology").toUpperCase());
        boolean right;
        try (Trial trial = new Trial(options.get("contender"), topology, options)) {
            switch (topology) {
                case COUNT -> trial.checkCounts(output);
                case JOIN -> trial.checkJoined(output);
            }
            right = trial.print();
        }
        System.exit(right ? 0 : 1);
    }
}
