//! What is wrong with a format, and with the bytes or values of one record.
use std::borrow::Cow;
use std::fmt;

/// A statement asks for what a format cannot do; in ksqlDB's words, without the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatError {
    text: Cow<'static, str>,
    needs_registry: bool,
}

impl FormatError {
    pub(crate) fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), needs_registry: false }
    }

    /// There is no registry for its schemas.
    pub(crate) fn without_registry(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), needs_registry: true }
    }

    /// Whether only a schema registry is missing.
    pub fn needs_registry(&self) -> bool {
        self.needs_registry
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for FormatError {}

/// One record that is not of its format. It is no failure of the query: the record is skipped or ends the query by policy,
/// and the text goes to the processing log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerdeError {
    text: Cow<'static, str>,
    /// Where; it grows in front while the error travels outwards.
    path: Option<String>,
}

/// What reading or writing a record gives.
pub type Result<T, E = SerdeError> = std::result::Result<T, E>;

impl SerdeError {
    pub(super) fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), path: None }
    }

    /// Puts a step in front of the path, on the way out.
    pub(super) fn within(mut self, step: impl fmt::Display) -> Self {
        self.path = Some(format!("{step}{}", self.path.unwrap_or_default()));
        self
    }

    /// Puts `$` in front of the path; what is wrong with the record as a whole has none.
    pub(super) fn rooted(self) -> Self {
        if self.path.is_some() { self.within("$") } else { self }
    }

    /// What is wrong, without the place.
    pub fn fact(&self) -> &str {
        &self.text
    }

    /// Where in the record, e.g. `$.F.G[2]`, if it has an inside.
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// Unequal numbers of columns and of what stands for them.
    pub(super) fn column_count(direction: &str, expected: usize, got: usize) -> Self {
        Self::new(format!("Column count mismatch on {direction}. expected: {expected}, got: {got}"))
    }

    /// A value that is not of its column's type: a fault of the plan, not of the data.
    pub(super) fn not_of_type(kind: &crate::SqlType) -> Self {
        Self::new(format!("The value is not of the type {kind}"))
    }
}

impl fmt::Display for SerdeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match &self.path {
            Some(path) => write!(f, ", path: {path}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SerdeError {}
