//! Rows in protocol buffers as the text that cases expect: read by the schema that came with them, by nothing that wrote them.
use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lentic_sql::value::double::double_text;

use super::super::Json;

/// A reply whose rows are texts.
pub(super) fn as_text(elements: &[Json]) -> Result<Vec<Json>, String> {
    let text = |json: Option<&Json>| json.and_then(Json::as_str).map(str::to_owned);
    let schema = elements.first().and_then(|first| first.field("header")?.field("protoSchema"));
    let Some(schema) = text(schema) else { return Err("the reply begins with no protoSchema".to_owned()) };
    let schema = Schema::parse(&schema)?;
    elements
        .iter()
        .map(|element| {
            let Some(row) = element.field("row") else { return Ok(element.clone()) };
            let bytes = text(row.field("protobufBytes")).ok_or_else(|| format!("no bytes in {element}"))?;
            let bytes = STANDARD.decode(bytes).map_err(|error| error.to_string())?;
            let mut shown = String::new();
            schema.show(&schema.outermost, &bytes, "", &mut shown)?;
            Ok(Json::Object(BTreeMap::from([("row".to_owned(), Json::String(shown))])))
        })
        .collect()
}

/// The fields of a message by their numbers: name and type.
type Message = BTreeMap<u64, (String, String)>;

/// The messages of a text in proto3.
struct Schema {
    messages: BTreeMap<String, Message>,
    outermost: String,
}

/// What schemas import: message, and the types and names of its fields in the order of their numbers.
const IMPORTED: [(&str, &[&str]); 5] = [
    ("confluent.type.Decimal", &["bytes value", "uint32 precision", "int32 scale"]),
    ("google.type.Date", &["int32 year", "int32 month", "int32 day"]),
    ("google.type.TimeOfDay", &["int32 hours", "int32 minutes", "int32 seconds", "int32 nanos"]),
    ("google.protobuf.Timestamp", &["int64 seconds", "int32 nanos"]),
    ("google.protobuf.Duration", &["int64 seconds", "int32 nanos"]),
];

impl Schema {
    fn parse(text: &str) -> Result<Self, String> {
        let mut messages: BTreeMap<String, Message> = BTreeMap::new();
        for (name, fields) in IMPORTED {
            let fields = fields.iter().filter_map(|field| field.split_once(' '));
            let numbered = (1..).zip(fields.map(|(kind, name)| (name.to_owned(), kind.to_owned())));
            messages.insert(name.to_owned(), numbered.collect());
        }
        let (mut open, mut outermost) = (Vec::new(), None);
        // Options of fields stand in brackets, over several lines.
        let mut in_options = false;
        for line in text.lines().map(str::trim) {
            let words: Vec<&str> = line.split(' ').collect();
            if in_options {
                in_options = !line.ends_with(")];") && !line.ends_with("}];");
                continue;
            }
            match *words {
                [] | [""] | ["syntax" | "import", ..] => {}
                ["message", name, "{"] => {
                    outermost.get_or_insert_with(|| name.to_owned());
                    open.push(name.to_owned());
                    messages.insert(name.to_owned(), Message::new());
                }
                ["}"] => drop(open.pop()),
                ["repeated" | "optional", kind, name, "=", number, ..] | [kind, name, "=", number, ..] => {
                    in_options = !line.ends_with(';');
                    let number = number.trim_end_matches(';').parse().map_err(|_| format!("field {line}"))?;
                    let message = open.last().and_then(|open| messages.get_mut(open));
                    let message = message.ok_or_else(|| format!("a field outside of a message: {line}"))?;
                    message.insert(number, (name.to_owned(), kind.to_owned()));
                }
                _ => return Err(format!("no line of proto3: {line}")),
            }
        }
        let outermost = outermost.ok_or("a schema without a message")?;
        Ok(Self { messages, outermost })
    }

    /// The text of a message, as `com.google.protobuf.TextFormat` prints it: field by field in the order of their numbers.
    fn show(&self, message: &str, mut bytes: &[u8], indent: &str, out: &mut String) -> Result<(), String> {
        let fields = self.messages.get(message).ok_or_else(|| format!("no message {message}"))?;
        let mut found: BTreeMap<u64, Vec<Wire<'_>>> = BTreeMap::new();
        while !bytes.is_empty() {
            let (number, wire) = Wire::read(&mut bytes).ok_or("a message is cut off")?;
            found.entry(number).or_default().push(wire);
        }
        for (number, wires) in found {
            let (name, kind) =
                fields.get(&number).ok_or_else(|| format!("{message} has no field {number}"))?;
            for wire in wires {
                match wire {
                    Wire::Bytes(inner) if self.messages.contains_key(kind) => {
                        let _ = writeln!(out, "{indent}{name} {{");
                        self.show(kind, inner, &format!("{indent}  "), out)?;
                        let _ = writeln!(out, "{indent}}}");
                    }
                    // Repeated numbers are packed.
                    Wire::Bytes(mut packed) if is_number(kind) => {
                        while !packed.is_empty() {
                            let wire = if kind == "double" { Wire::fixed(&mut packed) } else { None };
                            let wire = wire.or_else(|| varint(&mut packed).map(Wire::Varint));
                            let text = wire.ok_or("numbers are cut off")?.text(kind)?;
                            let _ = writeln!(out, "{indent}{name}: {text}");
                        }
                    }
                    wire => {
                        let _ = writeln!(out, "{indent}{name}: {}", wire.text(kind)?);
                    }
                }
            }
        }
        Ok(())
    }
}

fn is_number(kind: &str) -> bool {
    matches!(kind, "bool" | "int32" | "int64" | "uint32" | "double")
}

/// What stands behind a tag.
#[derive(Clone, Copy)]
enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
}

impl<'a> Wire<'a> {
    fn read(bytes: &mut &'a [u8]) -> Option<(u64, Self)> {
        let tag = varint(bytes)?;
        let wire = match tag & 7 {
            0 => Self::Varint(varint(bytes)?),
            1 => Self::fixed(bytes)?,
            2 => {
                let length = usize::try_from(varint(bytes)?).ok()?;
                let (inner, rest) = bytes.split_at_checked(length)?;
                *bytes = rest;
                Self::Bytes(inner)
            }
            _ => return None,
        };
        Some((tag >> 3, wire))
    }

    fn fixed(bytes: &mut &'a [u8]) -> Option<Self> {
        let (fixed, rest) = bytes.split_first_chunk::<8>()?;
        *bytes = rest;
        Some(Self::Fixed64(u64::from_le_bytes(*fixed)))
    }

    fn text(self, kind: &str) -> Result<String, String> {
        Ok(match (kind, self) {
            ("bool", Self::Varint(number)) => (number != 0).to_string(),
            ("int32" | "int64", Self::Varint(number)) => number.cast_signed().to_string(),
            ("uint32", Self::Varint(number)) => number.to_string(),
            ("double", Self::Fixed64(bits)) => double_text(f64::from_bits(bits)),
            ("string" | "bytes", Self::Bytes(bytes)) => quoted(bytes),
            _ => return Err(format!("a value of {kind} is written as something else")),
        })
    }
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Bytes in quotation marks; what is not printable in ASCII by its octal number.
fn quoted(bytes: &[u8]) -> String {
    let mut text = "\"".to_owned();
    for byte in bytes {
        match byte {
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            b'"' | b'\'' | b'\\' => text.extend(['\\', char::from(*byte)]),
            0x20..0x7f => text.push(char::from(*byte)),
            other => {
                let _ = write!(text, "\\{other:03o}");
            }
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use lentic_sql::serde::{message_text, write_message};
    use lentic_sql::types::Field;
    use lentic_sql::{SqlType, Value};

    use super::*;

    #[test]
    fn rows_become_text() {
        for (columns, row, expected) in [
            (
                vec![("A", SqlType::Integer), ("B", SqlType::String), ("C", SqlType::Double)],
                vec![Value::Integer(-1), Value::string("ä\"\n"), Value::Double(1.5)],
                "A: -1\nB: \"\\303\\244\\\"\\n\"\nC: 1.5\n",
            ),
            (
                vec![("A", SqlType::Bigint), ("B", SqlType::Boolean)],
                vec![Value::Bigint(0), Value::Boolean(true)],
                "B: true\n",
            ),
            (
                vec![
                    ("D", SqlType::decimal(4, 2).expect("a type")),
                    ("T", SqlType::Timestamp),
                    ("L", SqlType::array(SqlType::Integer)),
                ],
                vec![
                    Value::Null,
                    Value::Timestamp(1_500),
                    Value::Array([Value::Integer(7), Value::Integer(0)].into()),
                ],
                "T {\n  seconds: 1\n  nanos: 500000000\n}\nL: 7\nL: 0\n",
            ),
        ] {
            let columns: Vec<Field> =
                columns.into_iter().map(|(name, kind)| Field { name: name.into(), kind }).collect();
            let mut bytes = Vec::new();
            write_message(&row, &columns, None, &mut bytes).expect("a message");
            let header = serde_json::json!({"header": {"protoSchema": message_text(&columns, None)}});
            let row = serde_json::json!({"row": {"protobufBytes": STANDARD.encode(bytes)}});
            let reply = [header, row].map(|json| Json::parse(&json.to_string()).expect("JSON"));
            let shown = as_text(&reply).expect("text");
            assert_eq!(shown[1].field("row").and_then(Json::as_str), Some(expected));
        }
    }

    #[test]
    fn what_the_schema_does_not_know_is_refused() {
        let schema = "syntax = \"proto3\";\n\nmessage M {\n  int32 A = 1;\n}\n";
        let schema = Schema::parse(schema).expect("a schema");
        for bytes in [&[0x10, 1][..], &[0x08], &[0x0a, 1]] {
            schema.show("M", bytes, "", &mut String::new()).expect_err("no such message");
        }
    }
}
