//! The frames of `GET /ws/query?request=..&version=1`: the columns, a frame for each row, and why it ends.
use crate::entity::FieldInfo;
use crate::json;

/// The last frame of an answer that is complete; the connection is closed with [`Close::NORMAL`] after it.
pub const DONE: &str = r#"{"error":"done"}"#;

/// Why a connection is closed, as a code of RFC 6455.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Close(pub u16);

impl Close {
    /// All was said.
    pub const NORMAL: Self = Self(1000);
    /// The request is none, or its statement cannot be planned.
    pub const INVALID_MESSAGE_TYPE: Self = Self(1003);
    /// The statement failed while it ran.
    pub const UNEXPECTED_CONDITION: Self = Self(1011);
    /// The statements before `commandSequenceNumber` were not applied in time.
    pub const TRY_AGAIN_LATER: Self = Self(1013);
}

/// Appends the first frame.
pub fn append_schema(columns: &[FieldInfo], out: &mut Vec<u8>) {
    json::append(columns, out);
}

/// Appends the frame of a row whose columns, a JSON array, are appended by `write`. Rows of tables that are gone have no frame.
/// If `write` fails, `out` is as it was before.
pub fn append_row_with<E>(
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let start = out.len();
    out.extend_from_slice(br#"{"row":{"columns":"#);
    if let Err(error) = write(out) {
        out.truncate(start);
        return Err(error);
    }
    out.extend_from_slice(b"}}");
    Ok(())
}

/// As much of a reason as a closing frame can carry: 123 bytes, and no half of a character.
pub fn close_reason(message: &str) -> &str {
    const MOST: usize = 123;
    let fits = message.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= MOST);
    &message[..fits.last().unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::SchemaInfo;

    #[test]
    fn frames() {
        let column =
            FieldInfo { name: "ID".to_owned(), schema: SchemaInfo::of("BIGINT"), ..FieldInfo::default() };
        let mut frame = Vec::new();
        append_schema(&[column], &mut frame);
        assert_eq!(
            String::from_utf8(frame).unwrap(),
            r#"[{"name":"ID","schema":{"type":"BIGINT","fields":null,"memberSchema":null}}]"#
        );
        let mut frame = Vec::new();
        let failed = append_row_with(&mut frame, |out| {
            out.push(b'[');
            Err("no")
        });
        assert_eq!(failed, Err("no"));
        append_row_with::<()>(&mut frame, |out| {
            out.extend_from_slice(b"[1]");
            Ok(())
        })
        .unwrap();
        assert_eq!(String::from_utf8(frame).unwrap(), r#"{"row":{"columns":[1]}}"#);
    }

    #[test]
    fn reasons_fit_their_frame() {
        for (message, length) in [("", 0), ("no", 2), (&"a".repeat(200), 123), (&"é".repeat(100), 122)] {
            assert_eq!(close_reason(message).len(), length, "{message}");
        }
    }
}
