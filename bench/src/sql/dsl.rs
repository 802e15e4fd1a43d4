//! The queries in the Rust DSL.
use lentic::topology::{Json, Plan, Topology};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Flight {
    id: i64,
    origin: String,
    delay: i32,
    note: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Carrier {
    name: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Late {
    id: i64,
    delay: i32,
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Totals {
    n: i64,
    total: i64,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Named {
    id: i64,
    delay: i32,
    name: String,
}

fn built(topology: &Topology) -> Plan {
    topology.build().unwrap_or_else(|errors| panic!("the topology can't be built: {errors:?}"))
}

pub fn late(query: &str) -> Plan {
    let topology = Topology::new(query);
    topology
        .stream::<String, Json<Flight>>("flights")
        .filter(|_, flight| flight.0.delay > 15)
        .map_values(|flight| Json(Late { id: flight.0.id, delay: flight.0.delay }))
        .to("late");
    built(&topology)
}

pub fn totals(query: &str) -> Plan {
    let topology = Topology::new(query);
    topology
        .stream::<String, Json<Flight>>("flights")
        .map(|_, flight| (flight.0.origin.clone(), Json(Late { id: flight.0.id, delay: flight.0.delay })))
        .group_by_key()
        .aggregate(
            "totals",
            || Json(Totals::default()),
            |_, late, totals| {
                let Json(Totals { n, total }) = totals;
                Json(Totals { n: n + 1, total: total + i64::from(late.0.delay) })
            },
        )
        .to_stream()
        .to("totals");
    built(&topology)
}

pub fn named(query: &str) -> Plan {
    let topology = Topology::new(query);
    let carriers = topology.table::<String, Json<Carrier>>("carriers");
    topology
        .stream::<String, Json<Flight>>("flights")
        .join_table(&carriers, |flight, carrier| {
            Json(Named { id: flight.0.id, delay: flight.0.delay, name: carrier.0.name.clone() })
        })
        .to("named");
    built(&topology)
}
