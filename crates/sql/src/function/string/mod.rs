//! Text and bytes.
mod character;
mod concat;
mod encoding;
mod mask;
mod pad;
mod position;
mod split;
mod substring;
mod utf16;
mod uuid;

use super::{Body, Category, Function, operand};

/// All functions of this family.
pub(super) fn functions() -> Vec<Function> {
    let families = [
        character::functions,
        concat::functions,
        encoding::functions,
        mask::functions,
        pad::functions,
        position::functions,
        split::functions,
        substring::functions,
        uuid::functions,
    ];
    families.iter().flat_map(|family| family()).collect()
}
