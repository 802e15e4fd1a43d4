//! From what was typed (file, variables, flags) to a [`Config`]. Pure: the caller reads file and environment.
use std::collections::BTreeMap;
use std::fmt;

use lentic_types::TableSpec;
use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use super::check::ConfigError;
use super::settings::{Config, SETTINGS, Setting};
use super::suggest::nearest;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The table of settings.
    Default,
    /// A line of the file.
    File {
        /// The file's name, as given.
        file: String,
        /// From 1.
        line: usize,
    },
    /// A variable, by its name.
    Variable(String),
    /// A flag, with its dashes.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { file, line } => write!(f, "{file}:{line}"),
            Self::Variable(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A configuration and where it comes from.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The effective configuration.
    pub config: Config,
    /// By setting; properties as `kafka.NAME`, tables as `tables.NAME`.
    pub origins: BTreeMap<String, Origin>,
    /// What is odd but no error, such as a variable that is nearly a setting's.
    pub warnings: Vec<String>,
}

/// Flag beats variable beats file beats default. `file` is its name and its text; `flags` are pairs of a setting's
/// name (or `kafka`, with `property=value`) and a value, in the order given; a list takes several. Empty variables
/// count as absent.
pub fn resolve(
    file: Option<(&str, &str)>,
    variables: impl IntoIterator<Item = (String, String)>,
    flags: impl IntoIterator<Item = (String, String)>,
) -> Result<Resolved, ConfigError> {
    let mut resolution = Resolution {
        resolved: Resolved { config: Config::default(), origins: BTreeMap::new(), warnings: Vec::new() },
        problems: Vec::new(),
    };
    for setting in SETTINGS {
        resolution.resolved.origins.insert(setting.name.to_owned(), Origin::Default);
    }
    if let Some((name, text)) = file {
        resolution.file(name, text);
    }
    resolution.variables(&variables.into_iter().collect());
    resolution.flags(flags);
    resolution.finish()
}

const PROPERTY_PREFIX: &str = "LENTIC_KAFKA_";
/// Variables of the command line, which are no settings of a node.
const FOREIGN: [&str; 7] = [
    "LENTIC_CA_FILE",
    "LENTIC_CONFIG",
    "LENTIC_PASSWORD",
    "LENTIC_SQL_HISTORY",
    "LENTIC_TOKEN",
    "LENTIC_URL",
    "LENTIC_USER",
];

struct Resolution {
    resolved: Resolved,
    problems: Vec<String>,
}

impl Resolution {
    fn file(&mut self, file: &str, text: &str) {
        let table = match DeTable::parse(text) {
            Ok(table) => table,
            Err(error) => {
                let line = error.span().map_or(1, |span| line_of(text, span.start));
                self.problems.push(format!("{file}:{line}: {}", error.message()));
                return;
            }
        };
        let origin = |at: usize| Origin::File { file: file.to_owned(), line: line_of(text, at) };
        for (key, value) in table.get_ref() {
            let (name, at) = (key.get_ref().as_ref(), key.span().start);
            match name {
                "kafka" => self.properties(value.get_ref(), at, &origin),
                "tables" => self.tables(file, text, &origin(at)),
                _ => match (find(name), scalar(value.get_ref())) {
                    (Some(setting), Some(typed)) => self.set(setting, &typed, origin(at)),
                    (Some(setting), None) => self.problems.push(format!(
                        "{}: {name} is given as {}: expected {}",
                        origin(at),
                        value.get_ref().type_str(),
                        setting.kind.placeholder()
                    )),
                    (None, _) => {
                        let known = SETTINGS.iter().map(|s| s.name).chain(["kafka", "tables"]);
                        let meant = nearest(name, known).map_or_else(
                            || "`lentic config` lists all settings".to_owned(),
                            |meant| format!("did you mean {meant}?"),
                        );
                        self.problems.push(format!("{}: unknown setting {name}: {meant}", origin(at)));
                    }
                },
            }
        }
    }

    fn properties(&mut self, value: &DeValue<'_>, at: usize, origin: &impl Fn(usize) -> Origin) {
        let Some(table) = value.as_table() else {
            self.problems.push(format!("{}: kafka must be a table: [kafka]", origin(at)));
            return;
        };
        let mut properties = Vec::new();
        flatten(table, "", &mut properties);
        for (name, at, value) in properties {
            match value {
                Some(value) => self.property(&name, value, origin(at)),
                None => self
                    .problems
                    .push(format!("{}: kafka.{name} must be a text, a number or a boolean", origin(at))),
            }
        }
    }

    fn tables(&mut self, file: &str, text: &str, origin: &Origin) {
        #[derive(Deserialize)]
        struct Tables {
            tables: Vec<TableSpec>,
        }
        match toml::from_str::<Tables>(text) {
            Ok(Tables { tables }) => {
                for table in &tables {
                    self.resolved.origins.insert(format!("tables.{}", table.name), origin.clone());
                }
                self.resolved.config.tables = tables;
            }
            Err(error) => {
                let line = error.span().map_or(1, |span| line_of(text, span.start));
                self.problems.push(format!("{file}:{line}: [[tables]]: {}", error.message()));
            }
        }
    }

    fn variables(&mut self, variables: &BTreeMap<String, String>) {
        for (name, value) in
            variables.iter().filter(|(name, value)| name.starts_with("LENTIC_") && !value.is_empty())
        {
            let origin = Origin::Variable(name.clone());
            if let Some(setting) = SETTINGS.iter().find(|setting| setting.variable() == *name) {
                self.set(setting, value, origin);
            } else if let Some(property) = name.strip_prefix(PROPERTY_PREFIX) {
                self.property(&property.to_ascii_lowercase().replace('_', "."), value.clone(), origin);
            } else if !FOREIGN.contains(&name.as_str()) {
                // No error: an orchestrator sets variables of its own for a service that is called lentic.
                let typed = name["LENTIC_".len()..].to_ascii_lowercase();
                if let Some(meant) =
                    nearest(&typed, SETTINGS.iter().map(|setting| setting.name)).and_then(find)
                {
                    let warning = format!("{name} is no setting: did you mean {}?", meant.variable());
                    self.resolved.warnings.push(warning);
                }
            }
        }
    }

    fn flags(&mut self, flags: impl IntoIterator<Item = (String, String)>) {
        let mut lists: BTreeMap<&str, String> = BTreeMap::new();
        for (name, value) in flags {
            let origin = Origin::Flag(format!("--{}", name.replace('_', "-")));
            if name == "kafka" {
                match value.split_once('=') {
                    Some((property, value)) => self.property(property.trim(), value.to_owned(), origin),
                    None => self.problems.push(format!("--kafka {value}: expected PROPERTY=VALUE")),
                }
            } else if let Some(setting) = find(&name) {
                let typed = if setting.kind == super::Kind::List {
                    let list = lists.entry(setting.name).or_default();
                    list.push_str(&value);
                    list.push(',');
                    list.clone()
                } else {
                    value
                };
                self.set(setting, &typed, origin);
            } else {
                self.problems.push(format!("{origin} is no setting"));
            }
        }
    }

    fn set(&mut self, setting: &Setting, typed: &str, origin: Origin) {
        match (setting.set)(&mut self.resolved.config, typed) {
            Ok(()) => {
                self.resolved.origins.insert(setting.name.to_owned(), origin);
            }
            Err(problem) => self.problems.push(match origin {
                Origin::File { .. } => format!("{origin}: {}: {problem}", setting.name),
                _ => format!("{origin}: {problem}"),
            }),
        }
    }

    fn property(&mut self, name: &str, value: String, origin: Origin) {
        self.resolved.config.kafka.0.insert(name.to_owned(), value);
        self.resolved.origins.insert(format!("kafka.{name}"), origin);
    }

    fn finish(mut self) -> Result<Resolved, ConfigError> {
        if let Err(error) = self.resolved.config.check() {
            self.problems.extend(error.problems);
        }
        let config = &self.resolved.config;
        if config.brokers.is_empty() && !config.kafka.0.is_empty() {
            self.resolved.warnings.push(
                "properties for kafka are given, but no brokers: the log is the embedded one".to_owned(),
            );
        }
        if self.problems.is_empty() {
            Ok(self.resolved)
        } else {
            Err(ConfigError { problems: self.problems })
        }
    }
}

fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// What a value would be if it had been typed as a flag.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(switch) => Some(switch.to_string()),
        DeValue::Array(items) => {
            let items: Option<Vec<String>> =
                items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect();
            items.map(|items| items.join(","))
        }
        _ => None,
    }
}

/// `"sasl.password" = "x"` and `sasl.password = "x"` (a table in a table) are the same property.
fn flatten(table: &DeTable<'_>, prefix: &str, properties: &mut Vec<(String, usize, Option<String>)>) {
    for (key, value) in table {
        let name =
            if prefix.is_empty() { key.get_ref().to_string() } else { format!("{prefix}.{}", key.get_ref()) };
        match value.get_ref() {
            DeValue::Table(inner) => flatten(inner, &name, properties),
            value => properties.push((name, key.span().start, scalar(value))),
        }
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|&byte| byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Fsync;

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn resolved(file: &str, variables: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Resolved, String> {
        resolve(Some(("f.toml", file)), pairs(variables), pairs(flags)).map_err(|error| error.to_string())
    }

    #[test]
    fn flag_beats_variable_beats_file_beats_default() {
        let file = "service_id = \"file\"\n";
        let variable = [("LENTIC_SERVICE_ID", "variable")];
        let flag = [("service_id", "flag")];
        for (file, variables, flags, value, origin) in [
            ("", &[][..], &[][..], "lentic", "default"),
            (file, &[], &[], "file", "f.toml:1"),
            (file, &variable, &[], "variable", "LENTIC_SERVICE_ID"),
            (file, &variable, &flag, "flag", "--service-id"),
            (file, &[("LENTIC_SERVICE_ID", "")], &[], "file", "f.toml:1"),
        ] {
            let resolved = resolved(file, variables, flags).unwrap();
            assert_eq!(resolved.config.service_id, value);
            assert_eq!(resolved.origins["service_id"].to_string(), origin);
        }
    }

    #[test]
    fn every_kind_of_value() {
        let file = "
            brokers = [\"a:1\", \"b:2\"]
            fsync = \"interval\"
            fsync_interval_ms = \"250ms\"
            block_cache_bytes = \"1GiB\"
            max_page_rows = 5_000
            listen = \"localhost:0\"
            insecure = true
            [kafka]
            \"security.protocol\" = \"SASL_SSL\"
            sasl.password = \"hush\"
            socket.timeout.ms = 5000
            [[tables]]
            name = \"planes\"
            topic = \"planes\"
            key = \"string\"
            value = \"json\"
        ";
        let variables = [("LENTIC_KAFKA_SASL_USERNAME", "ann"), ("LENTIC_KAFKA_SASL_PASSWORD", "hush!")];
        let flags = [("cors_origin", "http://a"), ("cors_origin", "http://b"), ("kafka", "client.id=x=y")];
        let resolved = resolved(file, &variables, &flags).unwrap();
        let config = &resolved.config;
        assert_eq!(config.bootstrap_servers().as_deref(), Some("a:1,b:2"));
        assert_eq!(config.fsync, Fsync::Interval);
        assert_eq!(config.fsync_interval_ms, 250);
        assert_eq!(config.block_cache_bytes, 1 << 30);
        assert_eq!(config.max_page_rows, 5_000);
        assert_eq!(config.listen.to_string(), "127.0.0.1:0");
        assert_eq!(config.cors_origin, ["http://a", "http://b"]);
        let kafka: Vec<_> = config.kafka.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            kafka,
            [
                "client.id=x=y",
                "sasl.password=hush!",
                "sasl.username=ann",
                "security.protocol=SASL_SSL",
                "socket.timeout.ms=5000"
            ]
        );
        assert_eq!(config.tables[0].name.as_str(), "planes");
        assert_eq!(resolved.origins["tables.planes"].to_string(), "f.toml:13");
        assert!(!format!("{config:?}").contains("hush"), "{config:?}");
    }

    #[test]
    fn problems_say_where_and_what_to_do() {
        for (file, problem) in [
            ("lisen = \"x\"", "f.toml:1: unknown setting lisen: did you mean listen?"),
            ("\ncolour = 1", "f.toml:2: unknown setting colour: `lentic config` lists all settings"),
            ("max_page_rows = \"many\"", "f.toml:1: max_page_rows: \"many\" is no whole number"),
            ("listen = { a = 1 }", "f.toml:1: listen is given as table: expected HOST:PORT"),
            ("kafka = 1", "f.toml:1: kafka must be a table: [kafka]"),
            (
                "kafka.\"bootstrap.servers\" = \"a:1\"",
                "[kafka] names bootstrap.servers: use the setting brokers",
            ),
            (
                "service_id = \"a b\"",
                "service_id = \"a b\": use 1 to 200 of the characters a-z, A-Z, 0-9, '.', '_' and '-'",
            ),
            (
                "dead_letter_topic = \"a b\"",
                "dead_letter_topic: \"a b\" is no topic name: use 1 to 249 of the characters a-z, A-Z, 0-9, '.', '_' \
                 and '-', and not '.' or '..'",
            ),
            ("default_page_rows = 20_000", "default_page_rows = 20000 is more than max_page_rows = 10000"),
        ] {
            assert_eq!(resolved(file, &[], &[]).unwrap_err(), problem);
        }
        let wrong_table = resolved("[[tables]]\nname = \"a\"\ncolour = 1\n", &[], &[]).unwrap_err();
        assert!(wrong_table.starts_with("f.toml:3: [[tables]]: unknown field"), "{wrong_table}");
        let both = resolved("a = ", &[("LENTIC_LISTEN", "here")], &[]).unwrap_err();
        assert_eq!(both.lines().count(), 2, "{both}");
    }

    #[test]
    fn beyond_loopback_needs_tokens_or_a_word() {
        let listen = ("listen", "0.0.0.0:8088");
        assert!(resolved("", &[], &[listen]).unwrap_err().contains("token_file"));
        resolved("", &[], &[listen, ("insecure", "true")]).unwrap();
        resolved("", &[], &[listen, ("token_file", "tokens")]).unwrap();
    }

    #[test]
    fn nodes_beyond_loopback_know_each_other() {
        let brokers = ("brokers", "kafka:9092");
        let (listen, tokens) = (("listen", "10.0.0.1:8088"), ("token_file", "tokens"));
        let refused = |flags: &[(&str, &str)]| resolved("", &[], flags).unwrap_err();
        let unguarded = refused(&[brokers, listen, tokens]);
        for named in ["10.0.0.1, for other nodes,", "peer_secret_file", "peer_mtls = true", "insecure = true"]
        {
            assert!(unguarded.contains(named), "{named}: {unguarded}");
        }
        assert!(refused(&[brokers, ("peer_listen", "10.0.0.1:8089")]).contains("peer_secret_file"));
        let (certificate, key, ca) =
            (("peer_certificate_file", "a"), ("peer_key_file", "b"), ("peer_ca_file", "c"));
        let mtls = ("peer_mtls", "true");
        for flags in [
            &[listen, tokens][..],
            &[brokers, listen, tokens, ("peer_listen", "127.0.0.1:0")],
            &[brokers, listen, tokens, ("peer_secret_file", "secret")],
            &[brokers, listen, tokens, certificate, key, ca, mtls],
            &[brokers, listen, ("insecure", "true")],
        ] {
            resolved("", &[], flags).unwrap();
        }
        // Who connects is not known by the listener's certificate.
        assert!(refused(&[brokers, listen, tokens, certificate, key, ca]).contains("peer_mtls"));
        assert_eq!(
            refused(&[certificate, ca]),
            "TLS between nodes takes three files: name peer_key_file beside peer_certificate_file and peer_ca_file"
        );
        assert_eq!(
            refused(&[mtls]),
            "peer_mtls = true takes certificates: name peer_certificate_file and peer_key_file and peer_ca_file"
        );
    }

    #[test]
    fn near_misses_among_variables_are_warned_of() {
        let variables = [("LENTIC_LISTN", "x"), ("LENTIC_SERVICE_HOST", "10.0.0.1"), ("LENTIC_URL", "x")];
        let warnings = resolved("", &variables, &[]).unwrap().warnings;
        assert_eq!(warnings, ["LENTIC_LISTN is no setting: did you mean LENTIC_LISTEN?"]);
    }
}
