//! Columns that nobody asks for.
use std::sync::{Arc, OnceLock};

/// Which columns of a deserializer are wanted: all, unless it is told less. What it is told holds for its clones, too.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted(Arc<OnceLock<Box<[bool]>>>);

impl Wanted {
    /// Whether a column is.
    pub(super) fn has(&self, index: usize) -> bool {
        self.0.get().and_then(|columns| columns.get(index)).is_none_or(|is_wanted| *is_wanted)
    }

    /// Only those of which this is true, in the order of the columns. Holds from the first time on.
    pub(crate) fn only(&self, columns: Vec<bool>) {
        let _ = self.0.set(columns.into());
    }
}

#[cfg(test)]
mod tests {
    use super::Wanted;
    use crate::serde::{Deserializer, Format, FormatName, RowSchema};
    use crate::{SqlType, Value};

    #[test]
    fn strings_that_nobody_wants_stay_null_and_errors_are_found_all_the_same() {
        let schema =
            RowSchema::value([("A", SqlType::String), ("B", SqlType::Integer), ("C", SqlType::String)]);
        let wanted = Wanted::default();
        let json = Deserializer::new(&Format::new(FormatName::Json), &schema).expect("a format");
        let json = json.with_wanted(wanted.clone());
        let read = |text: &str| {
            let mut row = Vec::new();
            json.deserialize(Some(text.as_bytes()), &mut row).map(|_| row).map_err(|error| error.to_string())
        };
        let row = r#"{"A": "a", "B": 1, "C": {"c": 2}}"#;
        assert_eq!(read(row), Ok(vec!["a".into(), Value::Integer(1), r#"{"c":2}"#.into()]));
        wanted.only(vec![true, false, false]);
        assert_eq!(read(row), Ok(vec!["a".into(), Value::Integer(1), Value::Null]));
        assert!(read(r#"{"A": "a", "B": true, "C": "c"}"#).is_err());
        assert!(read(r#"{"A": "a", "C": "c}"#).is_err());
        wanted.only(vec![true, true, true]);
        assert_eq!(read(row), Ok(vec!["a".into(), Value::Integer(1), Value::Null]), "the first time counts");
    }
}
