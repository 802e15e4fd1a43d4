//! How the payloads of a query lie in topics and stores.
use std::sync::Arc;

use lentic_topology::{Codec, DataError, Encoding, Payload, Window, WindowedKey};
use lentic_types::FormatName;

use super::row::{Key, Row};
use crate::catalog::SourceWindow;
use crate::serde::{Deserializer, Format, FormatError, RowSchema, SerdeError, Serializer, Wanted};
use crate::{Refusal, Value};

/// Keys of these columns, and with windows of this kind.
pub(super) fn key(
    format: &Format,
    schema: &RowSchema,
    window: Option<SourceWindow>,
) -> Result<Codec, Refusal> {
    let windowed = window.map(|window| match window {
        SourceWindow::Tumbling(_) | SourceWindow::Hopping(_) => WindowedKey::Time,
        SourceWindow::Session => WindowedKey::Session,
    });
    let encoding = KeyEncoding { sides: Sides::new(format, schema)?, window };
    Ok(Codec::new(FormatName::Bytes, windowed, "a key", encoding))
}

/// Keys of a plan that will not run.
pub(super) fn no_key() -> Codec {
    Codec::of::<()>()
}

/// Values of these columns.
pub(super) fn row(format: &Format, schema: &RowSchema) -> Result<Codec, Refusal> {
    let encoding = RowEncoding { sides: Sides::new(format, schema)?, room: 0 };
    Ok(Codec::new(FormatName::Bytes, None, "a row", encoding))
}

/// The same, of which columns may stay NULL that nobody wants. Rows are read with room for more values behind theirs.
pub(super) fn row_of_wanted(
    format: &Format,
    schema: &RowSchema,
    wanted: &Wanted,
    room: usize,
) -> Result<Codec, Refusal> {
    let Sides { serializer, deserializer } = Sides::new(format, schema)?;
    let sides = Sides { serializer, deserializer: deserializer.with_wanted(wanted.clone()) };
    Ok(Codec::new(FormatName::Bytes, None, "a row", RowEncoding { sides, room }))
}

struct Sides {
    serializer: Serializer,
    deserializer: Deserializer,
}

impl Sides {
    fn new(format: &Format, schema: &RowSchema) -> Result<Self, Refusal> {
        let refused = |error: FormatError| Refusal::new(error.to_string());
        Ok(Self {
            serializer: Serializer::new(format, schema).map_err(refused)?,
            deserializer: Deserializer::new(format, schema).map_err(refused)?,
        })
    }
}

struct RowEncoding {
    sides: Sides,
    /// For how many values behind its own a row has a place.
    room: usize,
}

impl Encoding for RowEncoding {
    fn encode(&self, payload: &Payload, out: &mut Vec<u8>) -> Result<bool, DataError> {
        self.sides
            .serializer
            .serialize_into(payload.get::<Row>(), out)
            .map_err(|error| wrong("a row", &error))
    }

    fn decode(&self, bytes: Option<&[u8]>) -> Result<Option<Payload>, DataError> {
        let mut row = Row::with_capacity(self.sides.deserializer.width() + self.room);
        let found = self.sides.deserializer.deserialize(bytes, &mut row);
        Ok(found.map_err(|error| wrong("a row", &error))?.then(|| Payload::new(row)))
    }
}

struct KeyEncoding {
    sides: Sides,
    window: Option<SourceWindow>,
}

impl Encoding for KeyEncoding {
    fn encode(&self, payload: &Payload, out: &mut Vec<u8>) -> Result<bool, DataError> {
        let key = payload.get::<Key>();
        let written = self.sides.serializer.serialize_into(&key.columns, out);
        if !written.map_err(|error| wrong("a key", &error))? {
            return Ok(false);
        }
        match (self.window, key.window) {
            (Some(SourceWindow::Session), Some(window)) => {
                out.extend_from_slice(&window.end.to_be_bytes());
                out.extend_from_slice(&window.start.to_be_bytes());
            }
            (Some(_), Some(window)) => out.extend_from_slice(&window.start.to_be_bytes()),
            _ => {}
        }
        Ok(true)
    }

    fn has_bytes(&self, payload: &Payload) -> Result<bool, DataError> {
        if self.sides.serializer.is_plain(&payload.get::<Key>().columns) {
            return Ok(true);
        }
        self.encode(payload, &mut Vec::new())
    }

    fn decode(&self, bytes: Option<&[u8]>) -> Result<Option<Payload>, DataError> {
        let Some(bytes) = bytes else { return Ok(None) };
        let (bytes, window) = match self.window {
            None => (bytes, None),
            Some(kind) => {
                let (key, window) = split(bytes, kind).ok_or_else(|| DataError {
                    expected: "a windowed key",
                    text: format!("{} bytes are too few", bytes.len()),
                })?;
                (key, Some(window))
            }
        };
        // Most keys are one column: its place is made once.
        let mut columns: Arc<[Value]> = if self.sides.deserializer.width() == 1 {
            Arc::new([Value::Null])
        } else {
            vec![Value::Null; self.sides.deserializer.width()].into()
        };
        let Some(places) = Arc::get_mut(&mut columns) else { return Ok(None) };
        let found = self.sides.deserializer.read(bytes, places).map_err(|error| wrong("a key", &error))?;
        Ok(found.then(|| Payload::new(Key { columns, window })))
    }
}

/// A key and its window. Of time windows only the start is in the bytes.
fn split(bytes: &[u8], kind: SourceWindow) -> Option<(&[u8], Window)> {
    let (rest, start) = bytes.split_last_chunk::<8>()?;
    let start = i64::from_be_bytes(*start);
    match kind {
        SourceWindow::Tumbling(size) | SourceWindow::Hopping(size) => {
            Some((rest, Window { start, end: start.saturating_add(size) }))
        }
        SourceWindow::Session => {
            let (rest, end) = rest.split_last_chunk::<8>()?;
            Some((rest, Window { start, end: i64::from_be_bytes(*end) }))
        }
    }
}

fn wrong(expected: &'static str, error: &SerdeError) -> DataError {
    DataError { expected, text: error.to_string() }
}
