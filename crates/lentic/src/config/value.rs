//! What settings take, and how each is read and shown.
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub(super) const KIB: u64 = 1 << 10;
pub(super) const MIB: u64 = 1 << 20;
pub(super) const TIB: u64 = 1 << 40;

/// What a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A path.
    Path,
    /// IP address and port.
    Address,
    /// `true` or `false`; as a flag it needs no value.
    Switch,
    /// Texts separated by commas; in the file also an array.
    List,
    /// One of these.
    Choice(&'static [&'static str]),
    /// A size from least to most: a number of bytes or `64KiB`, `256MiB`, `1GiB`, `500MB`.
    Bytes(u64, u64),
    /// A time from least to most: a number of milliseconds or `500ms`, `5s`, `2m`, `1h`.
    Millis(u64, u64),
    /// A whole number from least to most.
    Count(u64, u64),
}

impl Kind {
    /// What stands for the value in help texts.
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::Text => "TEXT",
            Self::Path => "PATH",
            Self::Address => "HOST:PORT",
            Self::Switch => "BOOL",
            Self::List => "LIST",
            Self::Choice(_) => "CHOICE",
            Self::Bytes(..) => "SIZE",
            Self::Millis(..) => "TIME",
            Self::Count(..) => "NUMBER",
        }
    }
}

/// When the embedded log syncs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fsync {
    /// Before a write is acknowledged; concurrent writes share a sync.
    #[default]
    Always,
    /// Every `fsync_interval_ms`.
    Interval,
    /// When the operating system does.
    Never,
}

/// Where rows and positions are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// In `state/`: a start continues where the last one ended.
    #[default]
    Disk,
    /// In memory: gone with the process, and built anew from the log at each start.
    Memory,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object per line.
    Json,
}

/// What a commit of stream processing promises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessingGuarantee {
    /// Results, state and positions become visible together: as if each record was processed once.
    #[default]
    ExactlyOnce,
    /// After a failure records may be processed again.
    AtLeastOnce,
}

/// What happens to a record that can't be processed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorHandling {
    /// Its task stops.
    #[default]
    Fail,
    /// It is logged and skipped.
    Continue,
}

impl ErrorHandling {
    /// As the engine knows it.
    pub(crate) fn policy(self) -> lentic_engine::stream::ErrorPolicy {
        match self {
            Self::Fail => lentic_engine::stream::ErrorPolicy::Fail,
            Self::Continue => lentic_engine::stream::ErrorPolicy::Continue,
        }
    }
}

/// Bytes of a size as typed. Units: B, KiB, MiB, GiB, TiB (powers of 1024), KB, MB, GB, TB (powers of 1000).
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let unit = |unit: &str| {
        Some(match unit {
            "" | "b" => 1,
            "kib" => KIB,
            "mib" => MIB,
            "gib" => 1 << 30,
            "tib" => TIB,
            "kb" => 1_000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            "tb" => 1_000_000_000_000,
            _ => return None,
        })
    };
    quantity(text, unit)
        .ok_or_else(|| format!("{text:?} is no size: use a number of bytes, or 64KiB, 256MiB, 1GiB"))
}

/// Milliseconds of a time as typed. Units: ms (also when none is given), s, m, h, d.
pub fn parse_millis(text: &str) -> Result<u64, String> {
    let unit = |unit: &str| {
        Some(match unit {
            "" | "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        })
    };
    quantity(text, unit)
        .ok_or_else(|| format!("{text:?} is no time: use a number of milliseconds, or 500ms, 5s, 2m"))
}

/// `67108864` as `64MiB`; a number that no unit divides stays one.
pub fn show_bytes(bytes: u64) -> Option<String> {
    largest(bytes, &[("TiB", TIB), ("GiB", 1 << 30), ("MiB", MIB), ("KiB", KIB)])
}

/// `5000` as `5s`; a number that no unit divides stays one of milliseconds.
pub fn show_millis(millis: u64) -> Option<String> {
    largest(millis, &[("h", 3_600_000), ("m", 60_000), ("s", 1_000)])
}

/// A field's type: read from text, shown as TOML (`None`: unset).
pub(super) trait SettingValue: Sized {
    fn read(text: &str, kind: Kind) -> Result<Self, String>;
    fn show(&self, kind: Kind) -> Option<toml::Value>;
}

impl SettingValue for String {
    fn read(text: &str, _kind: Kind) -> Result<Self, String> {
        if text.is_empty() { Err("it must not be empty".to_owned()) } else { Ok(text.to_owned()) }
    }
    fn show(&self, _kind: Kind) -> Option<toml::Value> {
        Some(toml::Value::String(self.clone()))
    }
}

impl SettingValue for PathBuf {
    fn read(text: &str, kind: Kind) -> Result<Self, String> {
        String::read(text, kind).map(Self::from)
    }
    fn show(&self, _kind: Kind) -> Option<toml::Value> {
        Some(toml::Value::String(self.display().to_string()))
    }
}

impl SettingValue for SocketAddr {
    fn read(text: &str, _kind: Kind) -> Result<Self, String> {
        let numeric = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
        numeric.as_deref().unwrap_or(text).parse().map_err(|_| {
            format!("{text:?} is no address: use IP:PORT, for example 127.0.0.1:8088 or [::]:8088")
        })
    }
    fn show(&self, _kind: Kind) -> Option<toml::Value> {
        Some(toml::Value::String(self.to_string()))
    }
}

impl SettingValue for bool {
    fn read(text: &str, _kind: Kind) -> Result<Self, String> {
        text.parse().map_err(|_| format!("{text:?} is neither true nor false"))
    }
    fn show(&self, _kind: Kind) -> Option<toml::Value> {
        Some(toml::Value::Boolean(*self))
    }
}

impl SettingValue for Vec<String> {
    fn read(text: &str, _kind: Kind) -> Result<Self, String> {
        Ok(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
    }
    fn show(&self, _kind: Kind) -> Option<toml::Value> {
        let items = || self.iter().cloned().map(toml::Value::String).collect();
        (!self.is_empty()).then(|| toml::Value::Array(items()))
    }
}

impl<T: SettingValue> SettingValue for Option<T> {
    fn read(text: &str, kind: Kind) -> Result<Self, String> {
        if text.is_empty() { Ok(None) } else { T::read(text, kind).map(Some) }
    }
    fn show(&self, kind: Kind) -> Option<toml::Value> {
        self.as_ref().and_then(|value| value.show(kind))
    }
}

impl SettingValue for u64 {
    fn read(text: &str, kind: Kind) -> Result<Self, String> {
        let (number, least, most) = match kind {
            Kind::Bytes(least, most) => (parse_bytes(text)?, least, most),
            Kind::Millis(least, most) => (parse_millis(text)?, least, most),
            Kind::Count(least, most) => {
                let digits: String = text.chars().filter(|&c| c != '_').collect();
                (digits.parse().map_err(|_| format!("{text:?} is no whole number"))?, least, most)
            }
            _ => return Err(format!("{text:?} is not expected here")),
        };
        if (least..=most).contains(&number) {
            Ok(number)
        } else {
            let shown = |n| match kind {
                Kind::Bytes(..) => show_bytes(n).unwrap_or_else(|| n.to_string()),
                Kind::Millis(..) => show_millis(n).unwrap_or_else(|| format!("{n}ms")),
                _ => n.to_string(),
            };
            Err(format!("{text} is out of range: {} to {}", shown(least), shown(most)))
        }
    }
    fn show(&self, kind: Kind) -> Option<toml::Value> {
        let text = match kind {
            Kind::Bytes(..) => show_bytes(*self),
            Kind::Millis(..) => show_millis(*self),
            _ => None,
        };
        Some(text.map_or(toml::Value::Integer(i64::try_from(*self).unwrap_or(i64::MAX)), toml::Value::String))
    }
}

impl SettingValue for i64 {
    fn read(text: &str, kind: Kind) -> Result<Self, String> {
        if text == "-1" {
            return Ok(-1);
        }
        u64::read(text, kind)?.try_into().map_err(|_| format!("{text} is too much"))
    }
    fn show(&self, kind: Kind) -> Option<toml::Value> {
        u64::try_from(*self).map_or(Some(toml::Value::Integer(-1)), |value| value.show(kind))
    }
}

impl SettingValue for usize {
    fn read(text: &str, kind: Kind) -> Result<Self, String> {
        u64::read(text, kind)?.try_into().map_err(|_| format!("{text} is more than this machine can address"))
    }
    fn show(&self, kind: Kind) -> Option<toml::Value> {
        (*self as u64).show(kind)
    }
}

impl SettingValue for u32 {
    fn read(text: &str, kind: Kind) -> Result<Self, String> {
        u64::read(text, kind)?.try_into().map_err(|_| format!("{text} is more than {}", u32::MAX))
    }
    fn show(&self, kind: Kind) -> Option<toml::Value> {
        u64::from(*self).show(kind)
    }
}

macro_rules! choice {
    ($($type:ident { $($name:literal => $variant:ident),* })*) => {$(
        impl SettingValue for $type {
            fn read(text: &str, _kind: Kind) -> Result<Self, String> {
                match text {
                    $($name => Ok(Self::$variant),)*
                    _ => Err(format!("{text:?} is none of {}", [$($name),*].join(", "))),
                }
            }
            fn show(&self, _kind: Kind) -> Option<toml::Value> {
                Some(toml::Value::String(match self { $(Self::$variant => $name),* }.to_owned()))
            }
        }
    )*};
}

choice! {
    ProcessingGuarantee { "exactly_once" => ExactlyOnce, "at_least_once" => AtLeastOnce }
    ErrorHandling { "fail" => Fail, "continue" => Continue }
    Fsync { "always" => Always, "interval" => Interval, "never" => Never }
    State { "disk" => Disk, "memory" => Memory }
    LogFormat { "text" => Text, "json" => Json }
}

/// A number with a unit behind it, without or with a space between.
fn quantity(text: &str, unit: impl Fn(&str) -> Option<u64>) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let number: u64 = number.replace('_', "").parse().ok()?;
    number.checked_mul(unit(&rest.trim().to_ascii_lowercase())?)
}

fn largest(number: u64, units: &[(&str, u64)]) -> Option<String> {
    let (unit, size) = units.iter().find(|(_, size)| number >= *size && number.is_multiple_of(*size))?;
    Some(format!("{}{unit}", number / size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("17", 17),
            ("64KiB", 65_536),
            ("256 MiB", 268_435_456),
            ("1_000", 1_000),
            ("2gb", 2_000_000_000),
        ] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "1.5MiB", "-1", "64 Mi", "99999999999TiB"] {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
        assert_eq!(show_bytes(268_435_456).as_deref(), Some("256MiB"));
        assert_eq!(show_bytes(1_000), None);
    }

    #[test]
    fn times() {
        for (text, millis) in
            [("500", 500), ("500ms", 500), ("5s", 5_000), ("2m", 120_000), ("1 h", 3_600_000)]
        {
            assert_eq!(parse_millis(text), Ok(millis), "{text}");
        }
        assert!(parse_millis("5 parsecs").is_err());
        assert_eq!(show_millis(90_000).as_deref(), Some("90s"));
    }

    #[test]
    fn ranges() {
        assert_eq!(u64::read("0", Kind::Count(1, 5)), Err("0 is out of range: 1 to 5".to_owned()));
        assert_eq!(u64::read("2TiB", Kind::Bytes(1, TIB)), Err("2TiB is out of range: 1 to 1TiB".to_owned()));
    }
}
