use lentic_sql::serde::{Format, FormatName, Nullable, RowSchema, Wrapping, message_text, write_message};
use lentic_sql::types::Field;
use lentic_sql::{SqlType, Value};

use crate::{decimal, decimal_type, int, read, write};

fn format() -> Format {
    Format::new(FormatName::ProtobufNosr)
}

fn scalars() -> RowSchema {
    RowSchema::value([
        ("I", SqlType::Integer),
        ("L", SqlType::Bigint),
        ("D", SqlType::Double),
        ("B", SqlType::Boolean),
        ("S", SqlType::String),
        ("Y", SqlType::Bytes),
    ])
}

fn zeros() -> Vec<Value> {
    vec![int(0), 0_i64.into(), 0.0.into(), false.into(), "".into(), Value::bytes([])]
}

#[test]
fn scalars_lie_as_in_proto3() {
    let row = [int(-1), 150_i64.into(), 1.5.into(), true.into(), "hi".into(), Value::bytes([7])];
    let bytes = b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x10\x96\x01\x19\0\0\0\0\0\0\xf8\x3f\x20\x01\x2a\x02hi\x32\x01\x07";
    assert_eq!(write(&format(), &scalars(), &row), Ok(Some(bytes.to_vec())));
    assert_eq!(read(&format(), &scalars(), bytes), Ok(Some(row.to_vec())));
}

#[test]
fn nulls() {
    // Without a representation of its own NULL becomes the default, and neither takes a byte.
    assert_eq!(write(&format(), &scalars(), &vec![Value::Null; 6]), Ok(Some(vec![])));
    assert_eq!(write(&format(), &scalars(), &zeros()), Ok(Some(vec![])));
    assert_eq!(read(&format(), &scalars(), b""), Ok(Some(zeros())));
    for (nullable, bytes) in [
        (Nullable::Optional, &b"\x08\0\x10\0\x19\0\0\0\0\0\0\0\0\x20\0\x2a\0\x32\0"[..]),
        (Nullable::Wrapper, b"\x0a\0\x12\0\x1a\0\x22\0\x2a\0\x32\0"),
    ] {
        let format = format().with_nullable(nullable);
        assert_eq!(write(&format, &scalars(), &vec![Value::Null; 6]), Ok(Some(vec![])));
        assert_eq!(read(&format, &scalars(), b""), Ok(Some(vec![Value::Null; 6])));
        assert_eq!(write(&format, &scalars(), &zeros()), Ok(Some(bytes.to_vec())));
        assert_eq!(read(&format, &scalars(), bytes), Ok(Some(zeros())));
    }
    let wrapper = format().with_nullable(Nullable::Wrapper);
    let one = RowSchema::value([("I", SqlType::Integer)]);
    assert_eq!(write(&wrapper, &one, &[int(5)]), Ok(Some(b"\x0a\x02\x08\x05".to_vec())));
}

#[test]
fn nested_types() {
    let kind = SqlType::structure([("F", SqlType::Integer)]);
    let schema = RowSchema::value([
        ("A", SqlType::array(SqlType::Integer)),
        ("T", SqlType::array(SqlType::String)),
        ("M", SqlType::map(SqlType::String, SqlType::Integer)),
        ("S", kind.clone()),
        ("R", SqlType::array(kind)),
    ]);
    let row = [
        Value::array([int(1), Value::Null, int(300)]),
        Value::array(["x".into(), "".into()]),
        Value::map([("a".into(), int(1))]),
        Value::structure([Value::Null]),
        Value::array([Value::structure([int(2)]), Value::Null]),
    ];
    let bytes = b"\x0a\x04\x01\0\xac\x02\x12\x01x\x12\0\x1a\x05\x0a\x01a\x10\x01\x22\0\x2a\x02\x08\x02\x2a\0";
    let back = [
        Value::array([int(1), int(0), int(300)]),
        row[1].clone(),
        row[2].clone(),
        Value::structure([int(0)]),
        Value::array([Value::structure([int(2)]), Value::structure([int(0)])]),
    ];
    assert_eq!(write(&format(), &schema, &row), Ok(Some(bytes.to_vec())));
    assert_eq!(read(&format(), &schema, bytes), Ok(Some(back.to_vec())));
    // Elements one by one, an unknown field of each wire type, and a map entry without its value.
    let other = b"\x08\x07\x08\x08\x30\x01\x39\0\0\0\0\0\0\0\0\x42\x01z\x4d\0\0\0\0\x1a\x03\x0a\x01a";
    let row = read(&format(), &schema, other).unwrap().unwrap();
    assert_eq!(row[0], Value::array([int(7), int(8)]));
    assert_eq!(row[2], Value::map([("a".into(), int(0))]));
    assert_eq!((&row[1], &row[3]), (&Value::array([]), &Value::Null));
}

#[test]
fn well_known_messages() {
    let schema = RowSchema::value([
        ("N", decimal_type(6, 4)),
        ("D", SqlType::Date),
        ("T", SqlType::Time),
        ("S", SqlType::Timestamp),
    ]);
    let row = [decimal("10.0000"), Value::Date(18658), Value::Time(49_507_123), Value::Timestamp(-1)];
    let bytes = write(&format(), &schema, &row).unwrap().unwrap();
    assert_eq!(&bytes[..11], b"\x0a\x09\x0a\x03\x01\x86\xa0\x10\x06\x18\x04");
    assert_eq!(&bytes[11..20], b"\x12\x07\x08\xe5\x0f\x10\x01\x18\x1f");
    assert_eq!(read(&format(), &schema, &bytes), Ok(Some(row.to_vec())));
    assert_eq!(read(&format(), &schema, b""), Ok(Some(vec![Value::Null; 4])));
    // Zeros, which have no fields inside.
    let row = [decimal("0.0000"), Value::Date(0), Value::Time(0), Value::Timestamp(0)];
    let bytes = write(&format(), &schema, &row).unwrap().unwrap();
    assert_eq!(read(&format(), &schema, &bytes), Ok(Some(row.to_vec())));
}

#[test]
fn unwrapped_columns() {
    let key = RowSchema::key([("K", SqlType::Integer)]);
    assert_eq!(write(&format(), &key, &[int(5)]), Ok(Some(b"\x08\x05".to_vec())));
    assert_eq!(read(&format(), &key, b"\x08\x05"), Ok(Some(vec![int(5)])));
    assert_eq!(write(&format(), &key, &[Value::Null]), Ok(None));
    let kind = SqlType::structure([("A", SqlType::Integer), ("B", SqlType::String)]);
    let value = RowSchema::value([("V", kind)]).with_wrapping(Wrapping::Unwrapped);
    let row = [Value::structure([int(5), "x".into()])];
    assert_eq!(write(&format(), &value, &row), Ok(Some(b"\x08\x05\x12\x01x".to_vec())));
    assert_eq!(read(&format(), &value, b"\x08\x05\x12\x01x"), Ok(Some(row.to_vec())));
}

#[test]
fn errors() {
    let nested = SqlType::structure([("G", SqlType::array(SqlType::String))]);
    let schema = RowSchema::value([("I", SqlType::Integer), ("F", nested), ("N", decimal_type(2, 1))]);
    for (bytes, error) in [
        (&b"\x08"[..], "Invalid protobuf: the message is cut off"),
        (b"\x12\x09x", "Invalid protobuf: the message is cut off"),
        (b"\x03\x01", "Invalid protobuf: wire type 3"),
        (b"\0\x01", "Invalid protobuf: a field with the number 0"),
        (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "Invalid protobuf: a varint of more than 10 bytes"),
        (b"\x0a\x01x", "Invalid protobuf: the field is no INTEGER, path: $.I"),
        (b"\x12\x06\x0a\x01x\x0a\x01\xff", "Invalid protobuf: the string is not UTF-8, path: $.F.G[1]"),
        (
            b"\x1a\x05\x0a\x01\x7d\x18\x02",
            "Cannot fit decimal '1.25' into DECIMAL(2, 1) without rounding. (Requires 3,2), path: $.N",
        ),
        (
            b"\x1a\x07\x0a\x01\x01\x18\xff\xff\x7f",
            "Invalid protobuf: no DECIMAL(2, 1) has these fields, path: $.N",
        ),
    ] {
        assert_eq!(read(&format(), &schema, bytes), Err(error.to_owned()), "{bytes:x?}");
    }
}

#[test]
fn schemas_as_text() {
    let fields = |columns: Vec<(&str, SqlType)>| -> Vec<Field> {
        columns.into_iter().map(|(name, kind)| Field { name: name.into(), kind }).collect()
    };
    let columns = fields(vec![
        ("ID", SqlType::Bigint),
        ("M", SqlType::map(SqlType::String, SqlType::structure([("X", SqlType::Double)]))),
        ("L", SqlType::array(SqlType::structure([("K", SqlType::String), ("V", SqlType::Bytes)]))),
    ]);
    let text = "syntax = \"proto3\";

message ConnectDefault1 {
  int64 ID = 1;
  repeated ConnectDefault2Entry M = 2;
  repeated ConnectDefault4 L = 3;

  message ConnectDefault2Entry {
    string key = 1;
    ConnectDefault3 value = 2;

    message ConnectDefault3 {
      double X = 1;
    }
  }
  message ConnectDefault4 {
    string K = 1;
    bytes V = 2;
  }
}
";
    assert_eq!(message_text(&columns, None), text);
    let columns = fields(vec![("I", SqlType::Integer), ("B", SqlType::Boolean)]);
    let optional = "syntax = \"proto3\";\n\nmessage ConnectDefault1 {\n  optional int32 I = 1;\n  optional bool B = 2;\n}\n";
    assert_eq!(message_text(&columns, Some(Nullable::Optional)), optional);
    let wrapper = "syntax = \"proto3\";\n\nimport \"google/protobuf/wrappers.proto\";\n\nmessage ConnectDefault1 {\n  \
                   google.protobuf.Int32Value I = 1;\n  google.protobuf.BoolValue B = 2;\n}\n";
    assert_eq!(message_text(&columns, Some(Nullable::Wrapper)), wrapper);
    let decimals = message_text(&fields(vec![("N", decimal_type(4, 2))]), None);
    assert!(decimals.contains("confluent.type.Decimal N = 1 [(confluent.field_meta) = {"), "{decimals}");
}

#[test]
fn rows_of_replies_are_messages_too() {
    let columns = [Field { name: "A".into(), kind: SqlType::array(SqlType::Integer) }];
    let mut out = Vec::new();
    write_message(&[Value::array([int(1)])], &columns, None, &mut out).unwrap();
    assert_eq!(out, b"\x0a\x01\x01");
    let error = write_message(&[int(1)], &columns, None, &mut out).unwrap_err();
    assert_eq!(error.to_string(), "The value is not of the type ARRAY<INTEGER>, path: $.A");
}
