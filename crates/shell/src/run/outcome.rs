//! What became of an input.

/// What became of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was done.
    Done,
    /// It failed, which was said.
    Failed,
    /// No server answered, which was said.
    Unreachable,
    /// It was ended by Ctrl-C.
    Interrupted,
    /// The shell is to end.
    Exit,
}

impl Outcome {
    /// The code that a process ends with.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Done | Self::Exit => 0,
            Self::Failed => 1,
            Self::Unreachable => 5,
            // As shells count SIGINT.
            Self::Interrupted => 130,
        }
    }
}
