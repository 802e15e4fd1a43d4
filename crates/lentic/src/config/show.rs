//! The effective configuration as people see it: every value with its origin, secrets masked.
use std::fmt::Write as _;

use super::KafkaProperties;
use super::resolve::{Origin, Resolved};
use super::settings::SETTINGS;

/// What stands for a secret.
pub const MASK: &str = "********";

/// A line of the effective configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The heading it belongs under; `kafka` and `tables` for those.
    pub group: &'static str,
    /// The setting, property or table.
    pub name: String,
    /// `None`: unset.
    pub value: Option<toml::Value>,
    /// Where it comes from.
    pub origin: Origin,
}

/// All settings in their order, then the properties, then the tables.
pub fn effective(resolved: &Resolved) -> Vec<Entry> {
    let origin = |name: &str| resolved.origins.get(name).cloned().unwrap_or(Origin::Default);
    let settings = SETTINGS.iter().map(|setting| Entry {
        group: setting.group,
        name: setting.name.to_owned(),
        value: (setting.get)(&resolved.config),
        origin: origin(setting.name),
    });
    let properties = resolved.config.kafka.0.iter().map(|(name, value)| Entry {
        group: "kafka",
        name: name.clone(),
        value: Some(toml::Value::String(
            if KafkaProperties::is_secret(name) { MASK } else { value }.to_owned(),
        )),
        origin: origin(&format!("kafka.{name}")),
    });
    let tables = resolved.config.tables.iter().map(|table| Entry {
        group: "tables",
        name: table.name.to_string(),
        value: toml::Value::try_from(table).ok(),
        origin: origin(&format!("tables.{}", table.name)),
    });
    settings.chain(properties).chain(tables).collect()
}

/// The effective configuration as a file that gives the same one (but for the masked secrets).
pub fn toml(resolved: &Resolved) -> String {
    let mut text = String::new();
    let mut group = "";
    for entry in effective(resolved) {
        if entry.group != group || group == "tables" {
            group = entry.group;
            let heading = match group {
                "kafka" => "[kafka]".to_owned(),
                "tables" => format!("[[tables]] # {}", entry.origin),
                _ => format!("# {group}"),
            };
            let _ = writeln!(text, "{}{heading}", if text.is_empty() { "" } else { "\n" });
        }
        if let ("tables", Some(toml::Value::Table(fields))) = (group, &entry.value) {
            for (name, value) in fields {
                let _ = writeln!(text, "{name} = {value}");
            }
            continue;
        }
        let name = if group == "kafka" { format!("{:?}", entry.name) } else { entry.name };
        let line = match entry.value {
            Some(value) => format!("{name} = {value}"),
            None => format!("# {name} is unset"),
        };
        let _ = writeln!(text, "{line:<48} # {}", entry.origin);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::resolve;

    #[test]
    fn shown_configuration_reads_back_and_hides_secrets() {
        let file = "brokers = \"a:1\"\nfsync = \"never\"\nkafka.\"sasl.password\" = \"hush\"\nkafka.acks = \"all\"\n\
                    [[tables]]\nname = \"t\"\ntopic = \"t\"\nkey = \"string\"\nvalue = \"json\"\npartitions = 3\n";
        let first = resolve(Some(("f.toml", file)), [], []).unwrap();
        let text = toml(&first);
        assert!(!text.contains("hush"), "{text}");
        assert!(text.contains("fsync = \"never\"") && text.contains("# f.toml:2"), "{text}");
        let mut second = resolve(Some(("shown", &text)), [], []).unwrap().config;
        second.kafka.0.insert("sasl.password".to_owned(), "hush".to_owned());
        assert_eq!(second, first.config);
    }
}
