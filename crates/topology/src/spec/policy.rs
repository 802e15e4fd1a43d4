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

/// The policies of an operator chain: of an operator, and of what is chained after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// Of records that a function fails on, where the operator that calls it has these policies.
    pub processing: Policy,
    /// Of results that can't be written, where the sink has these policies. Those of a repartition topic are never left
    /// out, whatever this says.
    pub production: Policy,
}
