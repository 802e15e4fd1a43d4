//! Properties: which there are, and what each is without further ado.
use std::collections::BTreeMap;

use lentic::config::Config;
use lentic_ksql_api::entity::Setting;

/// ksqlDB's own properties that mean something here, with their defaults; empty: none.
const KNOWN: &[(&str, &str)] = &[
    ("ksql.create.or.replace.enabled", "true"),
    ("ksql.fail.on.deserialization.error", "false"),
    ("ksql.fail.on.production.error", "true"),
    ("ksql.functions.collect_list.limit", "2147483647"),
    ("ksql.functions.collect_set.limit", "2147483647"),
    ("ksql.insert.into.values.enabled", "true"),
    ("ksql.logging.processing.stream.auto.create", "false"),
    ("ksql.logging.processing.stream.name", "KSQL_PROCESSING_LOG"),
    ("ksql.logging.processing.topic.auto.create", "false"),
    ("ksql.logging.processing.topic.name", ""),
    ("ksql.output.topic.name.prefix", ""),
    ("ksql.persistence.default.format.key", "KAFKA"),
    ("ksql.persistence.default.format.value", ""),
    ("ksql.persistence.wrap.single.values", "true"),
    ("ksql.pull.queries.enable", "true"),
    ("ksql.query.pull.limit.clause.enabled", "true"),
    ("ksql.query.pull.range.scan.enabled", "true"),
    ("ksql.query.pull.stream.enabled", "true"),
    ("ksql.query.pull.table.scan.enabled", "true"),
    ("ksql.query.retry.backoff.initial.ms", "15000"),
    ("ksql.query.retry.backoff.max.ms", "900000"),
    ("ksql.streams.auto.offset.reset", "latest"),
    ("ksql.streams.max.task.idle.ms", "0"),
    ("ksql.timestamp.throw.on.invalid", "false"),
    ("ksql.variable.substitution.enable", "true"),
    (EXTENSIONS, "false"),
];

/// Whether statements that go beyond ksqlDB are taken at its endpoints, too.
pub(crate) const EXTENSIONS: &str = "lentic.sql.extensions";

/// Properties of the whole service: no request changes them.
const FIXED: &[&str] = &[
    "ksql.extension.dir",
    "ksql.service.id",
    "ksql.schema.registry.url",
    "ksql.streams.application.id",
    "ksql.streams.bootstrap.servers",
    "ksql.streams.num.stream.threads",
    "ksql.streams.state.dir",
    "application.id",
    "bootstrap.servers",
    "num.stream.threads",
    "state.dir",
];

/// Properties of Kafka's clients and of Kafka Streams; they are taken, and those that decide nothing here are ignored.
const KAFKA: &[&str] = &[
    "acceptable.recovery.lag",
    "acks",
    "application.id",
    "auto.commit.interval.ms",
    "auto.include.jmx.reporter",
    "auto.offset.reset",
    "batch.size",
    "bootstrap.servers",
    "buffer.memory",
    "buffered.records.per.partition",
    "built.in.metrics.version",
    "cache.max.bytes.buffering",
    "check.crcs",
    "client.dns.lookup",
    "client.id",
    "client.rack",
    "commit.interval.ms",
    "compression.type",
    "connections.max.idle.ms",
    "default.api.timeout.ms",
    "default.deserialization.exception.handler",
    "default.dsl.store",
    "default.key.serde",
    "default.production.exception.handler",
    "default.timestamp.extractor",
    "default.value.serde",
    "delivery.timeout.ms",
    "enable.auto.commit",
    "enable.idempotence",
    "exclude.internal.topics",
    "fetch.max.bytes",
    "fetch.max.wait.ms",
    "fetch.min.bytes",
    "group.id",
    "group.instance.id",
    "heartbeat.interval.ms",
    "interceptor.classes",
    "isolation.level",
    "key.deserializer",
    "key.serializer",
    "linger.ms",
    "max.block.ms",
    "max.in.flight.requests.per.connection",
    "max.partition.fetch.bytes",
    "max.poll.interval.ms",
    "max.poll.records",
    "max.request.size",
    "max.task.idle.ms",
    "max.warmup.replicas",
    "metadata.max.age.ms",
    "metric.reporters",
    "metrics.num.samples",
    "metrics.recording.level",
    "metrics.sample.window.ms",
    "num.standby.replicas",
    "num.stream.threads",
    "partition.assignment.strategy",
    "partitioner.class",
    "poll.ms",
    "probing.rebalance.interval.ms",
    "processing.guarantee",
    "receive.buffer.bytes",
    "reconnect.backoff.max.ms",
    "reconnect.backoff.ms",
    "repartition.purge.interval.ms",
    "replication.factor",
    "request.timeout.ms",
    "retries",
    "retry.backoff.ms",
    "rocksdb.config.setter",
    "security.protocol",
    "send.buffer.bytes",
    "session.timeout.ms",
    "state.cleanup.delay.ms",
    "state.dir",
    "statestore.cache.max.bytes",
    "task.timeout.ms",
    "topology.optimization",
    "transaction.timeout.ms",
    "transactional.id",
    "upgrade.from",
    "value.deserializer",
    "value.serializer",
    "window.size.ms",
    "windowed.inner.class.serde",
    "windowstore.changelog.additional.retention.ms",
];

/// Whether there is such a property.
pub(crate) fn is_known(name: &str) -> bool {
    let kafka = |name: &str| {
        let name = ["consumer.", "producer.", "admin.", "topic.", "main.consumer.", "restore.consumer."]
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix))
            .unwrap_or(name);
        KAFKA.contains(&name)
    };
    if name == EXTENSIONS {
        return true;
    }
    match name.strip_prefix("ksql.") {
        Some(own) => {
            own.strip_prefix("streams.").is_none_or(|streams| kafka(streams) || streams.contains('.'))
        }
        None => kafka(name),
    }
}

/// Whether no request may change it.
pub(crate) fn is_fixed(name: &str) -> bool {
    FIXED.contains(&name)
}

/// All of them with their values, by name; `given` is what holds.
pub(crate) fn listed(given: &BTreeMap<String, String>, service: &str, config: &Config) -> Vec<Setting> {
    let setting = |name: &str, value: &str, editable| Setting {
        name: name.to_owned(),
        scope: "KSQL".to_owned(),
        value: (!value.is_empty()).then(|| value.to_owned()),
        editable: Some(editable),
        level: Some(if editable { "QUERY" } else { "SERVER" }.to_owned()),
    };
    let mut all: BTreeMap<&str, Setting> = BTreeMap::new();
    for (name, value) in KNOWN {
        all.insert(name, setting(name, value, true));
    }
    let brokers = config.bootstrap_servers().unwrap_or_default();
    for (name, value) in [("ksql.service.id", service), ("ksql.streams.bootstrap.servers", &brokers)] {
        all.insert(name, setting(name, value, false));
    }
    for (name, value) in given {
        all.insert(name, setting(name, value, !is_fixed(name)));
    }
    all.into_values().collect()
}

/// The names of those that nobody gave.
pub(crate) fn defaults(given: &BTreeMap<String, String>) -> Vec<String> {
    let names = KNOWN.iter().map(|(name, _)| *name).filter(|name| !given.contains_key(*name));
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known() {
        for (name, known, fixed) in [
            ("auto.offset.reset", true, false),
            ("ksql.streams.auto.offset.reset", true, false),
            ("ksql.streams.consumer.auto.offset.reset", true, false),
            ("ksql.query.pull.table.scan.enabled", true, false),
            ("ksql.service.id", true, true),
            ("lentic.sql.extensions", true, false),
            ("bootstrap.servers", true, true),
            ("colour", false, false),
            ("ksql.streams.colour", false, false),
        ] {
            assert_eq!((is_known(name), is_fixed(name)), (known, fixed), "{name}");
        }
    }
}
