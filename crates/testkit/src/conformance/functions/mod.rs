//! The functions that only ksqlDB's test cases know. What they do is what the cases expect of them.
mod list;
mod scalar;
mod sum;
mod table;

use std::sync::{Arc, OnceLock};

use lentic_sql::function::Registry;

/// All functions, those of the test cases included.
pub fn registry() -> Arc<Registry> {
    static REGISTRY: OnceLock<Arc<Registry>> = OnceLock::new();
    let fill = || {
        let mut registry = Registry::standard();
        for function in scalar::functions() {
            registry.add_scalar(function);
        }
        registry.add_table(table::function());
        for function in sum::functions().into_iter().chain(list::functions()) {
            registry.add_aggregate(function);
        }
        Arc::new(registry)
    };
    Arc::clone(REGISTRY.get_or_init(fill))
}
