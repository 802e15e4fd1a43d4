//! What of the log this release can't go on with.
use lentic::types::Offset;

/// A statement of the log that does not mean what it meant when it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Incompatible {
    /// Where it stands.
    pub(crate) offset: Offset,
    /// The query that does not run because of it.
    pub(crate) query: Option<String>,
    /// What is wrong, for whoever runs the service.
    pub(crate) reason: String,
}

impl Incompatible {
    /// A query whose plan is another one now.
    pub(super) fn plan(offset: Offset, query: &str, difference: &[String]) -> Self {
        let reason = format!(
            "The query {query} is not run: this release plans it otherwise than the release that created it, and its rows \
             would not fit. Run it with the earlier release, or drop and create it anew. The difference:\n{}",
            difference.join("\n")
        );
        Self { offset, query: Some(query.to_owned()), reason }
    }

    /// A statement that is refused now.
    pub(super) fn statement(offset: Offset, text: &str, refusal: &str) -> Self {
        let reason = format!(
            "A statement of the log is not understood by this release: {refusal}. Run the service with the release that \
             the statement was given to.\nStatement: {text}"
        );
        Self { offset, query: None, reason }
    }
}
