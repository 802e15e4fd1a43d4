use lentic_sql::serde::{Delimiter, Format, FormatName, RowSchema};
use lentic_sql::{SqlType, Value};

use crate::{decimal, decimal_type, int, read, write};

fn format() -> Format {
    Format::new(FormatName::Delimited)
}

fn all() -> RowSchema {
    RowSchema::value([
        ("B", SqlType::Boolean),
        ("I", SqlType::Integer),
        ("L", SqlType::Bigint),
        ("D", SqlType::Double),
        ("N", decimal_type(6, 2)),
        ("S", SqlType::String),
        ("Y", SqlType::Bytes),
        ("DA", SqlType::Date),
        ("TI", SqlType::Time),
        ("TS", SqlType::Timestamp),
    ])
}

#[test]
fn every_type() {
    let row = [
        Value::Boolean(true),
        int(-1),
        Value::Bigint(i64::MAX),
        Value::Double(1e10),
        decimal("-0.50"),
        "a, \"b\"".into(),
        Value::bytes("hi"),
        Value::Date(-1),
        Value::Time(10),
        Value::Timestamp(-5),
    ];
    let line = "true,-1,9223372036854775807,1.0E10,-0.50,\"a, \"\"b\"\"\",aGk=,-1,10,-5";
    assert_eq!(write(&format(), &all(), &row), Ok(Some(line.into())));
    assert_eq!(read(&format(), &all(), line.as_bytes()), Ok(Some(row.to_vec())));
    assert_eq!(read(&format(), &all(), b",,,,,,,,,"), Ok(Some(vec![Value::Null; 10])));
    assert_eq!(write(&format(), &all(), &vec![Value::Null; 10]), Ok(Some(b",,,,,,,,,".to_vec())));
    let spaced = b" TRUE , 7,\"8\" , NaN,+1.5 ,x ,,,,\n ignored";
    let values = [
        Value::Boolean(true),
        int(7),
        Value::Bigint(8),
        Value::Double(f64::NAN),
        decimal("1.50"),
        "x ".into(),
    ];
    let row = read(&format(), &all(), spaced).unwrap().unwrap();
    assert_eq!(row[..6], values);
}

#[test]
fn quotes_are_written_where_commons_csv_writes_them() {
    let schema = RowSchema::value([("A", SqlType::String), ("B", SqlType::String)]);
    for (a, b, line) in [
        ("a", "b", "a,b"),
        ("-10", "-10", "\"-10\",-10"),
        ("", "", "\"\","),
        ("\u{e4}", "\u{e4}", "\"\u{e4}\",\u{e4}"),
        ("1#", "#1", "1#,\"#1\""),
        ("a b", " a", "a b,\" a\""),
        ("a ", "a\t", "\"a \",\"a\t\""),
        ("a\"", "a,b", "\"a\"\"\",\"a,b\""),
        ("a\nb", "a\rb", "\"a\nb\",\"a\rb\""),
    ] {
        let row = [a.into(), b.into()];
        assert_eq!(write(&format(), &schema, &row), Ok(Some(line.into())));
        let empty_is_null = row.map(|value: Value| if value == "".into() { Value::Null } else { value });
        assert_eq!(read(&format(), &schema, line.as_bytes()), Ok(Some(empty_is_null.to_vec())), "{line}");
    }
    assert_eq!(write(&format(), &schema, &[Value::Null, "b".into()]), Ok(Some(b",b".to_vec())));
}

#[test]
fn other_delimiters() {
    let schema = RowSchema::value([("A", SqlType::Integer), ("B", SqlType::String)]);
    for (delimiter, line) in
        [("|", "1|\"x|,y\""), ("TAB", "1\tx|,y"), ("SPACE", "1 x|,y"), ("\u{b7}", "1\u{b7}x|,y")]
    {
        let format = format().with_delimiter(Delimiter::parse(delimiter).unwrap());
        let row = [int(1), "x|,y".into()];
        assert_eq!(write(&format, &schema, &row), Ok(Some(line.into())));
        assert_eq!(read(&format, &schema, line.as_bytes()), Ok(Some(row.to_vec())));
    }
}

#[test]
fn single_columns() {
    let (key, value) =
        (RowSchema::key([("K", SqlType::Integer)]), RowSchema::value([("V", SqlType::Integer)]));
    assert_eq!(write(&format(), &key, &[Value::Null]), Ok(None));
    assert_eq!(write(&format(), &value, &[Value::Null]), Ok(Some(vec![])));
    assert_eq!(read(&format(), &key, b"\"22\""), Ok(Some(vec![int(22)])));
}

#[test]
fn errors() {
    let schema = RowSchema::value([("A", SqlType::Integer), ("B", decimal_type(3, 1))]);
    for (line, error) in [
        ("", "No fields in record"),
        ("\n\r\n", "No fields in record"),
        ("1", "Column count mismatch on deserialization. expected: 2, got: 1"),
        ("1,2,3,", "Column count mismatch on deserialization. expected: 2, got: 4"),
        ("x,2", "Can't coerce string to type. targetType: INTEGER, path: $.A"),
        ("1,x", "Can't coerce string to type. targetType: DECIMAL, path: $.B"),
        (
            "1,1.25",
            "Cannot fit decimal '1.25' into DECIMAL(3, 1) without rounding. (Requires 3,2), path: $.B",
        ),
        ("1,100", "Cannot fit decimal '100' into DECIMAL(3, 1) without rounding. (Requires 3,0), path: $.B"),
        ("\"1", "EOF reached before encapsulated token finished"),
        ("\"1\"x,2", "invalid char between encapsulated token and delimiter"),
    ] {
        assert_eq!(read(&format(), &schema, line.as_bytes()), Err(error.to_owned()), "{line}");
    }
    let short = write(&format(), &schema, &[int(1)]);
    assert_eq!(short, Err("Column count mismatch on serialization. expected: 2, got: 1".into()));
    let wrong = write(&format(), &schema, &[int(1), int(1)]);
    assert_eq!(wrong, Err("The value is not of the type DECIMAL(3, 1), path: $.B".into()));
}
