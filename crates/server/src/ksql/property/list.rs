//! `LIST PROPERTIES`.
use std::collections::BTreeMap;

use lentic::config::Config;
use lentic_ksql_api::entity::Setting;

use super::is_fixed;
use super::known::{KNOWN, Level, find};

/// All of them with their values, by name; `given` is what holds.
pub(crate) fn listed(given: &BTreeMap<String, String>, service: &str, config: &Config) -> Vec<Setting> {
    let mut all: BTreeMap<String, String> =
        KNOWN.iter().map(|known| (known.name.to_owned(), known.standard())).collect();
    all.extend(of_node(service, config).into_iter().map(|(name, value)| (name.to_owned(), value)));
    for (name, value) in given {
        // Without the prefix it is the same property.
        let name = find(name).map_or(name.as_str(), |known| known.name);
        all.insert(name.to_owned(), value.clone());
    }
    all.into_iter().map(|(name, value)| setting(name, value)).collect()
}

/// What the node's own configuration says, by ksqlDB's names.
fn of_node(service: &str, config: &Config) -> [(&'static str, String); 8] {
    [
        ("ksql.query.pull.enable.standby.reads", "true".to_owned()),
        ("ksql.service.id", service.to_owned()),
        ("ksql.streams.bootstrap.servers", config.bootstrap_servers().unwrap_or_default()),
        ("ksql.streams.commit.interval.ms", config.commit_interval_ms.to_string()),
        ("ksql.streams.num.standby.replicas", config.num_standby_replicas.to_string()),
        ("ksql.streams.num.stream.threads", config.num_stream_threads.to_string()),
        ("ksql.streams.processing.guarantee", "exactly_once_v2".to_owned()),
        ("ksql.streams.state.dir", config.data_dir.join("state").display().to_string()),
    ]
}

fn setting(name: String, value: String) -> Setting {
    let editable = !is_fixed(&name);
    // What is nobody's here is one query's, as far as it is anything's.
    let level = find(&name).map_or(Level::Query, |known| known.level);
    let level = if editable && level == Level::Query { "QUERY" } else { "SERVER" };
    Setting {
        name,
        scope: "KSQL".to_owned(),
        value: (!value.is_empty()).then_some(value),
        editable: Some(editable),
        level: Some(level.to_owned()),
    }
}

/// The names of those that nobody gave.
pub(crate) fn defaults(given: &BTreeMap<String, String>) -> Vec<String> {
    let given: Vec<_> = given.keys().filter_map(|name| find(name)).map(|known| known.name).collect();
    let names = KNOWN.iter().map(|known| known.name).filter(|name| !given.contains(name));
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_is_told() {
        let given = [("auto.offset.reset", "earliest"), ("ksql.functions.collect_set.limit", "7")];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let all = listed(&given, "orders_", &Config::default());
        for (name, value, editable, level) in [
            ("ksql.streams.auto.offset.reset", Some("earliest"), true, "QUERY"),
            ("ksql.functions.collect_list.limit", Some("1000"), true, "QUERY"),
            ("ksql.functions.collect_set.limit", Some("7"), true, "QUERY"),
            ("ksql.service.id", Some("orders_"), false, "SERVER"),
            ("ksql.streams.num.stream.threads", Some("1"), false, "SERVER"),
            ("ksql.schema.registry.url", None, false, "SERVER"),
            ("ksql.error.classifier.regex", None, true, "SERVER"),
        ] {
            let found = all.iter().find(|setting| setting.name == name).unwrap_or_else(|| panic!("{name}"));
            let found = (found.value.as_deref(), found.editable, found.level.as_deref());
            assert_eq!(found, (value, Some(editable), Some(level)), "{name}");
        }
        assert!(!all.iter().any(|setting| setting.name == "auto.offset.reset"), "told once");
        let defaults = defaults(&given);
        assert!(defaults.iter().any(|name| name == "ksql.functions.collect_list.limit"));
        assert!(!defaults.iter().any(|name| name == "ksql.streams.auto.offset.reset"));
    }
}
