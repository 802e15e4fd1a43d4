//! What a declaration says of windowed keys.
use serde::{Deserialize, Serialize};

/// The kinds of windows that keys carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WindowKind {
    /// Windows of one size (tumbling, hopping, sliding), and the records that a join waits with: the start follows the key.
    Time,
    /// Sessions: their end and start follow the key.
    Session,
}

impl WindowKind {
    /// The name in declarations and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Session => "session",
        }
    }
}

impl std::fmt::Display for WindowKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for WindowKind {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        [Self::Time, Self::Session]
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or_else(|| format!("{name:?} is no kind of window: use time or session"))
    }
}

/// How the keys of a table carry windows. Such tables are read-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowSpec {
    /// The kind.
    pub kind: WindowKind,
    /// Of time windows: a sequence number follows the start, as in the changelog of a window store. Without it keys are
    /// those that Kafka's `TimeWindowedSerializer` writes to topics.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sequence: bool,
    /// The size of time windows: what their end is told by, which no key holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_ms: Option<u64>,
    /// Windows older than this are hidden: those that start (sessions: end) longer before the latest one of their partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_ms: Option<u64>,
}

impl WindowSpec {
    /// Why it makes no sense, if it doesn't.
    pub fn check(&self) -> Result<(), String> {
        match (self.kind, self.sequence, self.size_ms) {
            (WindowKind::Session, true, _) => {
                Err("keys of sessions have no sequence number: leave `sequence` out".to_owned())
            }
            (WindowKind::Session, _, Some(_)) => {
                Err("sessions have no size, each has its own end: leave `size_ms` out".to_owned())
            }
            (WindowKind::Time, false, None) => Err(
                "time windows without a sequence number need `size_ms`; keys of the changelog of a window store have \
                 one: say `sequence`"
                    .to_owned(),
            ),
            (WindowKind::Time, _, Some(0)) => Err("`size_ms` must be at least 1".to_owned()),
            _ if self.retention_ms == Some(0) => Err("`retention_ms` must be at least 1".to_owned()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations() {
        for (json, makes_sense) in [
            (r#"{"kind":"time","sequence":true}"#, true),
            (r#"{"kind":"time","size_ms":60000}"#, true),
            (r#"{"kind":"time","sequence":true,"size_ms":1,"retention_ms":5}"#, true),
            (r#"{"kind":"session"}"#, true),
            (r#"{"kind":"time"}"#, false),
            (r#"{"kind":"time","size_ms":0}"#, false),
            (r#"{"kind":"session","size_ms":5}"#, false),
            (r#"{"kind":"session","sequence":true}"#, false),
            (r#"{"kind":"session","retention_ms":0}"#, false),
        ] {
            let spec: WindowSpec = serde_json::from_str(json).unwrap();
            assert_eq!(spec.check().is_ok(), makes_sense, "{json}");
            assert_eq!(serde_json::to_string(&spec).unwrap(), json);
        }
        assert!(serde_json::from_str::<WindowSpec>(r#"{"kind":"hopping"}"#).is_err());
    }
}
