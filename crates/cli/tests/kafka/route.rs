//! The rule by which smart clients find a key's node, computed here by what docs/cluster.md says.
use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::Kafka;
use crate::harness::{Request, until};
use crate::nodes::{Cluster, array};

const PARTITIONS: u32 = 6;
const SHARDS: u64 = 8;

fn murmur2(key: &[u8]) -> u32 {
    let m = 0x5bd1_e995_u32;
    let mut h = 0x9747_b28c_u32 ^ key.len() as u32;
    let mut words = key.chunks_exact(4);
    for word in &mut words {
        let mut k = u32::from_le_bytes([word[0], word[1], word[2], word[3]]).wrapping_mul(m);
        k = (k ^ (k >> 24)).wrapping_mul(m);
        h = h.wrapping_mul(m) ^ k;
    }
    let rest = words.remainder();
    if !rest.is_empty() {
        for (place, byte) in rest.iter().enumerate() {
            h ^= u32::from(*byte) << (8 * place);
        }
        h = h.wrapping_mul(m);
    }
    h = (h ^ (h >> 13)).wrapping_mul(m);
    h ^ (h >> 15)
}

/// IEEE, bit by bit.
fn crc32(key: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in key {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1));
        }
    }
    !crc
}

fn fnv1a(key: &[u8]) -> u32 {
    key.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

fn partition(partitioner: &str, key: &[u8]) -> u32 {
    match partitioner {
        "murmur2" => (murmur2(key) & 0x7fff_ffff) % PARTITIONS,
        "crc32" => crc32(key) % PARTITIONS,
        "fnv1a" => ((fnv1a(key) as i32) % PARTITIONS as i32).unsigned_abs(),
        other => panic!("{other}"),
    }
}

fn shard(table: &str, partition: u32) -> u64 {
    let hash = xxhash_rust::xxh3::xxh3_64(&[table.as_bytes(), b"\0table"].concat());
    hash.wrapping_add(u64::from(partition)) % SHARDS
}

/// The bytes in the topic of a key as clients write it.
fn bytes(format: &str, key: &str) -> Vec<u8> {
    match format {
        "int" => key.parse::<i32>().expect("a number").to_be_bytes().to_vec(),
        "bigint" => key.parse::<i64>().expect("a number").to_be_bytes().to_vec(),
        _ => key.as_bytes().to_vec(),
    }
}

fn named(nodes: &Value) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    array(nodes).iter().map(|node| (text(&node["node"]), text(&node["role"]))).collect()
}

/// Through every node the route of a key is the partition, and the nodes, that the rule says, the owner first; and where a client
/// goes by it the owner answers.
#[test]
fn keys_are_where_the_rule_says() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut cluster = Cluster::new(&kafka);
    for name in ["a", "b", "c"] {
        cluster.start(name);
    }
    cluster.settle();
    for (partitioner, format) in
        [("murmur2", "string"), ("crc32", "bigint"), ("fnv1a", "int"), ("murmur2", "int")]
    {
        let table = format!("{partitioner}-{format}");
        let topic = format!("{}-{table}", cluster.service);
        cluster.node("a").declare(&json!({"name": table, "topic": topic, "key": format, "value": "json",
            "partitions": PARTITIONS, "partitioner": partitioner}));
        for node in cluster.nodes.values() {
            until("the table to be known", || {
                (node.get(&format!("/v1/tables/{table}")).send().status == 200).then_some(())
            });
        }
        let mut partitions = BTreeSet::new();
        for number in 0..30 {
            let key = if format == "string" {
                format!("key-{number}")
            } else {
                format!("{}", number * 7919 - 50_000)
            };
            let expected = partition(partitioner, &bytes(format, &key));
            partitions.insert(expected);
            cluster.node(["a", "b", "c"][number as usize % 3]).put_row(&table, &key, &number.to_string());
            for (name, node) in &cluster.nodes {
                let path = format!("/v1/tables/{table}/route?key={key}");
                // Copies are placed after their owners.
                until("all holders to be told", || {
                    let route = node.get(&path).send().expect(200).json();
                    assert_eq!(route["partitioner"], json!(partitioner));
                    if route["partition"].is_null() {
                        // Its other holders have not told yet that all keys lie so.
                        return None;
                    }
                    assert_eq!(route["partition"], json!(expected), "{key} of {table} through {name}");
                    let told = node.get("/v1/cluster").send().expect(200).json();
                    let held = &told["shards"][shard(&table, expected) as usize];
                    let nodes = array(&route["nodes"]);
                    let is_whole = named(&route["nodes"]) == named(&held["nodes"]) && nodes.len() == 2;
                    let roles: Vec<_> =
                        nodes.iter().map(|node| node["role"].as_str().unwrap_or_default()).collect();
                    (is_whole && roles == ["active", "standby"]).then_some(())
                });
                let route = node.get(&path).send().expect(200).json();
                let url = format!(
                    "{}/v1/tables/{table}/rows/{key}",
                    route["nodes"][0]["url"].as_str().expect("a URL")
                );
                // An owner that was slow to prove itself answers as a copy does.
                let read = until("the owner to answer as such", || {
                    let read = Request::new("GET", url.clone()).send().expect(200);
                    assert_eq!(read.text(), number.to_string(), "{key}");
                    (read.header("lentic-role") == Some("active")).then_some(read)
                });
                let token = read.header("etag").expect("a tag").to_owned();
                assert!(token.contains(&format!("/{expected}@")), "{token}");
            }
        }
        assert!(partitions.len() > 3, "{partitions:?}");
    }
}
