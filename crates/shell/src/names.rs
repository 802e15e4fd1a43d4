//! The names that a server knows, asked for when completion needs them.
use std::sync::{Arc, Mutex, PoisonError};

use lentic_ksql_api::{Body, Entity, KsqlRequest};

use crate::completion::{Candidate, Catalog, Named, candidates, sources_of};
use crate::http::Client;

/// So many descriptions are asked for at one press of a key.
const AT_ONCE: usize = 8;

/// The names that a server knows. Clones are the same ones.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    client: Client,
    catalog: Catalog,
}

impl Names {
    pub(crate) fn new(client: Client) -> Self {
        Self { inner: Arc::new(Mutex::new(Inner { client, catalog: Catalog::default() })) }
    }

    /// Names may be others now.
    pub(crate) fn forget(&self) {
        self.with(|inner| inner.catalog.forget());
    }

    /// Another server is asked from now on.
    pub(crate) fn ask(&self, client: Client) {
        self.with(|inner| *inner = Inner { client, catalog: Catalog::default() });
    }

    /// What could be typed at byte `at` of a text. A server that does not answer is not asked again before something changes.
    pub(crate) fn candidates(&self, text: &str, at: usize) -> Vec<Candidate> {
        self.with(|inner| {
            inner.load();
            for source in sources_of(text, at).into_iter().take(AT_ONCE) {
                inner.load_columns(&source);
            }
            candidates(text, at, &inner.catalog)
        })
    }

    fn with<T>(&self, f: impl FnOnce(&mut Inner) -> T) -> T {
        f(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inner {
    fn load(&mut self) {
        if !self.catalog.is_stale() {
            return;
        }
        let mut sources = Vec::new();
        // Who does not answer this is not waited for twice.
        let Some(answered) = self.look_up("LIST STREAMS; LIST TABLES;") else {
            self.catalog.load([]);
            return;
        };
        for entity in answered {
            match entity.body {
                Body::Streams(list) => {
                    sources.extend(list.streams.into_iter().map(|source| (source.name, "stream")));
                }
                Body::Tables(list) => {
                    sources.extend(list.tables.into_iter().map(|source| (source.name, "table")));
                }
                _ => {}
            }
        }
        self.catalog.load(sources);
        for entity in self.look_up("LIST FUNCTIONS;").unwrap_or_default() {
            if let Body::Functions(list) = entity.body {
                let functions = list.functions.into_iter();
                let functions = functions
                    .map(|function| Named { what: function.kind.to_lowercase(), name: function.name });
                self.catalog.load_functions(functions.collect());
            }
        }
    }

    fn load_columns(&mut self, source: &str) {
        if !self.catalog.lacks_columns(source) {
            return;
        }
        let mut columns = Vec::new();
        let statement = format!("DESCRIBE `{}`;", source.replace('`', "``"));
        for entity in self.look_up(statement).unwrap_or_default() {
            if let Body::SourceDescription(described) = entity.body {
                let fields = described.source_description.fields.into_iter();
                columns
                    .extend(fields.map(|field| Named { what: field.schema.to_string(), name: field.name }));
            }
        }
        self.catalog.load_columns(source, columns);
    }

    fn look_up(&self, statements: impl Into<String>) -> Option<Vec<Entity>> {
        let request = KsqlRequest { ksql: statements.into(), ..KsqlRequest::default() };
        self.client.look_up(&request).ok()
    }
}
