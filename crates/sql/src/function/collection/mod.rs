//! Arrays and maps.
mod aggregate;
mod lambda;
mod map;
mod order;
mod series;
mod set;
mod text;

use super::{Body, Category, Function, operand};

/// All functions of this family.
pub(super) fn functions() -> Vec<Function> {
    let families = [
        aggregate::functions,
        lambda::functions,
        map::functions,
        order::functions,
        series::functions,
        set::functions,
        text::functions,
    ];
    families.iter().flat_map(|family| family()).collect()
}
