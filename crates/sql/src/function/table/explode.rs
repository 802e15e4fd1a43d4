//! EXPLODE.
use crate::error::Result;
use crate::types::SqlType;
use crate::value::Value;

use super::TableFunction;

pub(super) fn function() -> TableFunction {
    TableFunction::new("explode", "One row for each element of an array; none for NULL.")
        .overload("input ARRAY<DECIMAL>", "", element, explode)
        .overload("list ARRAY<T>", "", element, explode)
        .parameter("input", "The array.")
        .parameter("list", "The array.")
}

fn element(array: &SqlType) -> Option<SqlType> {
    if let SqlType::Array(element) = array { Some((**element).clone()) } else { None }
}

fn explode(arguments: &[Value]) -> Result<Vec<Value>> {
    Ok(arguments.first().and_then(Value::as_array).unwrap_or_default().to_vec())
}
