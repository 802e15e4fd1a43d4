//! What is wrong with a topology.
use std::fmt;

/// Why a topology can't be built or started. All found are told at once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TopologyError {
    /// A name that topics or tables can't have.
    InvalidName {
        /// What it was to name.
        what: &'static str,
        /// The name and the rule.
        text: String,
    },
    /// Two things with one name.
    NameTaken {
        /// Store, repartition topic or the like.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A setting that makes no sense.
    Invalid(String),
    /// Two topics that are read together have different numbers of partitions.
    NotCopartitioned {
        /// The topics and how many each has.
        topics: Vec<(String, u32)>,
    },
    /// A topic that isn't there.
    NoSuchTopic(String),
    /// What was built before can't be continued by this topology.
    Incompatible(String),
}

impl TopologyError {
    /// Its name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidName { .. } => "invalid_name",
            Self::NameTaken { .. } => "name_taken",
            Self::Invalid(_) => "invalid_topology",
            Self::NotCopartitioned { .. } => "not_copartitioned",
            Self::NoSuchTopic(_) => "topic_not_found",
            Self::Incompatible(_) => "topology_changed",
        }
    }
}

impl fmt::Display for TopologyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidName { what, text } => write!(f, "the {what}'s name: {text}"),
            Self::NameTaken { what, name } => {
                write!(f, "two of the {what}s are called {name:?}: give one of them a name of its own")
            }
            Self::Invalid(text) | Self::Incompatible(text) => f.write_str(text),
            Self::NotCopartitioned { topics } => {
                f.write_str("topics that are joined must have the same number of partitions, and ")?;
                for (i, (topic, partitions)) in topics.iter().enumerate() {
                    let and = if i == 0 { "" } else { ", " };
                    write!(f, "{and}{topic} has {partitions}")?;
                }
                f.write_str(": repartition one of the streams (`repartition`), or make the topics alike")
            }
            Self::NoSuchTopic(topic) => {
                write!(f, "there is no topic {topic}: create it before the topology that reads it starts")
            }
        }
    }
}

impl std::error::Error for TopologyError {}
