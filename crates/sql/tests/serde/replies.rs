use lentic_sql::serde::{write_rest_row, write_rest_value};
use lentic_sql::types::Field;
use lentic_sql::{SqlType, Value};

use crate::{decimal, decimal_type};

#[test]
fn values_in_replies() {
    let cases = [
        (SqlType::Date, Value::Date(18658), r#""2021-01-31""#),
        (SqlType::Time, Value::Time(49_500_000), r#""13:45""#),
        (SqlType::Time, Value::Time(49_507_123), r#""13:45:07""#),
        (SqlType::Time, Value::Time(49_500_123), r#""13:45""#),
        (SqlType::Timestamp, Value::Timestamp(1_612_100_700_000), r#""2021-01-31T13:45:00.000""#),
        (SqlType::Double, Value::Double(f64::NEG_INFINITY), r#""-Infinity""#),
        (decimal_type(12, 10), decimal("0.0000000001"), "0.0000000001"),
        (SqlType::Bytes, Value::bytes([255]), r#""/w==""#),
        (
            SqlType::map(SqlType::Integer, SqlType::String),
            Value::map([(1.into(), "a".into())]),
            r#"{"1":"a"}"#,
        ),
        (
            SqlType::structure([("F1", SqlType::Date), ("f2", SqlType::String)]),
            Value::structure([Value::Date(0), Value::Null]),
            r#"{"F1":"1970-01-01","f2":null}"#,
        ),
    ];
    for (kind, value, json) in cases {
        let mut out = Vec::new();
        write_rest_value(&value, &kind, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), json);
    }
}

#[test]
fn rows_in_replies() {
    let columns = [
        Field { name: "K".into(), kind: SqlType::String },
        Field { name: "N".into(), kind: SqlType::Bigint },
    ];
    let mut out = Vec::new();
    write_rest_row(&["a".into(), Value::Bigint(10)], &columns, &mut out).unwrap();
    assert_eq!(out, br#"["a",10]"#);
    let error = write_rest_row(&["a".into(), "b".into()], &columns, &mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "The value is not of the type BIGINT, path: $.N");
}
