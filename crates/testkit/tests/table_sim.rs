//! Thousands of schedules of one table over one partition.
use std::collections::BTreeMap;

use lentic_testkit::table_sim::TableSim;

#[test]
fn rows_are_the_fold_of_the_log_under_every_schedule() {
    let (mut rebuilds, mut seeded) = (BTreeMap::new(), 0);
    for seed in 0..3_000 {
        let mut sim = TableSim::new(seed);
        sim.run(150);
        seeded += sim.seeded();
        for (reason, times) in sim.rebuilds() {
            *rebuilds.entry(reason.clone()).or_insert(0) += times;
        }
    }
    println!("rebuilds: {rebuilds:?}, seeded: {seeded}");
    assert!(seeded > 100, "rows of other nodes were hardly taken over: {seeded}");
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
