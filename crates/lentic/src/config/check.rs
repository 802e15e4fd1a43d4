//! Settings that don't go together.
use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use lentic_types::TopicName;

use super::Config;
use super::settings::kept_partition;

/// Everything that is wrong with a configuration, one sentence each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Never empty.
    pub problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

impl std::error::Error for ConfigError {}

pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    let mut problems = Vec::new();
    let mut refuse = |wrong: bool, problem: String| {
        if wrong {
            problems.push(problem);
        }
    };
    refuse(
        !config.listen.ip().is_loopback() && config.token_file.is_none() && !config.insecure,
        format!(
            "listen = {} is reachable from other machines: name a token_file, or say insecure = true to serve \
             anybody who can reach it",
            config.listen
        ),
    );
    check_peers(config, &mut refuse);
    check_certificate(config, &mut refuse);
    refuse(
        config.default_page_rows > config.max_page_rows,
        format!(
            "default_page_rows = {} is more than max_page_rows = {}",
            config.default_page_rows, config.max_page_rows
        ),
    );
    refuse(
        config.request_timeout_ms > config.max_request_timeout_ms,
        format!(
            "request_timeout_ms = {} is more than max_request_timeout_ms = {}",
            config.request_timeout_ms, config.max_request_timeout_ms
        ),
    );
    refuse(
        config.max_value_bytes > config.max_body_bytes || config.max_value_bytes > config.max_line_bytes,
        format!(
            "max_value_bytes = {} is more than max_body_bytes = {} or max_line_bytes = {} lets in",
            config.max_value_bytes, config.max_body_bytes, config.max_line_bytes
        ),
    );
    for (name, value) in [("service_id", Some(&config.service_id)), ("node_id", config.node_id.as_ref())] {
        // Both become parts of names of topics, groups and transactional ids.
        let wrong = value.filter(|value| value.len() > 200 || TopicName::new(value).is_err());
        if let Some(value) = wrong {
            refuse(
                true,
                format!("{name} = {value:?}: use 1 to 200 of the characters a-z, A-Z, 0-9, '.', '_' and '-'"),
            );
        }
    }
    if let Some(Err(why)) = config.dead_letter_topic.as_deref().map(TopicName::new) {
        refuse(true, format!("dead_letter_topic: {why}"));
    }
    for kept in config.kept_partitions.iter().filter(|kept| kept_partition(kept).is_none()) {
        refuse(true, format!("kept_partitions: {kept:?} is no table/partition, for example planes/0"));
    }
    refuse(
        config.kafka.0.contains_key("bootstrap.servers"),
        "[kafka] names bootstrap.servers: use the setting brokers".to_owned(),
    );
    let mut names = BTreeSet::new();
    for table in &config.tables {
        refuse(!names.insert(&table.name), format!("[[tables]] declares {} twice", table.name));
        refuse(
            table.partitions == Some(0),
            format!("[[tables]] {}: partitions = 0, use 1 or more", table.name),
        );
        if let Some(Err(why)) = table.window.map(|window| window.check()) {
            refuse(true, format!("[[tables]] {}: window: {why}", table.name));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(ConfigError { problems }) }
}

/// What clients are shown.
fn check_certificate(config: &Config, refuse: &mut impl FnMut(bool, String)) {
    let missing = match (&config.certificate_file, &config.key_file) {
        (Some(_), None) => Some(("key_file", "certificate_file")),
        (None, Some(_)) => Some(("certificate_file", "key_file")),
        _ => None,
    };
    if let Some((missing, named)) = missing {
        refuse(true, format!("TLS for clients takes two files: name {missing} beside {named}"));
    }
}

/// By what the nodes of a cluster know each other.
fn check_peers(config: &Config, refuse: &mut impl FnMut(bool, String)) {
    let files = [
        ("peer_certificate_file", &config.peer_certificate_file),
        ("peer_key_file", &config.peer_key_file),
        ("peer_ca_file", &config.peer_ca_file),
    ];
    let (named, missing): (Vec<_>, Vec<_>) = files.into_iter().partition(|(_, file)| file.is_some());
    let names = |files: &[(&str, &Option<PathBuf>)]| {
        let names: Vec<_> = files.iter().map(|(name, _)| *name).collect();
        names.join(" and ")
    };
    refuse(
        !named.is_empty() && !missing.is_empty(),
        format!("TLS between nodes takes three files: name {} beside {}", names(&missing), names(&named)),
    );
    refuse(
        config.peer_mtls && named.is_empty(),
        format!("peer_mtls = true takes certificates: name {}", names(&missing)),
    );
    // The embedded log has no other nodes.
    if !config.brokers.is_empty() {
        let address = config.peer_listen.map_or(config.listen.ip(), |address| address.ip());
        if let Some(problem) = config.unguarded_peers(address) {
            refuse(true, problem);
        }
    }
}
