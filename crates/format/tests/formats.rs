//! Each format's traps, as tables of what goes in and what comes out.
use lentic_format::{
    FormatError, MAX_JSON_DEPTH, RawValue, check_stored, guess, key_from_json, key_from_text, key_to_json,
    key_to_text, validate_value, value_from_json, value_to_json,
};
use lentic_types::FormatName::{self, Bigint, Bytes, Double, Int, Json, String as Text};

/// Bytes, or the fact that the error states.
type Outcome<'a> = Result<&'a [u8], &'a str>;

fn same(what: &str, got: Result<Vec<u8>, FormatError>, want: Outcome<'_>) {
    match (got, want) {
        (Ok(got), Ok(want)) => assert_eq!(got, want, "{what}"),
        (Err(got), Err(want)) => {
            assert!(got.fact().starts_with(want), "{what}: {got}");
        }
        (got, want) => panic!("{what}: {got:?} instead of {want:?}"),
    }
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).expect("the case is JSON")
}

fn be(number: f64) -> [u8; 8] {
    number.to_be_bytes()
}

#[test]
fn keys_from_text() {
    let cases: &[(FormatName, &[u8], Outcome<'_>)] = &[
        (Bytes, b"", Ok(b"")),
        (Bytes, b"\xff/\x00", Ok(b"\xff/\x00")),
        (Text, b"", Ok(b"")),
        (Text, "a/b é".as_bytes(), Ok("a/b é".as_bytes())),
        (Text, b"a\xff", Err("not UTF-8 from byte 1 on")),
        (Int, b"0", Ok(&[0, 0, 0, 0])),
        (Int, b"-0", Ok(&[0, 0, 0, 0])),
        (Int, b"-2147483648", Ok(&[0x80, 0, 0, 0])),
        (Int, b"2147483648", Err("out of range")),
        (Int, b"", Err("not a number")),
        (Int, b"-", Err("not a number")),
        (Int, b"+1", Err("not a number")),
        (Int, b"007", Err("not a number")),
        (Int, b" 1", Err("not a number")),
        (Int, b"1.0", Err("written with a fraction or an exponent")),
        (Int, b"1e2", Err("written with a fraction or an exponent")),
        (Int, b"\xff", Err("not a number")),
        (Bigint, b"-9223372036854775808", Ok(&i64::MIN.to_be_bytes())),
        (Bigint, b"9223372036854775807", Ok(&i64::MAX.to_be_bytes())),
        (Bigint, b"9223372036854775808", Err("out of range")),
        (Double, b"-0.0", Ok(&be(-0.0))),
        (Double, b"0", Ok(&be(0.0))),
        (Double, b"1e2", Ok(&be(100.0))),
        (Double, b"1e400", Err("out of range")),
        (Double, b"1e-400", Ok(&be(0.0))),
        (Double, b"NaN", Ok(&[0x7f, 0xf8, 0, 0, 0, 0, 0, 0])),
        (Double, b"-Infinity", Ok(&be(f64::NEG_INFINITY))),
        (Double, b"inf", Err("not a number")),
        (Double, b".5", Err("not a number")),
        (Double, b"1.", Err("not a number")),
        (Double, b"1e", Err("not a number")),
        (Json, br#"{"a": 1}"#, Ok(br#"{"a": 1}"#)),
        (Json, b"\"x\"", Ok(b"\"x\"")),
        (Json, b"x", Err("not JSON (")),
        (Json, b"", Err("empty")),
        (Json, b" 1", Err("whitespace around")),
        (Json, b"[1,\n2]", Err("a line break")),
        (Json, b"\"\xff\"", Err("not UTF-8 from byte 1 on")),
    ];
    for (format, text, want) in cases {
        same(&format!("{format} {}", text.escape_ascii()), key_from_text(*format, text), *want);
    }
}

#[test]
fn keys_and_values_from_json() {
    let cases: &[(FormatName, &str, Outcome<'_>)] = &[
        (Bytes, r#""AP8=""#, Ok(&[0, 0xff])),
        (Bytes, r#""""#, Ok(b"")),
        (Bytes, r#""AP8""#, Err("not base64 (")),
        (Bytes, r#""_-8=""#, Err("not base64 (")),
        (Bytes, r#""\u0041P8\u003d""#, Ok(&[0, 0xff])),
        (Bytes, "5", Err("a JSON number")),
        (Text, r#""a\nb\u00e9\ud83d\ude00""#, Ok("a\nbé😀".as_bytes())),
        (Text, r#""\ud800""#, Err("not Unicode text (")),
        (Text, r#""\udc00x""#, Err("not Unicode text (")),
        (Text, "null", Err("JSON null")),
        (Text, "5", Err("a JSON number")),
        (Text, "true", Err("a JSON boolean")),
        (Int, "-7", Ok(&[0xff, 0xff, 0xff, 0xf9])),
        (Int, "1.5", Err("written with a fraction or an exponent")),
        (Int, "1E2", Err("written with a fraction or an exponent")),
        (Int, "1e400", Err("written with a fraction or an exponent")),
        (Int, "4294967296", Err("out of range")),
        (Int, r#""5""#, Err("a JSON string")),
        (Int, r#""NaN""#, Err("a JSON string")),
        (Int, "{}", Err("a JSON object")),
        (Bigint, "-9223372036854775808", Ok(&i64::MIN.to_be_bytes())),
        (Bigint, "-9223372036854775809", Err("out of range")),
        (Bigint, "[1]", Err("a JSON array")),
        (Double, "0.1", Ok(&be(0.1))),
        (Double, "-0", Ok(&be(-0.0))),
        (Double, "1e400", Err("out of range")),
        (Double, r#""Infinity""#, Ok(&be(f64::INFINITY))),
        (Double, r#""infinity""#, Err("a JSON string")),
        (Double, r#""1""#, Err("a JSON string")),
        (Json, "null", Ok(b"null")),
        (Json, r#"{"a":1, "a":2.50}"#, Ok(br#"{"a":1, "a":2.50}"#)),
        (Json, r#""\ud800""#, Ok(br#""\ud800""#)),
        (Json, "1e400", Ok(b"1e400")),
    ];
    for (format, json, want) in cases {
        let what = format!("{format} {json}");
        same(&what, value_from_json(*format, &raw(json)), *want);
        same(&what, key_from_json(*format, &raw(json)), *want);
    }
    assert!(key_from_json(Json, &raw("[1,\n2]")).is_err());
    same("value", value_from_json(Json, &raw("[1,\n2]")), Ok(b"[1,\n2]"));
}

#[test]
fn values_from_bodies() {
    let cases: &[(FormatName, &[u8], Outcome<'_>)] = &[
        (Bytes, b"", Ok(b"")),
        (Bytes, b"\xff", Ok(b"\xff")),
        (Text, b"", Ok(b"")),
        (Text, b"\"quoted\"\n", Ok(b"\"quoted\"\n")),
        (Text, b"\xed\xa0\x80", Err("not UTF-8 from byte 0 on")),
        (Int, b" 42\r\n", Ok(&[0, 0, 0, 42])),
        (Int, b"\x0c42", Err("not a number")),
        (Int, b"", Err("empty")),
        (Int, b" \n", Err("empty")),
        (Int, b"4 2", Err("not a number")),
        (Int, b"null", Err("not a number")),
        (Bigint, b"1e2", Err("written with a fraction or an exponent")),
        (Double, b"\"NaN\" ", Ok(&[0x7f, 0xf8, 0, 0, 0, 0, 0, 0])),
        (Double, b"NaN", Err("not a number")),
        (Double, b"\"", Err("not a number")),
        (Double, b"-1e400", Err("out of range")),
        (Json, b"null", Ok(b"null")),
        (Json, b" {\"b\":1,\n\"a\":1,\"b\":2} \n", Ok(b" {\"b\":1,\n\"a\":1,\"b\":2} \n")),
        (Json, b"123456789012345678901234567890.10", Ok(b"123456789012345678901234567890.10")),
        (Json, b"", Err("empty")),
        (Json, b"  ", Err("not JSON (EOF")),
        (Json, b"{\"a\":1} x", Err("not JSON (trailing")),
        (Json, b"{\"a\":1", Err("not JSON (EOF")),
        (Json, b"\"a\nb\"", Err("not JSON (control character")),
        (Json, b"\"\\x\"", Err("not JSON (invalid escape")),
        (Json, b"[1,]", Err("not JSON (expected value")),
        (Json, b"NaN", Err("not JSON (")),
        (Json, b"01", Err("not JSON (invalid number")),
        (Json, b"\xef\xbb\xbf{}", Err("not JSON (")),
        (Json, b"{\"a\":\"\xff\"}", Err("not UTF-8 from byte 6 on")),
    ];
    for (format, body, want) in cases {
        let got = validate_value(*format, body).map(std::borrow::Cow::into_owned);
        same(&format!("{format} {}", body.escape_ascii()), got, *want);
    }
}

#[test]
fn stored_values_as_json() {
    let cases: &[(FormatName, &[u8], Outcome<'_>)] = &[
        (Bytes, &[0, 0xff], Ok(br#""AP8=""#)),
        (Text, b"a\"\n\x01", Ok(br#""a\"\n\u0001""#)),
        (Text, b"\xff", Err("not UTF-8 from byte 0 on")),
        (Int, &i32::MIN.to_be_bytes(), Ok(b"-2147483648")),
        (Int, b"", Err("0 bytes where a stored int has 4")),
        (Bigint, &i64::MIN.to_be_bytes(), Ok(b"-9223372036854775808")),
        (Bigint, b"1234", Err("4 bytes where a stored bigint has 8")),
        (Double, &be(0.1), Ok(b"0.1")),
        (Double, &be(-0.0), Ok(b"-0.0")),
        (Double, &be(3.0), Ok(b"3.0")),
        (Double, &be(f64::NAN), Ok(b"\"NaN\"")),
        (Double, &[0xff; 8], Ok(b"\"NaN\"")),
        (Double, &be(f64::NEG_INFINITY), Ok(b"\"-Infinity\"")),
        (Json, b"{\"a\":\r\n \"\\n\"}\n", Ok(b"{\"a\":   \"\\n\"} ")),
        (Json, b"{", Err("not JSON (EOF")),
        (Json, b"", Err("empty")),
    ];
    for (format, stored, want) in cases {
        let what = format!("{format} {}", stored.escape_ascii());
        let mut out = b"[".to_vec();
        let written = value_to_json(*format, stored, &mut out);
        assert_eq!(check_stored(*format, stored).is_ok(), written.is_ok(), "{what}");
        assert_eq!(out.remove(0), b'[', "{what}");
        assert!(written.is_ok() || out.is_empty(), "{what}");
        same(&what, written.map(|()| out), *want);
    }
}

#[test]
fn keys_without_a_json_text_of_their_own() {
    for (format, key) in [(Json, b" 1".as_slice()), (Json, b"[\r]"), (Double, &[0xff; 8])] {
        check_stored(format, key).unwrap();
        let mut out = Vec::new();
        key_to_json(format, key, &mut out).unwrap_err();
        assert!(out.is_empty());
    }
}

#[test]
fn keys_as_text() {
    let cases: &[(FormatName, &[u8], Outcome<'_>)] = &[
        (Bytes, "é/1".as_bytes(), Ok("é/1".as_bytes())),
        (Bytes, b"a\n\xff\x7f", Ok(br"a\x0a\xff\x7f")),
        (Text, b"a\nb", Ok(b"a\nb")),
        (Text, b"\xff", Err("not UTF-8")),
        (Int, &[0xff; 4], Ok(b"-1")),
        (Double, &be(1e300), Ok(b"1e+300")),
        (Double, &be(f64::INFINITY), Ok(b"Infinity")),
        (Json, b"[1, 2]", Ok(b"[1, 2]")),
    ];
    for (format, key, want) in cases {
        let got = key_to_text(*format, key).map(|text| text.into_owned().into_bytes());
        same(&format!("{format} {}", key.escape_ascii()), got, *want);
    }
}

#[test]
fn json_nests_as_deep_as_its_readers_go() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for (json, fits) in [
        (nested(MAX_JSON_DEPTH), true),
        (nested(MAX_JSON_DEPTH + 1), false),
        (nested(1_000_000), false),
        (format!("[{}]", vec!["[]"; 1000].join(",")), true),
        (format!("[\"\\\"{}\"]", "[{".repeat(1000)), true),
    ] {
        assert_eq!(check_stored(Json, json.as_bytes()).is_ok(), fits);
        assert_eq!(value_from_json(Json, &raw(&json)).is_ok(), fits);
        assert_eq!(key_from_text(Json, json.as_bytes()).is_ok(), fits);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), fits);
    }
    // Not closed: refused for that, by a parser that does not recurse.
    assert!(check_stored(Json, "[{\"a\":".repeat(1_000_000).as_bytes()).is_err());
}

#[test]
fn errors_say_what_to_do() {
    for (refused, message) in [
        (
            key_from_text(Bigint, b"N14228").map(drop),
            "not a number: `N14228`; bigint takes a whole number from -9223372036854775808 to \
             9223372036854775807",
        ),
        (
            validate_value(Json, b"hello").map(drop),
            "not JSON (expected value at line 1 column 1): `hello`; json takes JSON in UTF-8, nested at most \
             127 deep: {\"a\": 1}, \"text\", 5, null",
        ),
        (value_from_json(Text, &raw("5")).map(drop), "a JSON number: `5`; string takes a JSON string"),
        (
            check_stored(Int, b"\x00\x01"),
            "2 bytes where a stored int has 4: `\\u{0}\\u{1}`; int takes a whole number from -2147483648 to \
             2147483647",
        ),
    ] {
        assert_eq!(refused.unwrap_err().to_string(), message);
    }
}

#[test]
fn guesses() {
    let small = 300_i32.to_be_bytes();
    let (count, time) = (5_i64.to_be_bytes(), 1_700_000_000_000_i64.to_be_bytes());
    let (negative, third) = ((-5_i64).to_be_bytes(), be(-1.0 / 3.0));
    let cases: &[(&[&[u8]], &[FormatName])] = &[
        (&[], &[Bytes, Text, Json, Int, Bigint, Double]),
        (&[b"N14228", b"UA"], &[Text, Bytes]),
        (&[b"UA12", b"DL34"], &[Text, Bytes, Int]),
        (&[b"123", b"\"a\""], &[Text, Json, Bytes]),
        (&[b"{}", b"[1]"], &[Json, Text, Bytes]),
        (&[b"{}", b"5"], &[Json, Text, Bytes]),
        (&[b"{}", b"five"], &[Text, Bytes]),
        (&[b"{}", b""], &[Text, Bytes]),
        (&["Zürich\t\n".as_bytes()], &[Text, Bytes]),
        (&[&small, b"UA12"], &[Int, Bytes, Text]),
        (&[&[0xff; 4]], &[Int, Bytes]),
        (&[&small, b"UA123"], &[Bytes, Text]),
        (&[&count, &time, &negative], &[Bigint, Double, Bytes]),
        (&[&third, &be(0.0), &be(1e6)], &[Double, Bigint, Bytes]),
        (&[&third, &count], &[Bytes, Bigint, Double]),
        (&[b"\x90\xab\xcd\xef\x01\x23\x45\x67"], &[Bytes, Bigint, Double]),
        (&[b"\x00\x00\x00\x00\x07\x02a"], &[Bytes, Text]),
    ];
    for (samples, fitting) in cases {
        let guess = guess(samples.iter().copied());
        assert_eq!(guess.fitting().collect::<Vec<_>>(), *fitting, "{samples:?}");
        assert_eq!(guess.best(), fitting[0]);
        assert_eq!(guess.ranking.len(), FormatName::ALL.len());
    }
    let mixed = guess([b"{}".as_slice(), b"{}", b"{}", b"x"].into_iter());
    assert!((mixed.share(Json) - 0.75).abs() < 1e-9);
    assert!((mixed.share(Text) - 1.0).abs() < 1e-9);
}
