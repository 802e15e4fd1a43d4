//! The embedded log keeps the contract of logs, under every policy of syncing.
use std::sync::Arc;
use std::time::Duration;

use lentic_engine::log::Log;
use lentic_log_local::{FsyncPolicy, LocalLog, LocalOptions};
use lentic_testkit::log_contract::{Options, check};

fn keeps_the_contract(fsync: FsyncPolicy) {
    let dir = tempfile::tempdir().expect("a directory");
    let options = LocalOptions { path: dir.path().join("log"), fsync, ..LocalOptions::default() };
    let log: Arc<dyn Log> = Arc::new(LocalLog::open(options).expect("opened"));
    let acked_is_visible = !matches!(fsync, FsyncPolicy::Interval(_));
    let patience = Duration::from_secs(20);
    let options =
        Options { patience, quiet: Duration::from_millis(60), acked_is_visible, ..Options::default() };
    check(&mut || Arc::clone(&log), &options);
}

#[test]
fn synced_always() {
    keeps_the_contract(FsyncPolicy::Always);
}

#[test]
fn synced_from_time_to_time() {
    keeps_the_contract(FsyncPolicy::Interval(Duration::from_millis(3)));
}

#[test]
fn never_synced() {
    keeps_the_contract(FsyncPolicy::Never);
}
