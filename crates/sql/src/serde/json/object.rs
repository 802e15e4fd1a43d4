//! The fields of a JSON object, by the names of columns.
use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::plain::Plain;
use super::reader::{invalid, value};
use crate::serde::{Result, SerdeError, Wanted};
use crate::types::Field;
use crate::{SqlType, Value};

/// Puts the values of the fields that are known in their places. Names match as they are, or else in upper case, which is
/// how names without quotes are stored: so `{"id": 1}` has the column `ID`. Of several that match in upper case the first
/// counts, and one that matches exactly before all of them.
///
/// A STRING that is not wanted stays NULL: any value can be one.
pub(super) fn read_fields(text: &str, fields: &[Field], wanted: &Wanted, row: &mut [Value]) -> Result<()> {
    // Nearly all rows have what their columns ask for; what has not is told, or coerced, in a second reading.
    if read(text, fields, wanted, row, true).is_ok() {
        return Ok(());
    }
    row.fill(Value::Null);
    read(text, fields, wanted, row, false)
}

/// The same of a STRUCT inside of a value, in one reading: two at each level would be a thousand at ten.
pub(super) fn read_inner(text: &str, fields: &[Field], row: &mut [Value]) -> Result<()> {
    read(text, fields, &Wanted::default(), row, false)
}

fn read(text: &str, fields: &[Field], wanted: &Wanted, row: &mut [Value], is_plain: bool) -> Result<()> {
    let mut failure = None;
    let mut few = [Match::None; 64];
    let mut many = Vec::new();
    let found = if fields.len() <= few.len() {
        &mut few[..fields.len()]
    } else {
        many.resize(fields.len(), Match::None);
        &mut many[..]
    };
    let mut json = serde_json::Deserializer::from_str(text);
    let visitor = Object { fields, wanted, row, found, is_plain, failure: &mut failure };
    match json.deserialize_map(visitor).and_then(|()| json.end()) {
        Ok(()) => Ok(()),
        Err(error) => Err(failure.unwrap_or_else(|| invalid(&error))),
    }
}

/// How the name of a column was found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Match {
    None,
    UpperCase,
    Exact,
}

struct Object<'a> {
    fields: &'a [Field],
    wanted: &'a Wanted,
    row: &'a mut [Value],
    found: &'a mut [Match],
    /// Whether values are read that are of their columns' types, and no others.
    is_plain: bool,
    failure: &'a mut Option<SerdeError>,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        // Fields mostly come in the order of the columns.
        let mut next = 0;
        while let Some(place) = access.next_key_seed(Name { fields: self.fields, next })? {
            let wanted =
                place.filter(|(index, how)| *how == Match::Exact || self.found[*index] == Match::None);
            let Some((index, how)) = wanted else {
                access.next_value::<IgnoredAny>()?;
                continue;
            };
            next = index + 1;
            if self.fields[index].kind == SqlType::String && !self.wanted.has(index) {
                access.next_value::<IgnoredAny>()?;
                self.found[index] = how;
                continue;
            }
            if self.is_plain
                && let Some(kind) = Plain::of(&self.fields[index].kind)
            {
                self.row[index] = access.next_value_seed(kind)?;
                self.found[index] = how;
                continue;
            }
            let raw = access.next_value::<&RawValue>()?;
            match value(raw.get(), &self.fields[index].kind) {
                Ok(value) => self.row[index] = value,
                Err(error) => {
                    *self.failure = Some(error.within(format_args!(".{}", self.fields[index].name)));
                    return Err(A::Error::custom(""));
                }
            }
            self.found[index] = how;
        }
        Ok(())
    }
}

/// Reads a name as the place of its column.
struct Name<'a> {
    fields: &'a [Field],
    next: usize,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<(usize, Match)>;

    fn deserialize<D: serde::Deserializer<'de>>(self, name: D) -> Result<Self::Value, D::Error> {
        name.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<(usize, Match)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        let exact = |field: &Field| *field.name == *name;
        let ascii = name.is_ascii();
        let upper_case = |field: &Field| is_upper_case(name, ascii, &field.name);
        let expected = |found: &dyn Fn(&Field) -> bool| self.fields.get(self.next).is_some_and(found);
        let position = |found: &dyn Fn(&Field) -> bool| self.fields.iter().position(found);
        if expected(&exact) {
            return Ok(Some((self.next, Match::Exact)));
        }
        if let Some(index) = position(&exact) {
            return Ok(Some((index, Match::Exact)));
        }
        // In upper case the name is that of one column at most, so it may be looked for from anywhere.
        let index = if expected(&upper_case) { Some(self.next) } else { position(&upper_case) };
        Ok(index.map(|index| (index, Match::UpperCase)))
    }
}

/// Whether the one is the other in upper case.
fn is_upper_case(name: &str, ascii: bool, upper: &str) -> bool {
    if ascii {
        let no_lower_case = || !upper.bytes().any(|b| b.is_ascii_lowercase());
        return name.eq_ignore_ascii_case(upper) && no_lower_case();
    }
    name.to_uppercase() == upper
}
