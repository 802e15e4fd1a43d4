//! The statement as ksqlDB's messages show it.
use super::Analysis;
use crate::Refusal;

impl Analysis<'_> {
    /// A refusal of the whole statement, with its text.
    pub(super) fn with_statement(&self, refusal: Refusal) -> Refusal {
        refusal
    }
}
