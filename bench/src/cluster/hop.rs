//! What it costs to ask a node that has to ask another one.
use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};

use super::Cluster;
use super::service::{Service, TABLE};
use crate::dataset;
use crate::http::Connection;
use crate::latency::Latencies;

const REQUESTS: u64 = 5_000;

pub fn run(cluster: &Cluster) -> Result<()> {
    let mut service = Service::new(cluster, "hop", &["--num-standby-replicas", "0"])?;
    for name in ["a", "b"] {
        service.start(name)?;
    }
    service.declare("a", &service.topic(), 6)?;
    service.settle(0)?;
    let is_of_a = |n: &u64| service.owner("a", &dataset::key(*n)).is_ok_and(|owner| owner == "a");
    let n = (0..200).find(is_of_a).context("a owns no key")?;
    let path = format!("/v1/tables/{TABLE}/rows/{}", dataset::key(n));
    let value = dataset::value(n, 100);
    for (way, name) in [("local", "a"), ("forwarded", "b")] {
        let address = service.address(name)?;
        let puts = latencies(address, "PUT", &path, value.as_bytes(), REQUESTS / 5)?;
        println!("hop.put.{way} {puts}");
        println!("hop.get.{way} {}", latencies(address, "GET", &path, b"", REQUESTS)?);
    }
    Ok(())
}

fn latencies(address: SocketAddr, method: &str, path: &str, body: &[u8], count: u64) -> Result<Latencies> {
    let mut connection = Connection::open(address)?;
    Latencies::measure(count, |_| {
        let answer = connection.request(method, path, "", body)?;
        ensure!(answer.status < 300, "{method} {path}: {}", answer.status);
        Ok(())
    })
}
