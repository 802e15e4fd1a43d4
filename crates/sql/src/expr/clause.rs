//! Where in a statement an expression stands: messages name it.
use std::fmt;

/// The part of a statement that an expression belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Clause {
    /// The projection.
    Select,
    /// The filter of rows.
    Where,
    /// The filter of rows of a pull query, which ksqlDB interprets and does not compile.
    PullWhere,
    /// The filter of groups.
    Having,
    /// The key of groups.
    GroupBy,
    /// The new key.
    PartitionBy,
    /// The criterion of a join.
    JoinOn,
    /// The values of an INSERT.
    Values,
}

impl Clause {
    /// Whether its expression must be a BOOLEAN.
    pub fn is_filter(self) -> bool {
        matches!(self, Self::Where | Self::PullWhere | Self::Having)
    }

    /// What ksqlDB calls the expression when it turns out to be wrong only while it is compiled.
    pub(super) fn compiled_name(self) -> Option<&'static str> {
        match self {
            Self::Select => Some("Select"),
            Self::Where | Self::Having => Some("Predicate"),
            Self::PullWhere => Some("expression"),
            Self::GroupBy => Some("Group By"),
            Self::PartitionBy => Some("Partition By"),
            Self::JoinOn => Some("Join"),
            Self::Values => None,
        }
    }
}

/// The keyword that begins it.
impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Select => "SELECT",
            Self::Where | Self::PullWhere => "WHERE",
            Self::Having => "HAVING",
            Self::GroupBy => "GROUP BY",
            Self::PartitionBy => "PARTITION BY",
            Self::JoinOn => "JOIN ON",
            Self::Values => "VALUES",
        })
    }
}
