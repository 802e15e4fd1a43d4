//! docs/configuration.md, from the table of settings.
use std::fmt::Write as _;

use super::settings::{SETTINGS, Setting};
use super::value::{Kind, show_bytes, show_millis};

/// The page, as Markdown.
pub fn markdown() -> String {
    let mut page = HEAD.to_owned();
    let mut group = "";
    for setting in SETTINGS {
        if setting.group != group {
            group = setting.group;
            let _ = write!(
                page,
                "\n## {group}\n\n| setting | default | takes | meaning |\n| --- | --- | --- | --- |\n"
            );
        }
        let default =
            if setting.default.is_empty() { "unset".to_owned() } else { format!("`{}`", setting.default) };
        let _ = writeln!(page, "| `{}` | {default} | {} | {} |", setting.name, takes(setting), setting.doc);
    }
    page + TAIL
}

const HEAD: &str = "<!-- Generated from crates/lentic/src/config/settings.rs: change it there, then run \
`UPDATE_DOCS=1 cargo test -p lentic document`. -->
# Configuration

`lentic serve` needs no configuration. What it takes can be given in three places, the first one that says something
counts:

1. a flag of `lentic serve`: the name with dashes, `--data-dir /var/lib/lentic`;
2. a variable: the name in capitals, `LENTIC_DATA_DIR=/var/lib/lentic` (an empty one counts as absent);
3. a TOML file, named by `--config` or `LENTIC_CONFIG`: `data_dir = \"/var/lib/lentic\"`.

`lentic config` takes the same flags and prints the effective configuration with the origin of each value, secrets
masked. An unknown key in the file is an error.

A *size* is a number of bytes or has a unit (`64KiB`, `256MiB`, `1GiB`; `500MB` is decimal); a *time* is a number of
milliseconds or has a unit (`500ms`, `5s`, `2m`, `1h`). A *list* is separated by commas, in the file it may be an array.
";

const TAIL: &str = "
## `[kafka]`

Every property of librdkafka passes through, TLS and SASL included. In the environment a property is `LENTIC_KAFKA_`
and its name in capitals with `_` for `.`; as a flag it is `--kafka property=value` (flags are visible to other users
of the machine: put passwords into the file or a variable).

```toml
brokers = \"broker-1:9093,broker-2:9093\"

[kafka]
\"security.protocol\" = \"SASL_SSL\"
\"sasl.mechanisms\" = \"SCRAM-SHA-512\"
\"sasl.username\" = \"lentic\"
\"ssl.ca.location\" = \"/etc/lentic/ca.pem\"
# and LENTIC_KAFKA_SASL_PASSWORD in the environment
```

Values of properties with `password`, `secret`, `key` or `token` in their names are never shown.

## `[[tables]]`

Tables that are created at the start if they are absent. One that exists with another declaration refuses the start.

```toml
[[tables]]
name = \"planes\"
topic = \"planes\"
key = \"string\"          # bytes, string, int, bigint, double or json
value = \"json\"
partitions = 6          # of the topic, if it is to be created; on Kafka a missing topic is created only with it
partitioner = \"murmur2\" # murmur2, crc32 or fnv1a; left out: detected
read_only = false
# window = { kind = \"time\", size_ms = 60000 }  # windowed keys: docs/attach.md
```
";

fn takes(setting: &Setting) -> String {
    match setting.kind {
        Kind::Text => "text".to_owned(),
        Kind::Path => "path".to_owned(),
        Kind::Address => "IP:port".to_owned(),
        Kind::Switch => "`true`, `false`".to_owned(),
        Kind::List => "list".to_owned(),
        Kind::Choice(names) => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        Kind::Bytes(least, most) => {
            let shown = |n| show_bytes(n).unwrap_or_else(|| n.to_string());
            format!("size, {} to {}", shown(least), shown(most))
        }
        Kind::Millis(least, most) => {
            let shown = |n| show_millis(n).unwrap_or_else(|| format!("{n}ms"));
            format!("time, {} to {}", shown(least), shown(most))
        }
        Kind::Count(least, most) => format!("{least} to {most}"),
    }
}

#[cfg(test)]
mod tests {
    /// `UPDATE_DOCS=1` writes the page instead.
    #[test]
    fn document_is_in_step() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
        let page = super::markdown();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == page,
            "docs/configuration.md is out of step: UPDATE_DOCS=1 cargo test -p lentic document"
        );
    }
}
