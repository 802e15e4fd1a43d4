//! What a format writes it reads again, and it reads or refuses any bytes at all.
use lentic_sql::serde::{Deserializer, Format, FormatName, Nullable, RowSchema, Wrapping};
use lentic_sql::{SqlType, Value};
use proptest::prelude::*;

use crate::{decimal_type, read, write};

fn simple() -> impl Strategy<Value = SqlType> {
    prop_oneof![
        Just(SqlType::Boolean),
        Just(SqlType::Integer),
        Just(SqlType::Bigint),
        Just(SqlType::Double),
        Just(decimal_type(12, 4)),
        Just(SqlType::String),
        Just(SqlType::Bytes),
        Just(SqlType::Date),
        Just(SqlType::Time),
        Just(SqlType::Timestamp),
    ]
}

fn nested() -> impl Strategy<Value = SqlType> {
    simple().prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(SqlType::array),
            inner.clone().prop_map(|value| SqlType::map(SqlType::String, value)),
            prop::collection::vec(inner, 1..4).prop_map(|kinds| SqlType::structure(
                (0..).zip(kinds).map(|(n, kind)| (format!("f\"{n}"), kind))
            )),
        ]
    })
}

fn value(kind: &SqlType, nulls: bool) -> BoxedStrategy<Value> {
    let some = match kind {
        SqlType::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        SqlType::Integer => any::<i32>().prop_map(Value::Integer).boxed(),
        SqlType::Bigint => any::<i64>().prop_map(Value::Bigint).boxed(),
        SqlType::Double => {
            prop_oneof![any::<f64>(), Just(f64::NAN), Just(f64::INFINITY)].prop_map(Value::Double).boxed()
        }
        SqlType::Decimal(_) => (-999_999_999_999_i64..=999_999_999_999)
            .prop_map(|digits| Value::decimal(bigdecimal::BigDecimal::new(digits.into(), 4)))
            .boxed(),
        SqlType::String => any::<String>().prop_map(Value::from).boxed(),
        SqlType::Bytes => any::<Vec<u8>>().prop_map(Value::bytes).boxed(),
        // Day 0 is the message of January 1st, which is never empty; the years are those of four digits.
        SqlType::Date => (-700_000..2_900_000).prop_map(Value::Date).boxed(),
        SqlType::Time => (0..86_400_000).prop_map(Value::Time).boxed(),
        SqlType::Timestamp => {
            (-1_000_000_000_000_000_i64..1_000_000_000_000_000).prop_map(Value::Timestamp).boxed()
        }
        SqlType::Array(element) => {
            prop::collection::vec(value(element, nulls), 0..4).prop_map(Value::array).boxed()
        }
        SqlType::Map(_, element) => {
            prop::collection::vec((any::<String>().prop_map(Value::from), value(element, nulls)), 0..4)
                .prop_map(Value::map)
                .boxed()
        }
        SqlType::Struct(structure) => {
            let fields: Vec<_> = structure.fields().iter().map(|field| value(&field.kind, nulls)).collect();
            fields.prop_map(Value::structure).boxed()
        }
    };
    if nulls { prop_oneof![4 => some, 1 => Just(Value::Null)].boxed() } else { some }
}

fn row(kinds: Vec<SqlType>, nulls: bool) -> impl Strategy<Value = (RowSchema, Vec<Value>)> {
    let values: Vec<_> = kinds.iter().map(|kind| value(kind, nulls)).collect();
    let columns = (0..).zip(kinds).map(|(n, kind)| (format!("C{n}"), kind));
    (Just(RowSchema::value(columns)), values)
}

fn rows(kind: impl Strategy<Value = SqlType>, nulls: bool) -> impl Strategy<Value = (RowSchema, Vec<Value>)> {
    prop::collection::vec(kind, 1..5).prop_flat_map(move |kinds| row(kinds, nulls))
}

proptest! {
    #[test]
    fn json((schema, row) in rows(nested(), true), unwrapped: bool) {
        let wrapping = if unwrapped { Wrapping::Unwrapped } else { Wrapping::Wrapped };
        let (format, schema) = (Format::new(FormatName::Json), schema.with_wrapping(wrapping));
        let back = match write(&format, &schema, &row).unwrap() {
            Some(bytes) => read(&format, &schema, &bytes).unwrap(),
            None => Some(vec![Value::Null]),
        };
        prop_assert_eq!(back, Some(row));
    }

    #[test]
    fn delimited((schema, row) in rows(simple(), true)) {
        let format = Format::new(FormatName::Delimited);
        let bytes = write(&format, &schema, &row).unwrap().unwrap();
        // One column that is NULL leaves no field to read.
        prop_assume!(!bytes.is_empty());
        // What has no bytes is NULL.
        let expected = row.into_iter().map(|value| match value {
            Value::String(text) if text.is_empty() => Value::Null,
            Value::Bytes(bytes) if bytes.is_empty() => Value::Null,
            value => value,
        });
        prop_assert_eq!(read(&format, &schema, &bytes), Ok(Some(expected.collect())));
    }

    #[test]
    fn protobuf((schema, row) in rows(nested(), false), which in 0..3_usize) {
        let mut format = Format::new(FormatName::ProtobufNosr);
        format.nullable = [None, Some(Nullable::Optional), Some(Nullable::Wrapper)][which];
        prop_assume!(format.check(&schema).is_ok());
        let bytes = write(&format, &schema, &row).unwrap().unwrap();
        prop_assert_eq!(read(&format, &schema, &bytes), Ok(Some(row)));
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        kinds in prop::collection::vec(nested(), 1..4),
        bytes in prop_oneof![any::<Vec<u8>>(), "[\\[\\]{}\",:0-9eE.a-z\\\\ -]{0,30}".prop_map(String::into_bytes)],
        unwrapped: bool,
    ) {
        let wrapping = if unwrapped { Wrapping::Unwrapped } else { Wrapping::Wrapped };
        let schema = RowSchema::value((0..).zip(kinds).map(|(n, kind)| (format!("C{n}"), kind))).with_wrapping(wrapping);
        for name in [FormatName::Kafka, FormatName::Json, FormatName::Delimited, FormatName::ProtobufNosr] {
            if let Ok(deserializer) = Deserializer::new(&Format::new(name), &schema) {
                let _ = deserializer.deserialize(Some(&bytes), &mut Vec::new());
            }
        }
    }
}
