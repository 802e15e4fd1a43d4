//! CUBE_EXPLODE.
use crate::error::{EvaluationError, Result};
use crate::value::Value;

use super::TableFunction;
use super::operand::any;

/// An array of more elements would make more than a million rows.
const MAX_ELEMENTS: usize = 20;

pub(super) fn function() -> TableFunction {
    let about = "One row for each way to replace elements of an array by NULL, as a CUBE groups; the last row is the array \
                 itself. NULLs in it stay NULL in all rows.";
    TableFunction::new("cube_explode", about)
        .overload("columns ARRAY<T>", "", |array| Some(array.clone()), cube)
        .parameter("columns", "The array.")
}

fn cube(arguments: &[Value]) -> Result<Vec<Value>> {
    let Some(columns) = any(arguments, 0)?.as_array() else { return Ok(Vec::new()) };
    if columns.len() > MAX_ELEMENTS {
        return Err(EvaluationError::new(format!("CUBE_EXPLODE of more than {MAX_ELEMENTS} columns")));
    }
    // The first column is the highest bit; a column that is NULL has no bit, so that no row comes twice.
    let present: Vec<usize> = (0..columns.len()).rev().filter(|at| !columns[*at].is_null()).collect();
    let kept = |row: usize, at: usize| {
        present.iter().position(|known| *known == at).is_some_and(|bit| row >> bit & 1 == 1)
    };
    let rows = (0..1_usize << present.len()).map(|row| {
        Value::array(
            columns
                .iter()
                .enumerate()
                .map(|(at, value)| if kept(row, at) { value.clone() } else { Value::Null }),
        )
    });
    Ok(rows.collect())
}
