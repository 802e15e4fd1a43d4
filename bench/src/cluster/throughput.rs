//! Reads of one node against those of three on the same processors, by clients that ask anybody and by clients that know the way.
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::Cluster;
use super::service::{Service, TABLE};
use crate::dataset::{self, Produce};
use crate::http::Connection;

const CLIENTS: u64 = 24;
const PARTITIONS: u32 = 12;

pub fn run(cluster: &Cluster) -> Result<()> {
    for names in [&["a"][..], &["a", "b", "c"]] {
        let mut service = Service::new(cluster, "throughput", &["--num-standby-replicas", "0"])?;
        let topic = service.topic();
        let rows = cluster.rows.min(200_000);
        Produce::again(&cluster.brokers, &topic, rows, PARTITIONS)?;
        for name in names {
            service.start(name)?;
        }
        service.declare("a", &topic, PARTITIONS)?;
        service.settle(0)?;
        let addresses = names.iter().map(|name| service.address(name)).collect::<Result<Vec<_>>>()?;
        let anybody = vec![addresses.clone(); PARTITIONS as usize];
        let nodes = names.len();
        println!(
            "throughput.nodes_{nodes}.anybody.requests_per_second={:.0}",
            reads(cluster, rows, &anybody)?
        );
        if nodes > 1 {
            let owners = owners(&service)?;
            println!(
                "throughput.nodes_{nodes}.owner.requests_per_second={:.0}",
                reads(cluster, rows, &owners)?
            );
        }
    }
    Ok(())
}

fn partition(key: &str) -> usize {
    lentic_types::Partitioner::Murmur2.partition(key.as_bytes(), PARTITIONS).0 as usize
}

/// Of each partition.
fn owners(service: &Service) -> Result<Vec<Vec<SocketAddr>>> {
    let mut owners = BTreeMap::new();
    for key in (0..).map(dataset::key) {
        if owners.len() == PARTITIONS as usize {
            break;
        }
        if let std::collections::btree_map::Entry::Vacant(place) = owners.entry(partition(&key)) {
            place.insert(vec![service.address(&service.owner("a", &key)?)?]);
        }
    }
    Ok(owners.into_values().collect())
}

/// Requests per second of all clients together; `ways`: the nodes that are asked for each partition.
fn reads(cluster: &Cluster, rows: u64, ways: &[Vec<SocketAddr>]) -> Result<f64> {
    let stop = AtomicBool::new(false);
    let read = |client: u64| -> Result<u64> {
        let mut connections: BTreeMap<SocketAddr, Connection> = BTreeMap::new();
        let (mut state, mut answered) = (client, 0);
        while !stop.load(Ordering::Relaxed) {
            state = dataset::scramble(state.wrapping_add(0x9e37_79b9_7f4a_7c15));
            let key = dataset::key(state % rows);
            let way = &ways[partition(&key)];
            let address = way[(state >> 40) as usize % way.len()];
            let connection = match connections.entry(address) {
                std::collections::btree_map::Entry::Occupied(open) => open.into_mut(),
                std::collections::btree_map::Entry::Vacant(place) => place.insert(Connection::open(address)?),
            };
            let answer = connection.request("GET", &format!("/v1/tables/{TABLE}/rows/{key}"), "", b"")?;
            ensure!(answer.status == 200, "{key}: {}", answer.status);
            answered += 1;
        }
        Ok(answered)
    };
    let began = Instant::now();
    let answered = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|client| scope.spawn(move || read(client))).collect();
        std::thread::sleep(Duration::from_secs(cluster.seconds));
        stop.store(true, Ordering::Relaxed);
        let mut answered = 0;
        for client in clients {
            answered += client.join().map_err(|_| anyhow::anyhow!("a client panicked"))??;
        }
        anyhow::Ok(answered)
    })?;
    Ok(answered as f64 / began.elapsed().as_secs_f64())
}
