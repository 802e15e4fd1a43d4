//! Big-endian numbers, as Kafka's IntegerSerializer, LongSerializer and DoubleSerializer write them; in JSON
//! numbers, and three strings for the doubles that JSON has no number for.
use std::borrow::Cow;
use std::marker::PhantomData;

use lentic_types::FormatName;
use serde_json::value::RawValue;

use super::{Wire, kind};
use crate::{FormatError, Result};

pub(super) const INT: &dyn Wire = &Number::<i32>(PhantomData);
pub(super) const BIGINT: &dyn Wire = &Number::<i64>(PhantomData);
pub(super) const DOUBLE: &dyn Wire = &Number::<f64>(PhantomData);

/// First byte of the ordered form of a number.
const WELL_FORMED: u8 = 0;
/// First byte of the ordered form of a key of the wrong length; the key follows as it is.
const MALFORMED: u8 = 1;

struct Number<T>(PhantomData<T>);

impl<T: Numeral> Wire for Number<T> {
    fn key_from_text(&self, text: &[u8]) -> Result<Vec<u8>> {
        let number = std::str::from_utf8(text).map_err(|_| NO_NUMBER).and_then(|text| match T::named(text) {
            Some(number) => Ok(number),
            None => T::parse(text),
        });
        number.map(T::to_be).map_err(|fact| refuse::<T>(fact, text))
    }

    fn key_to_text<'a>(&self, key: &'a [u8]) -> Result<Cow<'a, str>> {
        Ok(Cow::Owned(match read::<T>(key)?.print() {
            Printed::Number(text) => text,
            Printed::Name(name) => name.to_owned(),
        }))
    }

    fn key_to_json(&self, key: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let number = read::<T>(key)?;
        if let Printed::Name(name) = number.print()
            && T::named(name).map(T::to_be).as_deref() != Some(key)
        {
            return Err(refuse::<T>("one of the NaNs that have no text of their own", key));
        }
        self.value_to_json(key, out)
    }

    fn order_key(&self, key: &[u8], out: &mut Vec<u8>) {
        let well_formed = key.len() == T::WIDTH;
        out.push(if well_formed { WELL_FORMED } else { MALFORMED });
        let start = out.len();
        out.extend_from_slice(key);
        if well_formed {
            T::order(&mut out[start..]);
        }
    }

    fn unorder_key(&self, ordered: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        match ordered.split_first() {
            Some((&WELL_FORMED, number)) if number.len() == T::WIDTH => {
                out.extend_from_slice(number);
                T::unorder(&mut out[start..]);
            }
            Some((&MALFORMED, key)) if key.len() != T::WIDTH => out.extend_from_slice(key),
            _ => return Err(refuse::<T>("not the ordered form of a key", ordered)),
        }
        Ok(())
    }

    fn value_from_body<'a>(&self, body: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        let number = std::str::from_utf8(body).map_err(|_| NO_NUMBER).and_then(|text| {
            match text.trim_matches([' ', '\t', '\n', '\r']) {
                "" => Err("empty"),
                json => parse_json::<T>(json),
            }
        });
        number.map(|number| Cow::Owned(number.to_be())).map_err(|fact| refuse::<T>(fact, body))
    }

    fn value_from_json(&self, json: &RawValue) -> Result<Vec<u8>> {
        parse_json::<T>(json.get()).map(T::to_be).map_err(|fact| {
            let fact = if fact == NO_NUMBER { kind(json) } else { fact };
            refuse::<T>(fact, json.get().as_bytes())
        })
    }

    fn value_to_json(&self, stored: &[u8], out: &mut Vec<u8>) -> Result<()> {
        match read::<T>(stored)?.print() {
            Printed::Number(text) => out.extend_from_slice(text.as_bytes()),
            Printed::Name(name) => {
                out.push(b'"');
                out.extend_from_slice(name.as_bytes());
                out.push(b'"');
            }
        }
        Ok(())
    }

    fn check(&self, stored: &[u8]) -> Result<()> {
        read::<T>(stored).map(drop)
    }
}

fn refuse<T: Numeral>(fact: impl Into<Cow<'static, str>>, refused: &[u8]) -> FormatError {
    FormatError::new(T::FORMAT, fact, refused, T::EXPECTED)
}

fn read<T: Numeral>(stored: &[u8]) -> Result<T> {
    T::from_be(stored).ok_or_else(|| {
        let fact = format!("{} bytes where a stored {} has {}", stored.len(), T::FORMAT, T::WIDTH);
        refuse::<T>(fact, stored)
    })
}

/// JSON writes a named number as a string.
fn parse_json<T: Numeral>(json: &str) -> std::result::Result<T, &'static str> {
    let inner = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
    match inner.and_then(T::named) {
        Some(number) => Ok(number),
        None => T::parse(json),
    }
}

const NO_NUMBER: &str = "not a number";
const OUT_OF_RANGE: &str = "out of range";

/// A number for people and JSON.
enum Printed {
    /// In the grammar of JSON's numbers.
    Number(String),
    /// `NaN`, `Infinity` or `-Infinity`.
    Name(&'static str),
}

/// One of the number types.
trait Numeral: Copy {
    const FORMAT: FormatName;
    const EXPECTED: &'static str;
    const WIDTH: usize;

    /// Reads a JSON number; the error is the fact.
    fn parse(text: &str) -> std::result::Result<Self, &'static str>;

    /// The number that has a name instead of digits.
    fn named(_name: &str) -> Option<Self> {
        None
    }

    fn print(self) -> Printed;

    fn to_be(self) -> Vec<u8>;

    fn from_be(stored: &[u8]) -> Option<Self>;

    /// Turns `WIDTH` big-endian bytes into ones that sort numerically: the sign bit says "not negative".
    fn order(bytes: &mut [u8]) {
        bytes[0] ^= 0x80;
    }

    /// Undoes [`Self::order`].
    fn unorder(bytes: &mut [u8]) {
        Self::order(bytes);
    }
}

macro_rules! whole_number {
    ($type:ty, $format:expr, $expected:literal) => {
        impl Numeral for $type {
            const FORMAT: FormatName = $format;
            const EXPECTED: &'static str = $expected;
            const WIDTH: usize = size_of::<$type>();

            fn parse(text: &str) -> std::result::Result<Self, &'static str> {
                match grammar(text) {
                    Some(Grammar::Whole) => text.parse().map_err(|_| OUT_OF_RANGE),
                    Some(Grammar::Fraction) => Err("written with a fraction or an exponent"),
                    None => Err(NO_NUMBER),
                }
            }

            fn print(self) -> Printed {
                Printed::Number(self.to_string())
            }

            fn to_be(self) -> Vec<u8> {
                self.to_be_bytes().to_vec()
            }

            fn from_be(stored: &[u8]) -> Option<Self> {
                stored.try_into().ok().map(Self::from_be_bytes)
            }
        }
    };
}

whole_number!(i32, FormatName::Int, "a whole number from -2147483648 to 2147483647");
whole_number!(i64, FormatName::Bigint, "a whole number from -9223372036854775808 to 9223372036854775807");

impl Numeral for f64 {
    const FORMAT: FormatName = FormatName::Double;
    const EXPECTED: &'static str = "a number up to 1.7976931348623157e308, NaN, Infinity or -Infinity \
                                    (these three in quotes in JSON)";
    const WIDTH: usize = 8;

    fn parse(text: &str) -> std::result::Result<Self, &'static str> {
        if grammar(text).is_none() {
            return Err(NO_NUMBER);
        }
        let number: f64 = text.parse().map_err(|_| NO_NUMBER)?;
        if number.is_finite() { Ok(number) } else { Err(OUT_OF_RANGE) }
    }

    fn named(name: &str) -> Option<Self> {
        match name {
            // The NaN that Java writes for all of them.
            "NaN" => Some(f64::from_bits(0x7ff8_0000_0000_0000)),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        }
    }

    fn print(self) -> Printed {
        match serde_json::Number::from_f64(self) {
            Some(number) => Printed::Number(number.to_string()),
            None if self.is_nan() => Printed::Name("NaN"),
            None if self > 0.0 => Printed::Name("Infinity"),
            None => Printed::Name("-Infinity"),
        }
    }

    fn to_be(self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn from_be(stored: &[u8]) -> Option<Self> {
        stored.try_into().ok().map(Self::from_be_bytes)
    }

    /// IEEE 754 totalOrder: the more negative, the larger the bits of its magnitude.
    fn order(bytes: &mut [u8]) {
        flip(bytes, bytes[0] & 0x80 != 0);
    }

    fn unorder(bytes: &mut [u8]) {
        flip(bytes, bytes[0] & 0x80 == 0);
    }
}

/// Flips all bits of a negative number, the sign bit of another.
fn flip(bytes: &mut [u8], negative: bool) {
    if negative {
        for byte in bytes {
            *byte = !*byte;
        }
    } else {
        bytes[0] ^= 0x80;
    }
}

/// The two kinds of JSON numbers.
enum Grammar {
    Whole,
    Fraction,
}

/// Whether text is a JSON number: Rust's own parsers also take `+1`, `007`, `.5` and `inf`.
fn grammar(text: &str) -> Option<Grammar> {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = text.as_bytes();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text[0] == b'0') {
        return None;
    }
    let mut rest = &text[whole..];
    if rest.is_empty() {
        return Some(Grammar::Whole);
    }
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        rest = &fraction[count..];
        if count == 0 {
            return None;
        }
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = match exponent {
            [b'+' | b'-', digits @ ..] => digits,
            _ => exponent,
        };
        let count = digits(exponent);
        rest = &exponent[count..];
        if count == 0 {
            return None;
        }
    }
    rest.is_empty().then_some(Grammar::Fraction)
}
