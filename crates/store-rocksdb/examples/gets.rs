//! Measures the store: sorted ingest, gets per second and thread, writes, scans.
//! `cargo run -p lentic-store-rocksdb --example gets [rows] [cache MiB] [directory]`
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "it measures and prints")]
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use lentic_store::{
    Database, FamilyId, KeyRange, Order, Result, Store, Tier, WriteBatch,
    layout::{Incarnation, RowPrefix, StoreId},
};
use lentic_store_rocksdb::{RocksDatabase, RocksOptions};
use lentic_types::{PartitionId, ShardId};

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let rows: u64 = args.next().and_then(|text| text.parse().ok()).unwrap_or(5_000_000);
    let cache: usize = args.next().and_then(|text| text.parse().ok()).unwrap_or(1_024);
    let directory = args.next().unwrap_or_else(|| format!("/tmp/lentic-gets-{}", std::process::id()));
    let options = || RocksOptions {
        path: directory.clone().into(),
        block_cache_bytes: cache << 20,
        ..RocksOptions::default()
    };
    let result = measure(rows, &options);
    drop(std::fs::remove_dir_all(Path::new(&directory)));
    result
}

fn measure(rows: u64, options: &dyn Fn() -> RocksOptions) -> Result<()> {
    let database = RocksDatabase::open(options())?;
    let store = database.family(FamilyId::Shard(ShardId(0)))?;
    ingest(&*store, rows)?;
    print_usage(&database);
    println!("cold:");
    gets(&store, rows, 1, Duration::from_secs(2), false);
    // Every block once, so that what fits is in the cache.
    scan(&*store, rows)?;
    println!("warm:");
    print_usage(&database);
    if std::env::var("QUICK").is_ok() {
        for _ in 0..10 {
            gets(&store, rows, 1, Duration::from_millis(400), false);
        }
        return Ok(());
    }
    for threads in [1, 2] {
        gets(&store, rows, threads, Duration::from_secs(3), false);
    }
    println!("absent keys:");
    gets(&store, rows, 1, Duration::from_secs(2), true);
    drop((store, database));

    let begun = Instant::now();
    let database = RocksDatabase::open(options())?;
    let store = database.family(FamilyId::Shard(ShardId(0)))?;
    store.get(&key(1))?;
    println!("reopened and read in {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
    scan(&*store, rows)?;
    gets(&store, rows, 1, Duration::from_secs(3), false);

    writes(&*store, rows, 1_000_000)?;
    println!("with full memtables:");
    gets(&store, rows, 1, Duration::from_secs(3), false);
    let begun = Instant::now();
    store.flush()?;
    println!("flush {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
    gets(&store, rows, 1, Duration::from_secs(3), false);
    print_usage(&database);
    database.close()
}

/// As a table's rows lie in a store, with a key of 16 digits.
fn key(i: u64) -> Vec<u8> {
    let prefix = RowPrefix::new(StoreId(1), PartitionId(0), Incarnation(0));
    [prefix.as_bytes(), format!("{i:016}").as_bytes()].concat()
}

/// 16 bytes of header and 84 of value: half of it text, half of it noise.
fn value(i: u64) -> [u8; 100] {
    let mut value = [b'v'; 100];
    for (at, chunk) in value[50..].chunks_mut(8).enumerate() {
        chunk.copy_from_slice(&mix(i * 8 + at as u64).to_be_bytes()[..chunk.len()]);
    }
    value
}

fn mix(i: u64) -> u64 {
    let mut mixed = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 31)
}

fn ingest(store: &dyn Store, rows: u64) -> Result<()> {
    let begun = Instant::now();
    let mut run = store.sorted_run()?;
    let prefix = RowPrefix::new(StoreId(1), PartitionId(0), Incarnation(0));
    for i in 0..rows {
        let mut digits = [b'0'; 16];
        let (mut rest, mut at) = (i, 16);
        while rest > 0 {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        run.put(&[prefix.as_bytes(), &digits], &[&value(i)])?;
    }
    run.finish()?;
    rate("sorted ingest", rows, begun);
    Ok(())
}

/// Random keys that are there, or (with a byte more) are not.
fn gets(store: &Arc<dyn Store>, rows: u64, threads: u64, time: Duration, absent: bool) {
    let (total, cpu) = (AtomicU64::new(0), AtomicU64::new(0));
    let begun = Instant::now();
    thread::scope(|scope| {
        for thread in 0..threads {
            let (total, cpu) = (&total, &cpu);
            scope.spawn(move || {
                let mut key = key(0);
                let digits = key.len() - 16..key.len();
                if absent {
                    key.push(b'x');
                }
                let cpu_before = cpu_nanos();
                let (mut count, mut bytes) = (0_u64, 0);
                while begun.elapsed() < time {
                    for _ in 0..1_000 {
                        count += 1;
                        let mut i = mix(count * 2 + thread) % rows;
                        for digit in key[digits.clone()].iter_mut().rev() {
                            *digit = b'0' + (i % 10) as u8;
                            i /= 10;
                        }
                        store
                            .get_with(&key, Tier::Disk, &mut |value| bytes += value.map_or(0, <[u8]>::len))
                            .expect("a get answers");
                    }
                }
                assert_eq!(bytes, if absent { 0 } else { count as usize * 100 });
                total.fetch_add(count, Ordering::Relaxed);
                cpu.fetch_add(cpu_nanos() - cpu_before, Ordering::Relaxed);
            });
        }
    });
    let total = total.into_inner();
    rate(&format!("gets, each of {threads} threads"), total / threads, begun);
    println!("    per second of a thread's CPU: {:.0}", total as f64 / (cpu.into_inner() as f64 / 1e9));
}

/// Nanoseconds that this thread has run, which a busy machine does not distort; 0 where the system does not say.
fn cpu_nanos() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
}

fn scan(store: &dyn Store, rows: u64) -> Result<()> {
    let begun = Instant::now();
    let mut cursor = store.cursor(KeyRange::prefix(&[]), Order::Ascending)?;
    let mut count = 0;
    while cursor.next()?.is_some() {
        count += 1;
    }
    assert_eq!(count, rows, "a scan sees every row");
    rate("scan", rows, begun);
    Ok(())
}

fn writes(store: &dyn Store, rows: u64, count: u64) -> Result<()> {
    let begun = Instant::now();
    let mut batch = WriteBatch::default();
    for i in 0..count {
        batch.put(&key(mix(i) % rows), &value(i));
        if batch.len() == 1_000 {
            store.apply(&batch)?;
            batch.clear();
        }
    }
    store.apply(&batch)?;
    rate("random writes", count, begun);
    Ok(())
}

fn rate(what: &str, count: u64, begun: Instant) {
    println!("{what}: {:.0}/s", count as f64 / begun.elapsed().as_secs_f64());
}

fn print_usage(database: &RocksDatabase) {
    for (name, bytes) in database.usage() {
        print!("{name} {:.1} MiB  ", bytes as f64 / f64::from(1 << 20));
    }
    println!();
}
