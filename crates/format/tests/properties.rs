//! What holds for every byte string, number and JSON text.
use std::cmp::Ordering;

use lentic_format::{
    RawValue, check_stored, key_from_json, key_from_text, key_to_json, key_to_text, order_key, unorder_key,
    validate_value, value_from_json, value_to_json,
};
use lentic_types::FormatName;
use proptest::prelude::*;

fn format() -> impl Strategy<Value = FormatName> {
    proptest::sample::select(FormatName::ALL.to_vec())
}

/// Keys of all lengths, often of the lengths of numbers, often alike.
fn key() -> impl Strategy<Value = Vec<u8>> {
    let byte = || prop_oneof![any::<u8>(), proptest::sample::select(vec![0, 1, 0x7f, 0x80, 0xff])];
    prop_oneof![
        proptest::collection::vec(byte(), 0..12),
        proptest::collection::vec(byte(), 4),
        proptest::collection::vec(byte(), 8),
        "[ \n]?[a-z{}\\[\\]\",:0-9]{0,8}[ \n]?".prop_map(String::into_bytes),
    ]
}

/// JSON text with whitespace, escapes, repeated names and numbers that no machine number holds.
fn json_text() -> impl Strategy<Value = String> {
    let space = "[ \t\r\n]{0,2}";
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,4})?",
        "\"([ -!#-\\[\\]-~é€😀]|\\\\[\"\\\\/bfnrt]|\\\\u[0-9a-fA-F]{4}){0,8}\"",
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            (space, proptest::collection::vec(inner.clone(), 0..4))
                .prop_map(|(space, items)| format!("[{space}{}{space}]", items.join(&format!("{space},")))),
            (space, proptest::collection::vec(("[ab]", inner), 0..4)).prop_map(|(space, members)| {
                let members: Vec<_> =
                    members.iter().map(|(name, value)| format!("\"{name}\"{space}:{value}")).collect();
                format!("{{{}{space}}}", members.join(","))
            }),
        ]
    })
}

fn ordered(format: FormatName, key: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    order_key(format, key, &mut out);
    out
}

fn raw(json: &[u8]) -> Box<RawValue> {
    let json = String::from_utf8(json.to_vec()).expect("JSON is UTF-8");
    RawValue::from_string(json).expect("what was written is JSON")
}

/// The order that the format promises.
fn expected_order(format: FormatName, a: &[u8], b: &[u8]) -> Ordering {
    fn number<const N: usize>(key: &[u8]) -> Option<[u8; N]> {
        key.try_into().ok()
    }
    let both = match format {
        FormatName::Int => {
            number(a).zip(number(b)).map(|(a, b)| i32::from_be_bytes(a).cmp(&i32::from_be_bytes(b)))
        }
        FormatName::Bigint => {
            number(a).zip(number(b)).map(|(a, b)| i64::from_be_bytes(a).cmp(&i64::from_be_bytes(b)))
        }
        FormatName::Double => {
            number(a).zip(number(b)).map(|(a, b)| f64::from_be_bytes(a).total_cmp(&f64::from_be_bytes(b)))
        }
        FormatName::Bytes | FormatName::String | FormatName::Json => None,
    };
    let malformed = |key: &[u8]| match format {
        FormatName::Int => key.len() != 4,
        FormatName::Bigint | FormatName::Double => key.len() != 8,
        FormatName::Bytes | FormatName::String | FormatName::Json => false,
    };
    both.unwrap_or_else(|| malformed(a).cmp(&malformed(b)).then_with(|| a.cmp(b)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_is_a_bijection(format in format(), key in key()) {
        let mut back = b"kept".to_vec();
        unorder_key(format, &ordered(format, &key), &mut back).unwrap();
        prop_assert_eq!(&back[4..], &key[..]);
    }

    #[test]
    fn unordering_anything_is_exact_or_refused(format in format(), bytes in key()) {
        let mut key = Vec::new();
        match unorder_key(format, &bytes, &mut key) {
            Ok(()) => prop_assert_eq!(ordered(format, &key), bytes),
            Err(_) => prop_assert!(key.is_empty()),
        }
    }

    #[test]
    fn order_is_the_formats(format in format(), a in key(), b in key()) {
        prop_assert_eq!(ordered(format, &a).cmp(&ordered(format, &b)), expected_order(format, &a, &b));
    }

    #[test]
    fn a_key_written_as_json_is_read_back(format in format(), key in key()) {
        let mut json = Vec::new();
        match key_to_json(format, &key, &mut json) {
            Ok(()) => {
                prop_assert!(!json.contains(&b'\n') && !json.contains(&b'\r'));
                prop_assert_eq!(key_from_json(format, &raw(&json)).unwrap(), key);
            }
            Err(_) => prop_assert!(json.is_empty()),
        }
    }

    #[test]
    fn a_key_that_text_names_is_printed_and_written(format in format(), text in key()) {
        if let Ok(key) = key_from_text(format, &text) {
            check_stored(format, &key).unwrap();
            key_to_json(format, &key, &mut Vec::new()).unwrap();
            let printed = key_to_text(format, &key).unwrap();
            if format != FormatName::Bytes {
                prop_assert_eq!(key_from_text(format, printed.as_bytes()).unwrap(), key);
            }
        }
    }

    #[test]
    fn values_are_written_exactly_if_they_decode(format in format(), stored in key()) {
        let mut json = Vec::new();
        let written = value_to_json(format, &stored, &mut json);
        prop_assert_eq!(written.is_ok(), check_stored(format, &stored).is_ok());
        prop_assert_eq!(written.is_ok(), !json.is_empty());
    }

    #[test]
    fn numbers_round_trip(int in any::<i32>(), bigint in any::<i64>(), bits in any::<u64>()) {
        let double = f64::from_bits(bits);
        let cases = [
            (FormatName::Int, int.to_be_bytes().to_vec()),
            (FormatName::Bigint, bigint.to_be_bytes().to_vec()),
            (FormatName::Double, double.to_be_bytes().to_vec()),
        ];
        for (format, stored) in cases {
            let mut json = Vec::new();
            value_to_json(format, &stored, &mut json).unwrap();
            let (body, line) = (validate_value(format, &json).unwrap(), value_from_json(format, &raw(&json)).unwrap());
            prop_assert_eq!(&*body, &*line);
            if !double.is_nan() || format != FormatName::Double {
                prop_assert_eq!(line, stored);
            }
        }
    }

    #[test]
    fn json_is_kept(json in json_text()) {
        let format = FormatName::Json;
        prop_assert_eq!(&*validate_value(format, json.as_bytes()).unwrap(), json.as_bytes());
        prop_assert_eq!(value_from_json(format, &raw(json.as_bytes())).unwrap(), json.trim().as_bytes());
        let mut line = Vec::new();
        value_to_json(format, json.as_bytes(), &mut line).unwrap();
        prop_assert_eq!(String::from_utf8(line).unwrap(), json.replace(['\r', '\n'], " "));
    }

    #[test]
    fn text_round_trips(text in any::<String>()) {
        let mut json = Vec::new();
        value_to_json(FormatName::String, text.as_bytes(), &mut json).unwrap();
        prop_assert!(!json.contains(&b'\n'));
        prop_assert_eq!(value_from_json(FormatName::String, &raw(&json)).unwrap(), text.as_bytes());
    }
}
