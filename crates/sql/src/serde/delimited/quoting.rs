//! Which fields are written in quotes: the rule of commons-csv's `MINIMAL`.

/// Appends a field that is not NULL.
pub(super) fn write_field(text: &str, first: bool, delimiter: char, out: &mut Vec<u8>) {
    if !is_quoted(text, first, delimiter) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for (index, part) in text.split('"').enumerate() {
        if index > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(part.as_bytes());
    }
    out.push(b'"');
}

/// The first field of a line is quoted unless it begins with a letter or a digit of ASCII: an empty line has no fields, and
/// what begins otherwise might be taken for a comment.
fn is_quoted(text: &str, first: bool, delimiter: char) -> bool {
    let Some(start) = text.chars().next() else { return first };
    if first && !start.is_ascii_alphanumeric() {
        return true;
    }
    start <= '#' || text.contains([delimiter, '"', '\n', '\r']) || text.ends_with(|c| c <= ' ')
}
