use lentic_sql::serde::{Format, FormatName, RowSchema};
use lentic_sql::{SqlType, Value};

use crate::{read, write};

#[test]
fn primitives_are_those_of_kafka() {
    let kafka = Format::new(FormatName::Kafka);
    let cases: &[(SqlType, Value, &[u8])] = &[
        (SqlType::Integer, Value::Integer(-2), b"\xff\xff\xff\xfe"),
        (SqlType::Bigint, Value::Bigint(258), b"\0\0\0\0\0\0\x01\x02"),
        (SqlType::Double, Value::Double(1.5), b"\x3f\xf8\0\0\0\0\0\0"),
        (SqlType::String, "h\u{e4}".into(), b"h\xc3\xa4"),
        (SqlType::String, "".into(), b""),
        (SqlType::Bytes, Value::bytes([0, 255]), b"\0\xff"),
    ];
    for (kind, value, bytes) in cases {
        for schema in [RowSchema::key([("K", kind.clone())]), RowSchema::value([("V", kind.clone())])] {
            assert_eq!(read(&kafka, &schema, bytes), Ok(Some(vec![value.clone()])));
            assert_eq!(write(&kafka, &schema, std::slice::from_ref(value)), Ok(Some(bytes.to_vec())));
            assert_eq!(write(&kafka, &schema, &[Value::Null]), Ok(None));
        }
    }
}

#[test]
fn sizes_are_exact_and_text_is_lenient() {
    let kafka = Format::new(FormatName::Kafka);
    for (kind, bytes, error) in [
        (
            SqlType::Integer,
            &b"12345"[..],
            "Size of data received by IntegerDeserializer is not 4: it has 5 bytes",
        ),
        (SqlType::Bigint, b"1234", "Size of data received by LongDeserializer is not 8: it has 4 bytes"),
        (SqlType::Double, b"", "Size of data received by DoubleDeserializer is not 8: it has 0 bytes"),
    ] {
        assert_eq!(read(&kafka, &RowSchema::key([("K", kind)]), bytes), Err(error.to_owned()));
    }
    let text = RowSchema::key([("K", SqlType::String)]);
    assert_eq!(read(&kafka, &text, b"a\xff"), Ok(Some(vec!["a\u{fffd}".into()])));
}

#[test]
fn none_ignores_whatever_the_key_is() {
    let none = Format::new(FormatName::None);
    let schema = RowSchema::key([] as [(&str, SqlType); 0]);
    assert_eq!(read(&none, &schema, b"anything"), Ok(None));
    assert_eq!(write(&none, &schema, &[]), Ok(None));
    for name in [FormatName::Kafka, FormatName::Json, FormatName::Delimited] {
        assert_eq!(write(&Format::new(name), &schema, &[]), Ok(None), "{name}");
    }
}
