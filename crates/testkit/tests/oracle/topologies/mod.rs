//! The twins, by family.
mod aggregation;
mod foreign_key;
mod processor;
mod stateless;
mod stream_join;
mod stream_table_join;
mod suppression;
mod table;
mod table_aggregation;
mod table_join;
mod timestamp;
mod versioned;
mod window;
mod window_close;

use crate::schedule::Schedule;
use crate::trace::{Action, Trace};
use crate::twin::Twin;

/// Topologies that have something in common.
pub struct Family {
    pub name: &'static str,
    /// The twin of a topology, if it belongs here.
    pub twin: fn(&str) -> Option<Twin>,
    /// Whether the answer does not depend on one stream time for all keys.
    divides: bool,
}

pub const FAMILIES: [Family; 14] = [
    Family { name: "stateless", twin: stateless::twin, divides: true },
    Family { name: "aggregations", twin: aggregation::twin, divides: true },
    Family { name: "table_aggregations", twin: table_aggregation::twin, divides: true },
    Family { name: "windows", twin: window::twin, divides: false },
    Family { name: "windows_on_close", twin: window_close::twin, divides: false },
    Family { name: "suppression", twin: suppression::twin, divides: false },
    Family { name: "stream_joins", twin: stream_join::twin, divides: false },
    Family { name: "stream_table_joins", twin: stream_table_join::twin, divides: true },
    Family { name: "table_joins", twin: table_join::twin, divides: true },
    Family { name: "foreign_keys", twin: foreign_key::twin, divides: true },
    Family { name: "tables", twin: table::twin, divides: true },
    Family { name: "versioned_tables", twin: versioned::twin, divides: false },
    Family { name: "processors", twin: processor::twin, divides: false },
    Family { name: "timestamps", twin: timestamp::twin, divides: false },
];

/// Whether a schedule leaves the answer to a trace as it is.
pub fn allows(trace: &Trace, schedule: Schedule) -> bool {
    let topology = trace.topology.as_str();
    let family = FAMILIES.iter().find(|family| (family.twin)(topology).is_some());
    if DIFFERENT_ON_PURPOSE.contains(&trace.name.as_str()) {
        return false;
    }
    let has_wall = trace.steps.iter().any(|step| matches!(step.action, Action::Wall(_)));
    match schedule {
        Schedule::Plain | Schedule::Commits => true,
        Schedule::FullCache => family.is_some_and(|family| !RESULTS_OF_DELETES.contains(&family.name)),
        // Schedules by the wall clock begin anew at a start, and so do counts that processors keep to themselves.
        _ if has_wall || COUNTS.contains(&topology) => false,
        // What is lost on the disk of a task with an error is beside the point.
        Schedule::Restarts | Schedule::LostState | Schedule::Crash => true,
        Schedule::FourPartitions => {
            family.is_some_and(|family| family.divides)
                && !ONE_TIME.iter().any(|prefix| topology.starts_with(prefix))
                && !trace.steps.iter().any(|step| step.fails)
        }
    }
}

/// Traces that are not followed. A record with a null key can't wait in Kafka Streams' buffer, which fails on it; ours is
/// joined at once, as without grace.
const DIFFERENT_ON_PURPOSE: [&str; 1] = ["st-left-grace.null-key"];

/// Families in whose traces a delete of a row that nobody was told of leads to results, mostly those of before again: with a
/// cache it is not told.
const RESULTS_OF_DELETES: [&str; 5] =
    ["tables", "table_joins", "foreign_keys", "suppression", "versioned_tables"];

/// Topologies whose functions count their calls in memory.
const COUNTS: [&str; 3] =
    ["process-two-punctuators", "table-transform-values", "table-transform-values-stored"];

/// Topologies of dividing families that go by one stream time, or by one order of all records, nevertheless.
const ONE_TIME: [&str; 6] =
    ["cogroup-", "st-inner-", "st-left-", "fk-inner-versioned", "fk-left-versioned", "versioned-group-by"];
