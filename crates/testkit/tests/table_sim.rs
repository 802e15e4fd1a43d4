//! Thousands of schedules of one table over one partition.
use std::collections::BTreeMap;

use lentic_testkit::table_sim::TableSim;

#[test]
fn rows_are_the_fold_of_the_log_under_every_schedule() {
    let mut rebuilds = BTreeMap::new();
    for seed in 0..3_000 {
        let mut sim = TableSim::new(seed);
        sim.run(150);
        for (reason, times) in sim.rebuilds() {
            *rebuilds.entry(reason.clone()).or_insert(0) += times;
        }
    }
    println!("rebuilds: {rebuilds:?}");
    for reason in ["TopicRecreated", "AheadOfLog", "Diverged", "RetentionOvertook", "TombstoneHorizon"] {
        assert!(rebuilds.contains_key(reason), "no schedule led to {reason}: {rebuilds:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_trace_twice() {
    for seed in [3, 77, 4_242] {
        assert_eq!(TableSim::new(seed).run(300), TableSim::new(seed).run(300), "seed {seed}");
    }
}
