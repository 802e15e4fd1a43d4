//! ksqlDB's own properties that mean something here.
use lentic_sql::function;

/// Whether statements that go beyond ksqlDB are taken at its endpoints, too.
pub(crate) const EXTENSIONS: &str = "lentic.sql.extensions";

/// A property.
pub(super) struct Known {
    pub(super) name: &'static str,
    /// Without further ado; empty: none.
    default: &'static str,
    pub(super) kind: Kind,
    pub(super) level: Level,
}

/// What values it takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Switch,
    /// A whole number, not below 0.
    Number,
    Text,
    /// One of these.
    Choice(&'static [&'static str]),
}

/// What it is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// One query or statement: each may have its own.
    Query,
    /// The whole service, or the node.
    Server,
}

use Kind::{Choice, Number, Switch, Text};
use Level::{Query, Server};

const fn known(name: &'static str, default: &'static str, kind: Kind, level: Level) -> Known {
    Known { name, default, kind, level }
}

/// By name.
pub(super) const KNOWN: &[Known] = &[
    known("ksql.create.or.replace.enabled", "true", Switch, Query),
    known("ksql.error.classifier.regex", "", Text, Server),
    known("ksql.fail.on.deserialization.error", "false", Switch, Query),
    known("ksql.fail.on.production.error", "true", Switch, Query),
    known(COLLECT_LIST, "", Number, Query),
    known(COLLECT_SET, "", Number, Query),
    known("ksql.insert.into.values.enabled", "true", Switch, Query),
    known("ksql.logging.processing.rows.include", "false", Switch, Server),
    known("ksql.logging.processing.stream.auto.create", "false", Switch, Server),
    known("ksql.logging.processing.stream.name", "KSQL_PROCESSING_LOG", Text, Server),
    known("ksql.logging.processing.topic.auto.create", "false", Switch, Server),
    known("ksql.logging.processing.topic.name", "", Text, Server),
    known("ksql.output.topic.name.prefix", "", Text, Query),
    known("ksql.persistence.default.format.key", "KAFKA", Text, Query),
    known("ksql.persistence.default.format.value", "", Text, Query),
    known("ksql.persistence.wrap.single.values", "true", Switch, Query),
    known("ksql.persistent.prefix", "query_", Text, Server),
    known("ksql.pull.queries.enable", "true", Switch, Query),
    known("ksql.query.error.max.queue.size", "10", Number, Server),
    known("ksql.query.pull.limit.clause.enabled", "true", Switch, Query),
    known("ksql.query.pull.range.scan.enabled", "true", Switch, Query),
    known("ksql.query.pull.stream.enabled", "true", Switch, Query),
    known("ksql.query.pull.table.scan.enabled", "true", Switch, Query),
    known("ksql.query.retry.backoff.initial.ms", "15000", Number, Query),
    known("ksql.query.retry.backoff.max.ms", "900000", Number, Query),
    known("ksql.schema.registry.url", "", Text, Server),
    known("ksql.streams.auto.offset.reset", "latest", Choice(&["earliest", "latest", "none"]), Query),
    known("ksql.streams.max.task.idle.ms", "0", Number, Query),
    known("ksql.timestamp.throw.on.invalid", "false", Switch, Query),
    known("ksql.transient.prefix", "transient_", Text, Server),
    known("ksql.variable.substitution.enable", "true", Switch, Query),
    known(EXTENSIONS, "false", Switch, Query),
];

const COLLECT_LIST: &str = "ksql.functions.collect_list.limit";
const COLLECT_SET: &str = "ksql.functions.collect_set.limit";

/// The property of this name; those of Kafka Streams may go without `ksql.streams.`.
pub(super) fn find(name: &str) -> Option<&'static Known> {
    let is_it = |known: &&Known| known.name == name || known.name.strip_prefix("ksql.streams.") == Some(name);
    KNOWN.iter().find(is_it)
}

impl Known {
    /// What holds if nobody gives another value.
    pub(super) fn standard(&self) -> String {
        let aggregates = function::Settings::default();
        match self.name {
            COLLECT_LIST => aggregates.collect_list_limit.to_string(),
            COLLECT_SET => aggregates.collect_set_limit.to_string(),
            _ => self.default.to_owned(),
        }
    }

    /// What is wrong with a value, in Kafka's words.
    pub(super) fn check(&self, value: &str) -> Result<(), String> {
        let wrong =
            |what: &str| Err(format!("Invalid value {value} for configuration {}: {what}", self.name));
        match self.kind {
            Switch if !["true", "false"].iter().any(|known| value.eq_ignore_ascii_case(known)) => {
                wrong("Expected value to be either true or false")
            }
            Number if value.parse::<u64>().is_err() => wrong("Not a number that is not below 0"),
            Choice(all) if !all.iter().any(|known| value.eq_ignore_ascii_case(known)) => {
                wrong(&format!("String must be one of: {}", all.join(", ")))
            }
            _ => Ok(()),
        }
    }
}
