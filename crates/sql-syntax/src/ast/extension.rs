//! What goes beyond ksqlDB, and how ksqlDB would refuse it.
use super::{Explain, Statement};
use crate::error::{Problem, SyntaxError};
use crate::position::Position;

/// A use of something that ksqlDB does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension {
    /// What is used.
    pub feature: Feature,
    /// The first word that ksqlDB would not take.
    pub position: Position,
}

/// Something that ksqlDB does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Feature {
    /// `ORDER BY`
    OrderBy,
    /// `DELETE FROM`
    Delete,
}

impl Extension {
    /// The error that ksqlDB answers with.
    pub fn refusal(self) -> SyntaxError {
        SyntaxError::new(self.position, Problem::Extension(self.feature))
    }
}

impl Statement {
    /// The first use of something beyond ksqlDB.
    pub fn extension(&self) -> Option<Extension> {
        match self {
            Self::Delete(delete) => Some(Extension { feature: Feature::Delete, position: delete.at.0 }),
            Self::Explain(Explain::Statement(statement)) => statement.extension(),
            _ => {
                let order_by = self.query()?.order_by.as_ref()?;
                Some(Extension { feature: Feature::OrderBy, position: order_by.at.0 })
            }
        }
    }
}
