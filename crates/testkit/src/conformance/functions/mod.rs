//! The functions that only ksqlDB's test cases know.
use std::sync::{Arc, OnceLock};

use lentic_sql::function::Registry;

/// All functions, those of the test cases included.
pub fn registry() -> Arc<Registry> {
    static REGISTRY: OnceLock<Arc<Registry>> = OnceLock::new();
    Arc::clone(REGISTRY.get_or_init(|| Arc::new(Registry::standard())))
}
