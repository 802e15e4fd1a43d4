//! What there is: streams, tables and custom types, by name.
mod change;
mod columns;
mod data_type;
mod duration;
mod formats;
mod properties;
mod schema;
mod source;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use change::Changed;
pub use columns::RESERVED;
pub use data_type::sql_type;
pub use formats::Formats;
pub use properties::{Properties, Use};
pub use schema::{Column, Place, Schema};
pub(crate) use source::timestamp_column;
pub use source::{Defaults, Origin, Source, SourceWindow, TimestampColumn};

use crate::Refusal;
use crate::types::SqlType;
use lentic_sql_syntax::ast::Name;
use lentic_sql_syntax::nearest;

pub use lentic_sql_syntax::ast::SourceKind;

/// A state of the catalog. Cloning one is cheap enough to try statements on a copy first.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    sources: BTreeMap<Arc<str>, Arc<Source>>,
    types: BTreeMap<Arc<str>, SqlType>,
}

impl Catalog {
    /// The stream or table of exactly this name.
    pub fn source(&self, name: &str) -> Option<&Arc<Source>> {
        self.sources.get(name)
    }

    /// The name of a stream or table that may have been meant, as it has to be written.
    pub(crate) fn near_source(&self, wanted: &str) -> Option<String> {
        nearest(wanted, self.sources.keys().map(|name| &**name)).map(|near| Name::new(near).to_string())
    }

    /// All of them, by name.
    pub fn sources(&self) -> impl Iterator<Item = &Arc<Source>> {
        self.sources.values()
    }

    /// Takes one in. With `replace` one of the same name and kind may be there.
    pub fn add(&mut self, source: Source, replace: bool) -> Result<(), Refusal> {
        if let Some(known) = self.sources.get(&source.name)
            && !(replace && known.kind == source.kind)
        {
            return Err(already_exists(source.kind, &source.name, known.kind));
        }
        self.sources.insert(Arc::clone(&source.name), Arc::new(source));
        Ok(())
    }

    /// Forgets one; what it was.
    pub fn remove(&mut self, name: &str) -> Option<Arc<Source>> {
        self.sources.remove(name)
    }

    /// The custom type of this name, which is in upper case.
    pub fn custom_type(&self, name: &str) -> Option<&SqlType> {
        self.types.get(name)
    }

    /// All custom types, by name.
    pub fn custom_types(&self) -> impl Iterator<Item = (&Arc<str>, &SqlType)> {
        self.types.iter()
    }

    /// Takes a custom type in; false: there is one of that name, and nothing changed.
    pub fn add_type(&mut self, name: &str, kind: SqlType) -> bool {
        if self.types.contains_key(name) {
            return false;
        }
        self.types.insert(name.into(), kind);
        true
    }

    /// Forgets a custom type; whether it was there.
    pub fn remove_type(&mut self, name: &str) -> bool {
        self.types.remove(name).is_some()
    }
}

/// `stream` or `table`, as messages have it.
pub fn kind_name(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Stream => "stream",
        SourceKind::Table => "table",
    }
}

fn already_exists(kind: SourceKind, name: &str, known: SourceKind) -> Refusal {
    let (kind, known) = (kind_name(kind), kind_name(known));
    Refusal::new(format!("Cannot add {kind} '{name}': A {known} with the same name already exists"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_there_once() {
        let mut catalog = Catalog::default();
        assert!(catalog.add_type("T", SqlType::Integer));
        assert!(!catalog.add_type("T", SqlType::Double));
        assert_eq!(catalog.custom_type("T"), Some(&SqlType::Integer));
        assert!(catalog.remove_type("T") && !catalog.remove_type("T"));
    }
}
