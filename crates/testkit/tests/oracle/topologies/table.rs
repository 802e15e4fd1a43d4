//! Tables, row by row.
use lentic_topology::spec::ProcessError;
use lentic_topology::{ProcessContext, Processor, Stream, StreamRecord};

use crate::twin::Twin;
use crate::words::{Text, letter, low, pair, starts};

pub fn twin(name: &str) -> Option<Twin> {
    unstored(name).or_else(|| stored(name))
}

fn unstored(name: &str) -> Option<Twin> {
    let mut twin = Twin::new();
    match name {
        "table-source-unstored" => {
            let table = twin.topology.table::<String, String>("in");
            Some(twin.out(&table))
        }
        "table-filter-unstored" => {
            let table = twin.topology.table::<String, String>("in").filter(|_, v| low(Some(v)));
            Some(twin.out(&table))
        }
        "table-filter-stored-only" => {
            let table = twin.topology.table::<String, String>("in").filter(|_, v| low(Some(v)));
            twin.rows::<String>("filtered");
            Some(twin.out(&table.materialize("filtered")))
        }
        _ => None,
    }
}

fn stored(name: &str) -> Option<Twin> {
    let mut twin = Twin::new();
    let table = twin.table("in", "in-store");
    let paired = |k: &String, v: &String| pair(Some(k), Some(v));
    Some(match name {
        "table-source" => twin.out(&table),
        "table-filter" => twin.out(&table.filter(|_, v| low(Some(v)))),
        "table-filter-stored" => {
            twin.rows::<String>("filtered");
            twin.out(&table.filter(|_, v| low(Some(v))).materialize("filtered"))
        }
        "table-filter-not" => twin.out(&table.filter_not(|_, v| low(Some(v)))),
        "table-filter-not-stored" => {
            twin.rows::<String>("filtered");
            twin.out(&table.filter_not(|_, v| low(Some(v))).materialize("filtered"))
        }
        "table-filter-grouped" => {
            let filtered = table.filter(|_, v| low(Some(v)));
            let mut twin = twin.out(&filtered);
            twin.rows::<i64>("counts");
            let counts = filtered.group_by(|_, v| (letter(Some(v)), v.clone())).count("counts");
            twin.to(&counts.to_stream(), "counted");
            twin
        }
        "table-map-values" => twin.out(&table.map_values_with_key(paired)),
        "table-map-values-stored" => {
            twin.rows::<String>("mapped");
            twin.out(&table.map_values_with_key(paired).materialize("mapped"))
        }
        "table-map-values-null" => {
            twin.rows::<Text>("mapped");
            let mapped = table.map_values(|v| (!starts(Some(v), 'f')).then(|| format!("{v}!")));
            twin.out(&mapped.materialize("mapped"))
        }
        "table-transform-values" => {
            let transformed = numbered(&table.to_stream());
            twin.to(&transformed, "out");
            twin
        }
        "table-transform-values-stored" => {
            twin.rows::<String>("transformed");
            let transformed = numbered(&table.to_stream());
            twin.out(&transformed.to_table().materialize("transformed"))
        }
        "table-chain" => {
            twin.rows::<String>("last");
            let filtered = table.map_values(|v| format!("{v}!")).filter(|_, v| low(Some(v)));
            twin.out(&filtered.map_values(|v| format!("{v}?")).materialize("last"))
        }
        _ => return None,
    })
}

/// Numbers the values that come by, tombstones included.
struct Numbers(u64);

impl Processor<String, String, String, String> for Numbers {
    fn process(
        &mut self,
        context: &mut ProcessContext<'_, String, String>,
        record: StreamRecord<String, String>,
    ) -> Result<(), ProcessError> {
        self.0 += 1;
        let paired = pair(record.key.as_deref(), record.value.as_deref());
        context.forward(StreamRecord { value: Some(format!("{paired}#{}", self.0)), ..record })
    }
}

fn numbered(changes: &Stream<String, String>) -> Stream<String, String> {
    changes.process_values("numbered", &[], || Numbers(0))
}
