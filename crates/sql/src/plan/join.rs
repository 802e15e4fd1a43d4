//! `JOIN`: several sources as one flow.
use super::Analysis;
use super::flow::Flow;
use crate::Refusal;

impl Analysis<'_> {
    pub(super) fn join(&self) -> Result<Flow, Refusal> {
        Err(Refusal::new("joins cannot be planned yet"))
    }
}
