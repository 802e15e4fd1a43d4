//! CAST and arithmetic by tables of cases.
use lentic_sql::arithmetic::{Arithmetic, Operator, negate};
use lentic_sql::cast::Cast;
use lentic_sql::{SqlType, Value};

use crate::literal::Reader;

#[test]
fn casts() {
    let cases = "
        1 INTEGER 1 | 1 STRING '1' | 1 DECIMAL(2,1) 1.0 | 10 DECIMAL(2,1) ! | 1 BOOLEAN !
        2147483648L INTEGER -2147483648 | 1L DOUBLE 1e0 | 1L DECIMAL(20,1) 1.0:DECIMAL(20,1)
        1.9e0 INTEGER 1 | -1.9e0 BIGINT -1L | 1e300 INTEGER 2147483647 | NaN INTEGER 0 | NaN DECIMAL(2,1) !
        0.99e0 DECIMAL(2,1) 1.0 | 1e10 STRING '1.0E10' | 1.50 STRING '1.50' | 1.95 DECIMAL(2,1) 2.0
        1.5 INTEGER 1 | 1.5 DOUBLE 1.5e0 | 10.12 DECIMAL(5,3) 10.120:DECIMAL(5,3)
        'TRUE' BOOLEAN true | 'yes' BOOLEAN false | ' 12 ' INTEGER 12 | '1.5' INTEGER ! | 'x' DOUBLE ! | '1e3' DOUBLE 1e3
        '0.99' DECIMAL(2,1) 1.0 | '1970-01' DATE date'1970-01-01' | 'foo' DATE ! | '00:01' TIME time'00:01' | '' TIMESTAMP !
        '1970-01-01T00:00:00.010Z' TIMESTAMP ts'1970-01-01T00:00:00.010' | 'x' BYTES !
        x'00' STRING ! | true STRING 'true' | true INTEGER !
        date'1970-01-02' STRING '1970-01-02' | time'00:00:05' STRING '00:00:05' | ts'1970-01-01' STRING '1970-01-01T00:00:00.000'
        ts'1969-12-31T23:59:58' DATE date'1969-12-31' | ts'1969-12-31T23:59:58' TIME time'23:59:58'
        date'1970-01-02' TIMESTAMP ts'1970-01-02' | date'1970-01-02' TIME ! | time'00:01' TIMESTAMP !
        [1, null] ARRAY<STRING> ['1', null] | [[1]] ARRAY<ARRAY<BIGINT>> [[1L]] | [1] STRING '[1]' | 'x' ARRAY<INT> !
        {'this': 1} STRING '{this=1}' | {'k': '10'} MAP<STRING,INT> {'k': 10} | {'1': 1} MAP<INT,INT> {1: 1}
        (A: 1, B: '3') STRUCT<A STRING, C INT> (A: '1', C: null:INT) | (A: 1, B: null) STRING 'Struct{A=1}'
        null:STRING INTEGER null:INT
    ";
    for case in
        cases.lines().flat_map(|line| line.split(" | ")).map(str::trim).filter(|case| !case.is_empty())
    {
        let mut reader = Reader::new(case);
        let (from, to) = (reader.literal(), reader.kind());
        let rest = reader.rest().trim();
        let own = from.kind().unwrap();
        let found = Cast::new(&own, &to).ok().and_then(|cast| cast.apply(&from.value).ok());
        let expected = (rest != "!").then(|| Reader::new(rest).literal().value);
        assert_eq!(found, expected, "{case}");
    }
    let error = Cast::new(&SqlType::String, &SqlType::map(SqlType::String, SqlType::Integer)).unwrap_err();
    assert_eq!(error.to_string(), "Cast of STRING to MAP<STRING, INTEGER> is not supported");
}

#[test]
fn arithmetic() {
    let cases = "
        1 + 2 = 3 | 2147483647 + 1 = -2147483648 | 1 - 2L = -1L | 9223372036854775807L + 1 = -9223372036854775808L
        7 / 2 = 3 | -7 / 2 = -3 | -7 % 2 = -1 | 1 / 0 = ! | 1L % 0 = ! | -2147483648 / -1 = -2147483648
        1e0 / 0 = Infinity | 0e0 / 0 = NaN | 5.5e0 % 2 = 1.5e0 | 3.21e0 + 10 = 13.21e0 | 10.01 + 5.1e0 = 15.11e0
        10.01 + 5.10 = 15.11:DECIMAL(5,2) | 10.01 - 5 = 5.01:DECIMAL(13,2) | 10.10 * 2.00 = 20.2000:DECIMAL(8,4)
        10.10 / 2.00 = 5.050000:DECIMAL(10,6) | 10.10 / 0.00 = ! | 10.10 % 2.00 = 0.10:DECIMAL(3,2) | 1.0 % 0.0 = !
        'a' + 'b' = 'ab' | null:INT + 1 = null:INT | 1 + null:DECIMAL(4,2) = null:DECIMAL(13,2)
    ";
    for case in
        cases.lines().flat_map(|line| line.split(" | ")).map(str::trim).filter(|case| !case.is_empty())
    {
        let (operation, expected) = case.rsplit_once(" = ").unwrap();
        let mut reader = Reader::new(operation);
        let left = reader.literal();
        let (sign, right) = reader.rest().trim().split_once(' ').unwrap();
        let operator = match sign {
            "+" => Operator::Add,
            "-" => Operator::Subtract,
            "*" => Operator::Multiply,
            "/" => Operator::Divide,
            _ => Operator::Remainder,
        };
        let right = Reader::new(right).literal();
        let arithmetic = Arithmetic::new(operator, &left.kind().unwrap(), &right.kind().unwrap()).unwrap();
        match arithmetic.apply(&left.value, &right.value) {
            Ok(value) => {
                let wanted = Reader::new(expected).literal();
                assert_eq!(
                    (value, Some(arithmetic.result())),
                    (wanted.value.clone(), wanted.kind()),
                    "{case}"
                );
            }
            Err(_) => assert_eq!(expected, "!", "{case}"),
        }
    }
    assert_eq!(negate(&Value::Integer(i32::MIN)), Ok(Value::Integer(i32::MIN)));
    assert!(negate(&Value::Boolean(true)).is_err());
    let kind = SqlType::decimal(2, 1).unwrap();
    let error = Arithmetic::new(Operator::Add, &SqlType::Boolean, &kind).unwrap_err();
    assert_eq!(error.to_string(), "Unsupported arithmetic types. BOOLEAN DECIMAL");
}
