//! A conditional write, decided by the log.
//!
//! The record is produced inside an open transaction and so gets its offset *o*; when the store has applied
//! everything below *o*, nothing can come between the check and the record: what is checked is the row as it is just
//! before *o*, and committing or aborting is the decision. Nobody's idea of who owns the partition is trusted.
use lentic_types::Offset;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The record has this offset.
    Produced(Offset),
    /// The store's next offset.
    Applied(Offset),
    /// The condition, looked at when it was asked for.
    Checked(bool),
    /// The transaction is committed.
    Committed,
    /// The transaction is aborted.
    Aborted,
    /// Waiting took too long, the partition was revoked, or a step failed before the commit began.
    GiveUp,
    /// The commit's outcome could not be learnt.
    CommitUnknown,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Open a transaction and produce exactly this one record.
    Produce,
    /// Wait until the store's next offset is at least this.
    AwaitApplied(Offset),
    /// Look at the condition now.
    Check,
    /// Commit.
    Commit,
    /// Abort.
    Abort,
    /// It is over.
    Done(Outcome),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Written at this offset.
    Written(Offset),
    /// The condition did not hold just before this offset.
    Refused(Offset),
    /// Nothing was written, and whether the condition held is not known.
    Undecided,
    /// The write may have happened.
    Unknown,
}

/// One conditional write. At most one is open per partition and node.
#[derive(Clone, Debug)]
pub struct CompareAndSet {
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Producing,
    Awaiting(Offset),
    Checking(Offset),
    Committing(Offset),
    Aborting(Outcome),
    Done(Outcome),
}

impl Default for CompareAndSet {
    fn default() -> Self {
        Self { state: State::Producing }
    }
}

impl CompareAndSet {
    /// What to do now.
    pub fn step(&self) -> Step {
        match self.state {
            State::Producing => Step::Produce,
            State::Awaiting(offset) => Step::AwaitApplied(offset),
            State::Checking(_) => Step::Check,
            State::Committing(_) => Step::Commit,
            State::Aborting(_) => Step::Abort,
            State::Done(outcome) => Step::Done(outcome),
        }
    }

    /// Takes what happened; inputs that don't belong to the state change nothing.
    pub fn handle(&mut self, input: &Input) -> Step {
        self.state = match (self.state, input) {
            (State::Producing, Input::Produced(offset)) => State::Awaiting(*offset),
            (State::Awaiting(offset), Input::Applied(position)) if *position >= offset => {
                State::Checking(offset)
            }
            (State::Checking(offset), Input::Checked(true)) => State::Committing(offset),
            (State::Checking(offset), Input::Checked(false)) => State::Aborting(Outcome::Refused(offset)),
            (State::Committing(offset), Input::Committed) => State::Done(Outcome::Written(offset)),
            (State::Committing(_), Input::Aborted) => State::Done(Outcome::Undecided),
            (State::Committing(_), Input::CommitUnknown | Input::GiveUp) => State::Done(Outcome::Unknown),
            (State::Aborting(outcome), Input::Aborted | Input::GiveUp | Input::CommitUnknown) => {
                State::Done(outcome)
            }
            (State::Producing | State::Awaiting(_) | State::Checking(_), Input::GiveUp) => {
                State::Aborting(Outcome::Undecided)
            }
            (state, _) => state,
        };
        self.step()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(inputs: &[Input]) -> Vec<Step> {
        let mut write = CompareAndSet::default();
        let mut steps = vec![write.step()];
        steps.extend(inputs.iter().map(|input| write.handle(input)));
        steps
    }

    #[test]
    fn schedules() {
        use Input::*;
        use Outcome::*;
        let o = Offset(7);
        let cases: [(&str, &[Input], Step); 8] = [
            ("holds", &[Produced(o), Applied(Offset(7)), Checked(true), Committed], Step::Done(Written(o))),
            (
                "does not hold",
                &[Produced(o), Applied(Offset(9)), Checked(false), Aborted],
                Step::Done(Refused(o)),
            ),
            (
                "never checks before all below is applied",
                &[Produced(o), Applied(Offset(6))],
                Step::AwaitApplied(o),
            ),
            ("revoked while waiting", &[Produced(o), GiveUp, Aborted], Step::Done(Undecided)),
            ("produce failed", &[GiveUp, GiveUp], Step::Done(Undecided)),
            ("commit unknown", &[Produced(o), Applied(o), Checked(true), CommitUnknown], Step::Done(Unknown)),
            (
                "known abort of the commit",
                &[Produced(o), Applied(o), Checked(true), Aborted],
                Step::Done(Undecided),
            ),
            ("an answer to nothing", &[Checked(true), Committed], Step::Produce),
        ];
        for (name, inputs, expected) in cases {
            assert_eq!(run(inputs).last(), Some(&expected), "{name}");
        }
    }
}
