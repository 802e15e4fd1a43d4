//! What happens to a record with an error.

/// What happens to a record that doesn't decode, that a function fails on, or that can't be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// As the node's setting says.
    #[default]
    Inherited,
    /// The task stops.
    Fail,
    /// The record is left out: logged, counted, and written to the dead-letter topic if one is named.
    Continue,
}
