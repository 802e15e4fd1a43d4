//! Delays by carrier and hour, of flights joined with their airlines and planes, on real data: every flight of an excerpt
//! goes through the topology, late ones too.
//!
//! ```sh
//! cargo run --example flights
//! curl 'localhost:8088/v1/tables/delays/rows/United%20Air%20Lines%20Inc.'
//! curl localhost:8088/v1/tables/by_maker
//! ```
use std::io::Read;
use std::time::Duration;

use lentic::Node;
use lentic::config;
use lentic::log::RecordRef;
use lentic::topology::{Consumed, JsonData, TimeWindows, Topology};
use lentic::types::{Partitioner, Timestamp, TopicName};
use serde::{Deserialize, Serialize};

/// A flight that left.
#[derive(Clone, Serialize, Deserialize)]
struct Flight {
    carrier: String,
    tailnum: String,
    delay_min: i64,
    /// Milliseconds since the epoch.
    at: i64,
}

impl JsonData for Flight {}

/// What an hour of a carrier was like.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Delays {
    flights: i64,
    minutes: i64,
    worst: i64,
}

impl JsonData for Delays {}

fn topology() -> Topology {
    let topology = Topology::new("flights");
    let airlines = topology.global_table::<String, String>("airlines");
    let planes = topology.table::<String, String>("planes");
    let by_time = Consumed::new().timestamp_of(|flight: &Flight| flight.at);
    let flights = topology.stream_with::<String, Flight>(&["flights"], by_time);

    // Delays by airline and hour; an hour takes flights that are told of up to a day late.
    flights
        .join_global(
            &airlines,
            |_, flight| flight.carrier.clone(),
            |flight, airline| (airline.clone(), flight.delay_min),
        )
        .map(|_, (airline, delay)| (airline.clone(), *delay))
        .group_by_key()
        .windowed_by(TimeWindows::tumbling(Duration::from_hours(1)).grace(Duration::from_hours(24)))
        .aggregate("delays", Delays::default, |_, delay, so_far: Delays| Delays {
            flights: so_far.flights + 1,
            minutes: so_far.minutes + delay.max(&0),
            worst: so_far.worst.max(*delay),
        });

    // Flights by the maker of the plane, which is known by its tail number.
    flights
        .select_key(|_, flight| flight.tailnum.clone())
        .join_table(&planes, |_, maker| maker.clone())
        .group_by(|_, maker| maker.clone())
        .count("by_maker");
    topology
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = config::resolve(None, std::env::vars(), [])?.config;
    let node = Node::open(config)?;
    // Before the query runs: it starts when it has read the global table to its end, and flights without an airline are left out.
    node.open_table::<String, String>("airlines")?;
    node.open_table::<String, String>("planes")?;
    send(&node, "airlines", rows("airlines")?.iter().map(|row| (row[0].clone(), row[1].clone())))?;
    send(&node, "planes", rows("planes")?.iter().map(|row| (row[0].clone(), row[3].clone())))?;
    let query = node.run(&topology())?;
    query.wait_running(Duration::from_secs(30));
    send(&node, "flights", flights()?)?;
    Ok(lentic_server::serve(node)?)
}

/// The flights that left, in no particular order.
fn flights() -> Result<Vec<(String, String)>, Box<dyn std::error::Error>> {
    let mut flights = Vec::new();
    for row in rows("flights")? {
        let Ok(delay_min) = row[5].parse() else { continue };
        let hour: i64 = row[16].parse()?;
        let day: i64 = row[2].parse()?;
        let at = 1_356_998_400_000 + ((day - 1) * 24 + hour) * 3_600_000;
        let flight = Flight { carrier: row[9].clone(), tailnum: row[11].clone(), delay_min, at };
        flights.push((format!("{}{}", row[9], row[10]), serde_json::to_string(&flight)?));
    }
    Ok(flights)
}

/// Writes keys and values to a topic.
fn send(
    node: &Node,
    topic: &str,
    records: impl IntoIterator<Item = (String, String)>,
) -> Result<(), Box<dyn std::error::Error>> {
    let (log, topic) = (node.log(), TopicName::new(topic)?);
    let partitions = log.topic(&topic)?.map_or(1, |topic| topic.partitions);
    let mut sender = log.sender()?;
    for (key, value) in records {
        sender.send(&RecordRef {
            topic: &topic,
            partition: Partitioner::Murmur2.partition(key.as_bytes(), partitions),
            key: Some(key.as_bytes()),
            value: Some(value.as_bytes()),
            timestamp: Timestamp(0),
            headers: &[],
        })?;
    }
    sender.flush(Duration::from_secs(30))?;
    Ok(())
}

/// The rows of an excerpt of `demo/data`.
fn rows(name: &str) -> Result<Vec<Vec<String>>, Box<dyn std::error::Error>> {
    let path = format!("{}/../../demo/data/{name}.csv.gz", env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path)?).read_to_string(&mut text)?;
    let lines = text.lines().skip(1);
    Ok(lines.map(|line| line.split(',').map(|field| field.trim_matches('"').to_owned()).collect()).collect())
}
