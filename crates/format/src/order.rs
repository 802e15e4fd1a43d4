//! Keys as a store sorts them.
use lentic_types::FormatName;

use crate::Result;
use crate::wire::wire;

/// Appends the form of a key whose bytewise order is the order of the format: numeric for numbers (doubles by
/// IEEE 754's total order), bytewise for the rest. Every byte string has its own form; a number of the wrong
/// length sorts after all numbers.
pub fn order_key(format: FormatName, key: &[u8], out: &mut Vec<u8>) {
    wire(format).order_key(key, out);
}

/// Appends the key that [`order_key`] gave this form. Bytes that are no such form are refused, with nothing
/// appended.
pub fn unorder_key(format: FormatName, ordered: &[u8], out: &mut Vec<u8>) -> Result<()> {
    wire(format).unorder_key(ordered, out)
}
