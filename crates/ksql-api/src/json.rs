//! JSON onto the end of a body.
use serde::Serialize;

/// Appends a value.
pub(crate) fn append(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
    // A vector takes every byte, and the keys of this crate's maps are text.
    serde_json::to_writer(out, value).expect("words of the API are JSON");
}
