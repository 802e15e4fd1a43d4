//! The names that a server knows, as far as they were asked for.
use std::collections::BTreeMap;

/// A name and what it is: the type of a column, `stream`, `function`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) what: String,
}

/// The names that a server knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalog {
    sources: BTreeMap<String, Source>,
    functions: Vec<Named>,
    is_loaded: bool,
}

#[derive(Clone, Debug)]
struct Source {
    what: &'static str,
    /// None until they were asked for.
    columns: Option<Vec<Named>>,
}

impl Catalog {
    /// Whether names have to be asked for.
    pub(crate) fn is_stale(&self) -> bool {
        !self.is_loaded
    }

    /// Names may be others now.
    pub(crate) fn forget(&mut self) {
        self.is_loaded = false;
    }

    /// These are the streams and tables. Their columns have to be asked for again.
    pub(crate) fn load(&mut self, sources: impl IntoIterator<Item = (String, &'static str)>) {
        self.sources =
            sources.into_iter().map(|(name, what)| (name, Source { what, columns: None })).collect();
        self.is_loaded = true;
    }

    /// These are the functions.
    pub(crate) fn load_functions(&mut self, functions: Vec<Named>) {
        self.functions = functions;
    }

    /// These are the columns of a stream or table.
    pub(crate) fn load_columns(&mut self, source: &str, columns: Vec<Named>) {
        if let Some(source) = self.sources.get_mut(source) {
            source.columns = Some(columns);
        }
    }

    /// Whether a stream or table is there whose columns were not asked for.
    pub(crate) fn lacks_columns(&self, source: &str) -> bool {
        self.sources.get(source).is_some_and(|source| source.columns.is_none())
    }

    pub(super) fn columns(&self, source: &str) -> &[Named] {
        self.sources.get(source).and_then(|source| source.columns.as_deref()).unwrap_or_default()
    }

    pub(super) fn sources(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.sources.iter().map(|(name, source)| (name.as_str(), source.what))
    }

    pub(super) fn functions(&self) -> &[Named] {
        &self.functions
    }
}
