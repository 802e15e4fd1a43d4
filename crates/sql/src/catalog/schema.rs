//! The columns of a stream or table.
use std::fmt;
use std::sync::Arc;

use crate::Refusal;
use crate::types::SqlType;

/// Where in a record the values of a column are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// In the key.
    Key,
    /// In the value.
    Value,
    /// All headers, as an array.
    Headers,
    /// The last header of this name.
    Header(Arc<str>),
}

/// As schemas name it: `KEY`, `HEADERS`, `HEADER('abc')`; a column of the value has no word.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key => f.write_str("KEY"),
            Self::Value => Ok(()),
            Self::Headers => f.write_str("HEADERS"),
            Self::Header(key) => write!(f, "HEADER('{}')", key.replace('\'', "''")),
        }
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Column {
    /// Its name, in the case that it has.
    pub name: Arc<str>,
    /// Its type.
    pub kind: SqlType,
    /// Where its values are.
    pub place: Place,
}

/// As schemas are printed: `` `ID` BIGINT KEY ``, `` `H` BYTES HEADER('abc') ``.
impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.name.replace('`', "``"), self.kind)?;
        match &self.place {
            Place::Value => Ok(()),
            place => write!(f, " {place}"),
        }
    }
}

/// Columns in the order in which they were declared. No two of a key, and no two beside the key, have one name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Schema {
    columns: Arc<[Column]>,
}

impl Schema {
    /// Of these columns.
    pub fn new(columns: Vec<Column>) -> Result<Self, Refusal> {
        for (index, column) in columns.iter().enumerate() {
            let is_key = column.place == Place::Key;
            let is_double = columns[..index]
                .iter()
                .any(|before| before.name == column.name && (before.place == Place::Key) == is_key);
            if is_double {
                let what = if is_key { "keys" } else { "values" };
                return Err(Refusal::new(format!("Duplicate {what} found in schema: {column}")));
            }
        }
        Ok(Self { columns: columns.into() })
    }

    /// All of them.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Those of the key, in their order.
    pub fn key(&self) -> impl Iterator<Item = &Column> + Clone {
        self.columns.iter().filter(|column| column.place == Place::Key)
    }

    /// Those of the value, in their order.
    pub fn value(&self) -> impl Iterator<Item = &Column> + Clone {
        self.columns.iter().filter(|column| column.place == Place::Value)
    }

    /// Those of the headers, in their order.
    pub fn headers(&self) -> impl Iterator<Item = &Column> + Clone {
        self.columns.iter().filter(|column| matches!(column.place, Place::Headers | Place::Header(_)))
    }

    /// The column of exactly this name, that of the key first.
    pub fn find(&self, name: &str) -> Option<&Column> {
        let of_key = self.key().find(|column| &*column.name == name);
        of_key.or_else(|| self.columns.iter().find(|column| &*column.name == name))
    }
}

/// As ksqlDB prints a schema: the columns behind each other.
impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, column) in self.columns.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{column}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, place: Place) -> Column {
        Column { name: name.into(), kind: SqlType::Integer, place }
    }

    #[test]
    fn printed() {
        let columns = vec![
            column("ID", Place::Key),
            column("v`1", Place::Value),
            column("H", Place::Header("a'b".into())),
            column("ALL", Place::Headers),
        ];
        let schema = Schema::new(columns).expect("a schema");
        let text = "`ID` INTEGER KEY, `v``1` INTEGER, `H` INTEGER HEADER('a''b'), `ALL` INTEGER HEADERS";
        assert_eq!(schema.to_string(), text);
        assert_eq!((schema.key().count(), schema.value().count(), schema.headers().count()), (1, 1, 2));
    }

    #[test]
    fn one_name_is_one_column() {
        let both = |a, b| Schema::new(vec![column("A", a), column("A", b)]);
        assert!(both(Place::Key, Place::Value).is_ok(), "of key and value each");
        for (places, text) in [
            ((Place::Key, Place::Key), "Duplicate keys found in schema: `A` INTEGER KEY"),
            ((Place::Value, Place::Value), "Duplicate values found in schema: `A` INTEGER"),
            ((Place::Value, Place::Headers), "Duplicate values found in schema: `A` INTEGER HEADERS"),
        ] {
            assert_eq!(both(places.0, places.1).expect_err(text).to_string(), text);
        }
    }
}
