//! The `[ksql]` table.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Properties of SQL by their names, which are ksqlDB's (`ksql.query.pull.table.scan.enabled`, `ksql.streams.auto.offset.reset`)
/// and Lentic's own (`lentic.sql.extensions`): what holds for a session that does not set them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KsqlProperties(pub BTreeMap<String, String>);

impl KsqlProperties {
    /// The whole name: in a table that is called `ksql` the word may be left out.
    pub(super) fn whole_name(name: &str) -> String {
        let is_whole = ["ksql.", "lentic."].iter().any(|begin| name.starts_with(begin));
        if is_whole { name.to_owned() } else { format!("ksql.{name}") }
    }
}
