//! How a table's rows are kept.
use std::time::Duration;

use lentic_types::TableName;

use crate::codec::Codec;
use crate::error::TopologyError;
use crate::graph::Graph;
use crate::spec::{StoreKind, StoreSpec, Ttl};
use crate::window::millis;

/// A store: its name, and how it keeps rows. A plain `"name"` is a store on disk with a changelog, served under that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Materialized {
    pub(crate) name: String,
    persistent: bool,
    logged: bool,
    cached: bool,
    served: bool,
    ttl: Option<Duration>,
    pub(crate) retention: Option<Duration>,
    history: Option<Duration>,
    takes_over: Option<String>,
}

impl Materialized {
    /// A store of this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            persistent: true,
            logged: true,
            cached: true,
            served: true,
            ttl: None,
            retention: None,
            history: None,
            takes_over: None,
        }
    }

    /// Rows are in memory, and read again from the changelog at each start.
    #[must_use]
    pub fn in_memory(self) -> Self {
        Self { persistent: false, ..self }
    }

    /// No changelog: what the disk loses is lost.
    #[must_use]
    pub fn without_changelog(self) -> Self {
        Self { logged: false, ..self }
    }

    /// Every change goes on by itself, whatever `statestore_cache_max_bytes` says.
    #[must_use]
    pub fn without_cache(self) -> Self {
        Self { cached: false, ..self }
    }

    /// It is not served as a table under its name: only the topology itself uses it.
    #[must_use]
    pub fn internal(self) -> Self {
        Self { served: false, ..self }
    }

    /// Rows this much older than the task's stream time are deleted, with tombstones in the changelog.
    #[must_use]
    pub fn ttl(self, ttl: Duration) -> Self {
        Self { ttl: Some(ttl), ..self }
    }

    /// Windows can be read this long; at least size and grace.
    #[must_use]
    pub fn retention(self, retention: Duration) -> Self {
        Self { retention: Some(retention), ..self }
    }

    /// Keeps the versions of each row this far back, for joins and reads as of a time.
    #[must_use]
    pub fn versioned(self, history: Duration) -> Self {
        Self { history: Some(history), ..self }
    }

    /// Continues the store that the topology had under this name before: its rows are not lost by the renaming.
    #[must_use]
    pub fn takes_over(self, former: &str) -> Self {
        Self { takes_over: Some(former.to_owned()), ..self }
    }

    pub(crate) fn key_value_kind(&self) -> StoreKind {
        match self.history {
            Some(history) => StoreKind::Versioned { history_ms: millis(history) },
            None => StoreKind::KeyValue,
        }
    }

    /// The specification; what is wrong with it is told to the graph.
    pub(crate) fn spec(self, graph: &mut Graph, kind: StoreKind, key: Codec, value: Codec) -> StoreSpec {
        let mut name = |name: &str| {
            TableName::new(name).unwrap_or_else(|error| {
                graph.errors.push(TopologyError::InvalidName { what: "store", text: error.to_string() });
                TableName::new("invalid").expect("a legal name")
            })
        };
        let (own, takes_over) = (name(&self.name), self.takes_over.as_deref().map(&mut name));
        if self.ttl.is_some() && kind != StoreKind::KeyValue {
            let text =
                format!("the store {own} has a ttl, which is for key-value stores: windows have a retention");
            graph.errors.push(TopologyError::Invalid(text));
        }
        let spec = StoreSpec::new(own, kind, key, value);
        StoreSpec {
            logged: self.logged,
            persistent: self.persistent,
            served: self.served,
            cached: spec.cached && self.cached,
            ttl: self.ttl.map(|ttl| Ttl { ttl_ms: millis(ttl) }),
            takes_over,
            ..spec
        }
    }
}

impl From<&str> for Materialized {
    fn from(name: &str) -> Self {
        Self::named(name)
    }
}

impl From<String> for Materialized {
    fn from(name: String) -> Self {
        Self::named(name)
    }
}
