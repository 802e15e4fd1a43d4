//! The message of columns as proto3 text.
use std::collections::BTreeSet;

use crate::SqlType;
use crate::serde::Nullable;
use crate::types::Field;

/// The schema of the message that columns make, as ksqlDB's `protoSchema` shows it. Messages without a name are numbered in
/// the order in which they occur, each before what lies in it.
pub fn message_text(columns: &[Field], nullable: Option<Nullable>) -> String {
    let mut schema = Schema { nullable, messages: 1, imports: BTreeSet::new() };
    let fields = columns.iter().map(|column| (&*column.name, &column.kind));
    let message = schema.message("ConnectDefault1", fields, "");
    let imports: String = schema.imports.iter().flat_map(|import| ["import \"", import, "\";\n"]).collect();
    let gap = if imports.is_empty() { "" } else { "\n" };
    format!("syntax = \"proto3\";\n\n{imports}{gap}{message}")
}

struct Schema {
    nullable: Option<Nullable>,
    /// How many messages have a name.
    messages: usize,
    imports: BTreeSet<&'static str>,
}

impl Schema {
    fn message<'a>(
        &mut self,
        name: &str,
        fields: impl Iterator<Item = (&'a str, &'a SqlType)>,
        indent: &str,
    ) -> String {
        let inner = format!("{indent}  ");
        let (mut lines, mut nested) = (String::new(), String::new());
        for (index, (name, kind)) in fields.enumerate() {
            let (repeated, kind) = match kind {
                SqlType::Array(element) => (true, &**element),
                kind => (matches!(kind, SqlType::Map(..)), kind),
            };
            let kind_name = self.kind(kind, &inner, &mut nested);
            let optional = super::is_scalar(kind) && self.nullable == Some(Nullable::Optional);
            let label = if repeated {
                "repeated "
            } else if optional {
                "optional "
            } else {
                ""
            };
            let option = self.option(kind, &inner);
            let number = (index + 1).to_string();
            lines.extend([&*inner, label, &*kind_name, " ", name, " = ", &*number, &*option, ";\n"]);
        }
        let gap = if nested.is_empty() { "" } else { "\n" };
        format!("{indent}message {name} {{\n{lines}{gap}{nested}{indent}}}\n")
    }

    /// The name of a type; messages that have to be declared for it go into `nested`.
    fn kind(&mut self, kind: &SqlType, indent: &str, nested: &mut String) -> String {
        let wrapper = self.nullable == Some(Nullable::Wrapper);
        let (scalar, wrapped) = match kind {
            SqlType::Boolean => ("bool", "BoolValue"),
            SqlType::Integer => ("int32", "Int32Value"),
            SqlType::Bigint => ("int64", "Int64Value"),
            SqlType::Double => ("double", "DoubleValue"),
            SqlType::String => ("string", "StringValue"),
            SqlType::Bytes => ("bytes", "BytesValue"),
            SqlType::Decimal(_) => {
                return self.import("confluent/type/decimal.proto", "confluent.type.Decimal");
            }
            SqlType::Date => return self.import("google/type/date.proto", "google.type.Date"),
            SqlType::Time => return self.import("google/type/timeofday.proto", "google.type.TimeOfDay"),
            SqlType::Timestamp => {
                return self.import("google/protobuf/timestamp.proto", "google.protobuf.Timestamp");
            }
            SqlType::Map(key, value) => {
                let name = format!("{}Entry", self.name());
                let entry = [("key", &**key), ("value", &**value)];
                nested.push_str(&self.message(&name, entry.into_iter(), indent));
                return name;
            }
            SqlType::Struct(structure) => {
                let name = self.name();
                let fields = structure.fields().iter().map(|field| (&*field.name, &field.kind));
                nested.push_str(&self.message(&name, fields, indent));
                return name;
            }
            // Refused as a column; shown as what it holds.
            SqlType::Array(element) => return self.kind(element, indent, nested),
        };
        if wrapper {
            return self.import("google/protobuf/wrappers.proto", &format!("google.protobuf.{wrapped}"));
        }
        scalar.to_owned()
    }

    fn name(&mut self) -> String {
        self.messages += 1;
        format!("ConnectDefault{}", self.messages)
    }

    fn import(&mut self, file: &'static str, name: &str) -> String {
        self.imports.insert(file);
        name.to_owned()
    }

    /// A decimal's digits, which its message does not fix.
    fn option(&mut self, kind: &SqlType, indent: &str) -> String {
        let SqlType::Decimal(decimal) = kind else { return String::new() };
        self.imports.insert("confluent/meta.proto");
        let parameter = |key: &str, value: u32| {
            format!(
                "{indent}    {{\n{indent}      value: \"{value}\",\n{indent}      key: \"{key}\"\n{indent}    }}"
            )
        };
        format!(
            " [(confluent.field_meta) = {{\n{indent}  params: [\n{},\n{}\n{indent}  ]\n{indent}}}]",
            parameter("precision", decimal.precision()),
            parameter("scale", decimal.scale()),
        )
    }
}
