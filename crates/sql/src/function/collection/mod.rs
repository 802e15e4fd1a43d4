//! Arrays and maps.
mod lambda;
mod map;
mod order;
mod series;
mod set;
mod slice;
mod text;

use super::{Body, Category, Function, operand};

/// All functions of this family.
pub(super) fn functions() -> Vec<Function> {
    let families = [
        lambda::functions,
        map::functions,
        order::functions,
        series::functions,
        set::functions,
        slice::functions,
        text::functions,
    ];
    families.iter().flat_map(|family| family()).collect()
}
