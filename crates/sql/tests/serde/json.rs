use lentic_sql::serde::{Format, FormatName, RowSchema, Wrapping};
use lentic_sql::{SqlType, Value};

use crate::{decimal, decimal_type, int, read, write};

fn format() -> Format {
    Format::new(FormatName::Json)
}

fn column(kind: SqlType) -> RowSchema {
    RowSchema::value([("F", kind)])
}

#[test]
fn coercions() {
    let point = SqlType::structure([("X", SqlType::Integer), ("y", SqlType::String)]);
    let cases: &[(SqlType, &str, Value)] = &[
        (SqlType::Boolean, "true", Value::Boolean(true)),
        (SqlType::Integer, "7.9", int(7)),
        (SqlType::Integer, "4294967297", int(1)),
        (SqlType::Integer, "\"-7\"", int(-7)),
        (SqlType::Bigint, "9007199254740993", Value::Bigint(9_007_199_254_740_993)),
        (SqlType::Bigint, "\"12\"", Value::Bigint(12)),
        (SqlType::Bigint, "1e3", Value::Bigint(1000)),
        (SqlType::Double, "1", Value::Double(1.0)),
        (SqlType::Double, "0.1", Value::Double(0.1)),
        (SqlType::Double, "1e999", Value::Double(f64::INFINITY)),
        (SqlType::Double, "\"NaN\"", Value::Double(f64::NAN)),
        (SqlType::Double, "\"-Infinity\"", Value::Double(f64::NEG_INFINITY)),
        (
            decimal_type(33, 16),
            "12345678987654321.2345678987654321",
            decimal("12345678987654321.2345678987654321"),
        ),
        (decimal_type(4, 2), "10.1", decimal("10.10")),
        (decimal_type(4, 2), "\"1.5000\"", decimal("1.50")),
        (decimal_type(4, 2), "0e99", decimal("0.00")),
        (SqlType::String, "\"a\\u00e4\\n\"", "a\u{e4}\n".into()),
        (SqlType::String, "1.50", "1.50".into()),
        (SqlType::String, "1e2", "1E+2".into()),
        (SqlType::String, "true", "true".into()),
        (SqlType::String, r#"{ "a" : [ 1.0, null, "\u0041\"" ] }"#, r#"{"a":[1.0,null,"A\""]}"#.into()),
        (SqlType::Bytes, "\"aGk=\"", Value::bytes("hi")),
        (SqlType::Date, "17662", Value::Date(17662)),
        (SqlType::Time, "\"10\"", Value::Time(10)),
        (SqlType::Timestamp, "-1", Value::Timestamp(-1)),
        (
            SqlType::array(SqlType::Double),
            "[1, null, \"2\"]",
            Value::array([1.0.into(), Value::Null, 2.0.into()]),
        ),
        (
            SqlType::map(SqlType::String, SqlType::Bigint),
            r#"{"a":1,"b\n":null}"#,
            Value::map([("a".into(), 1_i64.into()), ("b\n".into(), Value::Null)]),
        ),
        (point.clone(), r#"{"x": 1, "Y": "no", "z": {}}"#, Value::structure([int(1), Value::Null])),
        (point.clone(), "{}", Value::structure([Value::Null, Value::Null])),
        (SqlType::array(point), "[{}]", Value::array([Value::structure([Value::Null, Value::Null])])),
    ];
    for (kind, json, value) in cases {
        let row = Ok(Some(vec![value.clone()]));
        let wrapped = format!(" {{\"f\" : {json} , \"g\": [{{}}]}} ");
        assert_eq!(read(&format(), &column(kind.clone()), wrapped.as_bytes()), row, "{json}");
        let unwrapped = column(kind.clone()).with_wrapping(Wrapping::Unwrapped);
        assert_eq!(read(&format(), &unwrapped, format!("\n{json} ").as_bytes()), row, "{json}");
        // Nothing is the same as null.
        assert_eq!(read(&format(), &column(kind.clone()), b"{}"), Ok(Some(vec![Value::Null])));
        assert_eq!(read(&format(), &column(kind.clone()), b"{\"F\":null}"), Ok(Some(vec![Value::Null])));
    }
}

#[test]
fn names() {
    let schema =
        RowSchema::value([("ID", SqlType::Integer), ("id", SqlType::Integer), ("Ä", SqlType::Integer)]);
    for (json, row) in [
        (r#"{"ID":1,"id":2,"ä":3}"#, [int(1), int(2), int(3)]),
        (r#"{"Id":1,"ID":2,"iD":3}"#, [int(2), Value::Null, Value::Null]),
        (r#"{"Id":1,"iD":3}"#, [int(1), Value::Null, Value::Null]),
        (r#"{"\u0049D":1}"#, [int(1), Value::Null, Value::Null]),
    ] {
        assert_eq!(read(&format(), &schema, json.as_bytes()), Ok(Some(row.to_vec())), "{json}");
    }
    let many = RowSchema::value((0..200).map(|n| (format!("C{n}"), SqlType::Integer)));
    let row = read(&format(), &many, br#"{"c199":1,"C0":2}"#).unwrap().unwrap();
    assert_eq!((&row[199], &row[0]), (&int(1), &int(2)));
}

#[test]
fn nulls() {
    let kind = SqlType::Integer;
    assert_eq!(read(&format(), &column(kind.clone()), b"null"), Ok(None));
    let unwrapped = column(kind.clone()).with_wrapping(Wrapping::Unwrapped);
    assert_eq!(read(&format(), &unwrapped, b"null"), Ok(None));
    assert_eq!(write(&format(), &unwrapped, &[Value::Null]), Ok(None));
    assert_eq!(write(&format(), &column(kind.clone()), &[Value::Null]), Ok(Some(b"{\"F\":null}".to_vec())));
    assert_eq!(write(&format(), &RowSchema::key([("K", kind)]), &[Value::Null]), Ok(None));
}

#[test]
fn errors() {
    let inner = SqlType::structure([("G", SqlType::Bigint)]);
    for (kind, json, error) in [
        (SqlType::Integer, "{\"F\":\"x\"}", "Can't coerce string to type. targetType: INTEGER, path: $.F"),
        (
            SqlType::Integer,
            "{\"F\":true}",
            "Can't convert type. sourceType: boolean, requiredType: INTEGER, path: $.F",
        ),
        (
            SqlType::Boolean,
            "{\"F\":\"true\"}",
            "Can't convert type. sourceType: string, requiredType: BOOLEAN, path: $.F",
        ),
        (SqlType::Integer, "[1]", "Can't convert type. sourceType: array, requiredType: STRUCT, path: $"),
        (
            inner.clone(),
            "{\"F\":{\"G\":[]}}",
            "Can't convert type. sourceType: array, requiredType: BIGINT, path: $.F.G",
        ),
        (
            SqlType::array(inner.clone()),
            "{\"F\":[null,{\"G\":\"x\"}]}",
            "Can't coerce string to type. targetType: BIGINT, path: $.F[1].G",
        ),
        (
            SqlType::map(SqlType::String, inner),
            "{\"F\":{\"a\":{\"G\":\"x\"}}}",
            "Can't coerce string to type. targetType: BIGINT, path: $.F.a.value.G",
        ),
        (
            decimal_type(2, 1),
            "{\"F\":1.25}",
            "Cannot fit decimal '1.25' into DECIMAL(2, 1) without rounding. (Requires 3,2), path: $.F",
        ),
        (
            SqlType::Time,
            "{\"F\":86400000}",
            "Time values must use number of milliseconds greater than 0 and less than 86400000., path: $.F",
        ),
        (SqlType::Bytes, "{\"F\":\"?\"}", "Can't coerce string to type. targetType: BYTES, path: $.F"),
    ] {
        assert_eq!(read(&format(), &column(kind), json.as_bytes()), Err(error.to_owned()), "{json}");
    }
    for broken in
        ["", "{", "{\"F\":1", "{\"F\":1}x", "{\"F\":01}", "\u{feff}{}", "{\"F\":tru}", "{\"F\":1e99999999}"]
    {
        assert!(read(&format(), &column(SqlType::Bigint), broken.as_bytes()).is_err(), "{broken}");
    }
    assert!(read(&format(), &column(SqlType::String), b"{\"F\":\"\xff\"}").is_err());
    let deep = format!("{{\"F\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(read(&format(), &column(SqlType::String), deep.as_bytes()).is_ok());
}

#[test]
fn texts_are_those_of_ksqldb() {
    let schema = RowSchema::value([
        ("D", SqlType::Double),
        ("N", decimal_type(6, 4)),
        ("S", SqlType::String),
        ("Y", SqlType::Bytes),
        ("T", SqlType::Timestamp),
        ("A", SqlType::array(SqlType::structure([("x\"", SqlType::Date)]))),
        ("M", SqlType::map(SqlType::String, SqlType::Boolean)),
    ]);
    let row = [
        Value::Double(1e7),
        decimal("12.3650"),
        "\"\\\n\u{1f}\u{e4}/".into(),
        Value::bytes("hi"),
        Value::Timestamp(10),
        Value::array([Value::structure([Value::Date(1)]), Value::Null]),
        Value::map([("k".into(), true.into())]),
    ];
    let of_null = Value::map([(Value::Null, true.into())]);
    let written = write(&format(), &column(SqlType::map(SqlType::String, SqlType::Boolean)), &[of_null]);
    assert_eq!(written, Ok(Some(b"{\"F\":{\"null\":true}}".to_vec())));
    let json = concat!(
        r#"{"D":1.0E7,"N":12.3650,"S":"\"\\\n\u001F"#,
        "\u{e4}",
        r#"/","Y":"aGk=","T":10,"A":[{"x\"":1},null],"M":{"k":true}}"#,
    );
    assert_eq!(write(&format(), &schema, &row), Ok(Some(json.into())));
    assert_eq!(read(&format(), &schema, json.as_bytes()), Ok(Some(row.to_vec())));
    let nan = write(&format(), &column(SqlType::Double), &[f64::NAN.into()]);
    assert_eq!(nan, Ok(Some(b"{\"F\":\"NaN\"}".to_vec())));
    let key = RowSchema::key([("K", SqlType::String)]);
    assert_eq!(write(&format(), &key, &["Hey".into()]), Ok(Some(b"\"Hey\"".to_vec())));
}
