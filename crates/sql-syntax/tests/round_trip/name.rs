//! Names, values and types.
use lentic_sql_syntax::Keyword;
use lentic_sql_syntax::ast::{DataType, Literal, Name, Span, StructField, TimeUnit};
use proptest::prelude::*;

/// Plain names, keywords of both sorts, and what needs quotes.
pub fn name() -> impl Strategy<Value = Name> {
    prop_oneof![
        4 => "[A-C]",
        1 => "[A-Z_][A-Z0-9_@]{0,3}",
        2 => proptest::sample::select(Keyword::ALL).prop_map(|keyword| keyword.as_str().to_owned()),
        1 => "[a-z0-9 '\"`;é$\\-]{0,4}",
    ]
    .prop_map(Name::new)
}

/// A name that a stream or table can be created under.
pub fn source_name() -> impl Strategy<Value = Name> {
    prop_oneof![
        name().prop_filter("of letters and digits", |name| name
            .text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_')),
        "[a-z-]{1,4}".prop_map(Name::new),
    ]
}

/// Text between quotes.
pub fn text() -> impl Strategy<Value = String> {
    "[a-z'\"`;\\\\\n é]{0,4}"
}

pub fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Boolean),
        any::<i32>().prop_map(Literal::Integer),
        any::<i64>().prop_filter("fits no i32", |n| i32::try_from(*n).is_err()).prop_map(Literal::Bigint),
        "-?(0|[1-9][0-9]{0,3})\\.[0-9]{0,3}".prop_map(Literal::Decimal),
        any::<f64>().prop_filter("is finite", |n| n.is_finite()).prop_map(Literal::Double),
        text().prop_map(Literal::String),
    ]
}

pub fn span() -> impl Strategy<Value = Span> {
    (any::<i64>(), proptest::sample::select(&TimeUnit::ALL[..]))
        .prop_map(|(count, unit)| Span { count, unit })
}

pub fn data_type() -> impl Strategy<Value = DataType> {
    let leaf = prop_oneof![
        Just(DataType::Boolean),
        Just(DataType::Integer),
        Just(DataType::Bigint),
        Just(DataType::Double),
        Just(DataType::String),
        Just(DataType::Bytes),
        Just(DataType::Date),
        Just(DataType::Time),
        Just(DataType::Timestamp),
        (any::<i32>(), any::<i32>()).prop_map(|(precision, scale)| DataType::Decimal { precision, scale }),
        name()
            .prop_filter("is no primitive", |name| DataType::primitive(&name.text).is_none())
            .prop_map(DataType::Named),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let field = (name(), inner.clone()).prop_map(|(name, data_type)| StructField { name, data_type });
        prop_oneof![
            inner.clone().prop_map(|element| DataType::Array(Box::new(element))),
            (inner.clone(), inner).prop_map(|(key, value)| DataType::Map(Box::new(key), Box::new(value))),
            proptest::collection::vec(field, 0..3).prop_map(DataType::Struct),
        ]
    })
}
