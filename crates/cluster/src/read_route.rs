//! Where a read of one partition is answered: here, or by another node in one hop.
use crate::Role;

/// What a node has of a partition itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Here {
    /// The group gave it the shard, and the rows have reached the end that their log had: plain reads are its to answer.
    pub answers: bool,
    /// The rows are there, be it as a copy.
    pub has_copy: bool,
}

/// What a reader asks for, as far as it decides who answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The active one alone.
    pub active: bool,
    /// Rows of some age will do: a copy that is fresh enough saves the hop.
    pub may_be_old: bool,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadStep {
    /// Answer from what is here.
    Here,
    /// Ask this one of the others, in the order in which they were given.
    Ask(usize),
    /// Nobody answered. [`ReadRoute::end`] says what becomes of it.
    End,
    /// Wait a moment, then look again who has it: a node that takes over tells so meanwhile.
    Again,
    /// Pass on what the last one said that has the rows and can't answer.
    PassOn,
    /// Tell that nobody serves the partition now.
    NoActive,
}

/// What came of asking another node, if not an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It was not reached, or has not said anything.
    Silent,
    /// It doesn't have the rows.
    NotThere,
    /// It has them, and says why it can't answer.
    CanNot,
}

/// One read on its way. It never comes from another node: what that one asks is answered from what is here.
#[derive(Clone, Debug)]
pub struct ReadRoute {
    here: Here,
    wanted: Wanted,
    others: Vec<Role>,
    asked: usize,
    /// The last one said why it can't.
    is_told: bool,
}

impl ReadRoute {
    /// `here` is as it is before anybody is asked.
    pub fn new(here: Here, wanted: Wanted) -> Self {
        Self { here, wanted, others: Vec::new(), asked: 0, is_told: false }
    }

    /// These have the partition now, the best to ask first.
    pub fn look(&mut self, others: impl IntoIterator<Item = Role>) -> ReadStep {
        self.others = others.into_iter().collect();
        (self.asked, self.is_told) = (0, false);
        self.step()
    }

    /// The one that was asked does not answer: it is the next one's turn.
    pub fn refused(&mut self, how: Refused) -> ReadStep {
        self.asked += 1;
        match how {
            Refused::Silent => {}
            Refused::NotThere => self.is_told = false,
            Refused::CanNot => self.is_told = true,
        }
        self.step()
    }

    /// After [`ReadStep::End`]. `answers`: [`Here::answers`] as it is by now; `is_late`: somebody was looked for long enough.
    pub fn end(&self, answers: bool, is_late: bool) -> ReadStep {
        if answers {
            ReadStep::Here
        } else if !is_late {
            ReadStep::Again
        } else if self.is_told {
            ReadStep::PassOn
        } else if self.here.has_copy {
            // It is refused there with the reason.
            ReadStep::Here
        } else {
            ReadStep::NoActive
        }
    }

    fn step(&self) -> ReadStep {
        if self.here.answers {
            return ReadStep::Here;
        }
        // A copy is here as well as there.
        let may_be_copy = self.here.has_copy && !self.wanted.active;
        match self.others.get(self.asked) {
            Some(Role::Standby) | None if may_be_copy => ReadStep::Here,
            Some(_) => ReadStep::Ask(self.asked),
            None => ReadStep::End,
        }
    }
}

/// Whether this node is asked before the best of the others, where several partitions are read and each node is asked for its own.
pub fn prefers_here(here: Here, wanted: Wanted, best_other: Option<Role>) -> bool {
    let may_be_copy = wanted.may_be_old && !wanted.active;
    here.answers || here.has_copy && (may_be_copy || best_other.is_none_or(|role| role == Role::Standby))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIVE: Wanted = Wanted { active: true, may_be_old: false };
    const PLAIN: Wanted = Wanted { active: false, may_be_old: false };
    const OWNER: Here = Here { answers: true, has_copy: true };
    const COPY: Here = Here { answers: false, has_copy: true };
    const NOTHING: Here = Here { answers: false, has_copy: false };

    #[test]
    fn schedules() {
        use ReadStep::{Again, Ask, End, Here, NoActive, PassOn};
        use Refused::{CanNot, NotThere, Silent};
        let both = [Role::Active, Role::Standby];
        let cases: [(&str, super::Here, Wanted, &[Role], &[Refused], ReadStep, ReadStep); 12] = [
            ("the owner", OWNER, PLAIN, &both, &[], Here, Here),
            ("the owner, if it has to be proven", OWNER, ACTIVE, &both, &[], Here, Here),
            ("a copy asks the owner first", COPY, PLAIN, &both, &[], Ask(0), Here),
            ("and answers if that one is silent", COPY, PLAIN, &both, &[Silent], Here, Here),
            ("not where the active one is wanted", COPY, ACTIVE, &both, &[Silent], Ask(1), Here),
            ("which another copy may know to be", COPY, ACTIVE, &both, &[Silent, CanNot], End, PassOn),
            ("a copy where nobody else has it", COPY, PLAIN, &[], &[], Here, Here),
            ("the owner, from elsewhere", NOTHING, PLAIN, &both, &[], Ask(0), NoActive),
            ("once more on the next holder", NOTHING, PLAIN, &both, &[Silent], Ask(1), NoActive),
            ("nobody", NOTHING, PLAIN, &both, &[Silent, NotThere], End, NoActive),
            ("the reason of who has it", NOTHING, PLAIN, &both, &[CanNot, Silent], End, PassOn),
            ("the last one's", NOTHING, ACTIVE, &both, &[CanNot, NotThere], End, NoActive),
        ];
        for (name, here, wanted, others, refused, next, late) in cases {
            let mut route = ReadRoute::new(here, wanted);
            let mut step = route.look(others.iter().copied());
            for how in refused {
                step = route.refused(*how);
            }
            assert_eq!(step, next, "{name}");
            assert_eq!(route.end(here.answers, true), late, "{name}");
            let waits = if here.answers { Here } else { Again };
            assert_eq!(route.end(here.answers, false), waits, "{name}");
            assert_eq!(route.end(true, false), Here, "{name}: it has become the owner");
        }
    }

    #[test]
    fn who_is_asked_first_of_several() {
        let old = Wanted { active: false, may_be_old: true };
        let active_and_old = Wanted { active: true, may_be_old: true };
        for (here, wanted, other, expected) in [
            (OWNER, ACTIVE, Some(Role::Active), true),
            (COPY, PLAIN, Some(Role::Active), false),
            (COPY, PLAIN, Some(Role::Standby), true),
            (COPY, PLAIN, None, true),
            (COPY, old, Some(Role::Active), true),
            (COPY, active_and_old, Some(Role::Active), false),
            (NOTHING, old, None, false),
        ] {
            assert_eq!(prefers_here(here, wanted, other), expected, "{here:?} {wanted:?} {other:?}");
        }
    }
}
