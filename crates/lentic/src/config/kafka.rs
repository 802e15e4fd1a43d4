//! The `[kafka]` table.
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// librdkafka's properties by name. `Debug` masks the secret ones.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KafkaProperties(pub BTreeMap<String, String>);

impl KafkaProperties {
    /// Whether a property's value must not be shown.
    pub fn is_secret(property: &str) -> bool {
        ["password", "secret", "key", "token", "oauthbearer.config"]
            .iter()
            .any(|word| property.contains(word))
    }
}

impl fmt::Debug for KafkaProperties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |(name, value): (&String, &String)| {
            (name.clone(), if Self::is_secret(name) { super::MASK.to_owned() } else { value.clone() })
        };
        f.debug_map().entries(self.0.iter().map(shown)).finish()
    }
}
