//! How long nobody answers for the keys of a node that was killed: with a copy elsewhere, and without.
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::Cluster;
use super::service::{Service, TABLE};
use crate::dataset;
use crate::http::Connection;

/// How long reads and writes are watched after a kill; without a copy the session and the rebuild have to be over.
const WATCHED: [(u32, Duration); 2] = [(1, Duration::from_secs(15)), (0, Duration::from_secs(25))];

const ROWS: u64 = 20_000;
const PARTITIONS: u32 = 6;

pub fn run(cluster: &Cluster) -> Result<()> {
    for (standbys, watched) in WATCHED {
        let (mut reads, mut writes) = (Vec::new(), Vec::new());
        let copies = standbys.to_string();
        let mut service = Service::new(cluster, "gap", &["--num-standby-replicas", &copies])?;
        for name in ["a", "b", "c"] {
            service.start(name)?;
        }
        service.declare("a", &service.topic(), PARTITIONS)?;
        fill(service.address("a")?)?;
        for _ in 0..cluster.kills {
            service.settle(standbys as usize)?;
            let owned = |victim| Some((victim, owned_by(&service, victim)?));
            let (victim, key) = ["b", "c"].into_iter().find_map(owned).context("a owns all keys")?;
            let (read, write) = kill(&mut service, victim, &key, watched)?;
            reads.push(read);
            writes.push(write);
            service.start(victim)?;
        }
        for (what, mut gaps) in [("read", reads), ("write", writes)] {
            gaps.sort_unstable();
            let shown: Vec<_> = gaps.iter().map(|gap| format!("{:.3}", gap.as_secs_f64())).collect();
            let median = gaps.get(gaps.len() / 2).map_or(f64::NAN, Duration::as_secs_f64);
            println!("gap.standbys_{standbys}.{what}.median_seconds={median:.3}");
            println!("gap.standbys_{standbys}.{what}.all={}", shown.join(","));
        }
    }
    Ok(())
}

fn fill(address: SocketAddr) -> Result<()> {
    let mut rows = String::new();
    for n in 0..ROWS {
        writeln!(rows, "{{\"key\":\"{}\",\"value\":{}}}", dataset::key(n), dataset::value(n, 100))?;
    }
    let path = format!("/v1/tables/{TABLE}/rows:load");
    let answer = Connection::open(address)?.request(
        "POST",
        &path,
        "Content-Type: application/x-ndjson\r\n",
        rows.as_bytes(),
    )?;
    anyhow::ensure!(answer.status == 200, "{}", String::from_utf8_lossy(&answer.body));
    Ok(())
}

fn owned_by(service: &Service, name: &str) -> Option<String> {
    (0..200).map(dataset::key).find(|key| service.owner("a", key).is_ok_and(|owner| owner == name))
}

/// The longest time between two answers around the kill, of reads and of writes through another node.
fn kill(service: &mut Service, victim: &str, key: &str, watched: Duration) -> Result<(Duration, Duration)> {
    let address = service.address("a")?;
    let path = format!("/v1/tables/{TABLE}/rows/{key}");
    let stop = AtomicBool::new(false);
    let gap = |method: &str, body: &[u8]| {
        let mut connection = None;
        let (mut last, mut longest) = (Instant::now(), Duration::ZERO);
        while !stop.load(Ordering::Relaxed) {
            let answered = answer(&mut connection, address, method, &path, body);
            if answered {
                longest = longest.max(last.elapsed());
                last = Instant::now();
                std::thread::sleep(Duration::from_millis(2));
            } else {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        longest.max(last.elapsed())
    };
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| gap("GET", b""));
        let writer = scope.spawn(|| gap("PUT", b"{\"n\":1}"));
        std::thread::sleep(Duration::from_secs(1));
        let killed = service.kill(victim);
        std::thread::sleep(watched);
        stop.store(true, Ordering::Relaxed);
        let (read, write) = (reader.join(), writer.join());
        killed?;
        let panicked = |_| anyhow::anyhow!("a client panicked");
        Ok((read.map_err(panicked)?, write.map_err(panicked)?))
    })
}

/// A write counts as answered when it was applied: read back by whoever asks.
fn answer(
    connection: &mut Option<Connection>,
    address: SocketAddr,
    method: &str,
    path: &str,
    body: &[u8],
) -> bool {
    if connection.is_none() {
        *connection = Connection::open(address).ok();
    }
    let Some(open) = connection else { return false };
    match open.request(method, path, "Content-Type: application/json\r\nLentic-Timeout: 500ms\r\n", body) {
        Ok(answer) => answer.status < 300,
        Err(_) => {
            *connection = None;
            false
        }
    }
}
