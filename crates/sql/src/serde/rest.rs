//! Values in the JSON of replies: temporal types as text, DECIMALs without an exponent.
use super::Result;
use super::json::{Style, write_value};
use crate::types::Field;
use crate::{SqlType, Value};

/// Appends a row as ksqlDB's endpoints send it: an array of the columns' values.
pub fn write_rest_row(row: &[Value], columns: &[Field], out: &mut Vec<u8>) -> Result<()> {
    out.push(b'[');
    for (index, (value, column)) in row.iter().zip(columns).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_rest_value(value, &column.kind, out)
            .map_err(|error| error.within(format_args!("$.{}", column.name)))?;
    }
    out.push(b']');
    Ok(())
}

/// Appends one value: `"2021-01-31"`, `"13:45"`, `"2021-01-31T13:45:00.000"`, `"NaN"`, bytes in base64, STRUCTs as objects with
/// the field names of the type.
pub fn write_rest_value(value: &Value, kind: &SqlType, out: &mut Vec<u8>) -> Result<()> {
    write_value(value, kind, Style::Reply, out)
}
