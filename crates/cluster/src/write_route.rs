//! Where a conditional write is decided: by the owner of its partition, and sent to nobody else unless it was not sent.
use crate::{Here, Role};

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteStep {
    /// Decide it here.
    Here,
    /// Have this one of the others decide it, in the order in which they were given.
    Ask(usize),
    /// Tell that it may have happened.
    Unknown,
    /// Tell that nobody is there who decides it.
    NoActive,
}

/// One write on its way.
#[derive(Clone, Debug)]
pub struct WriteRoute {
    here: Here,
    others: Vec<Role>,
    asked: usize,
    is_unknown: bool,
}

impl WriteRoute {
    /// `others` have the partition, the best to ask first.
    pub fn new(here: Here, others: impl IntoIterator<Item = Role>) -> Self {
        Self { here, others: others.into_iter().collect(), asked: 0, is_unknown: false }
    }

    /// What to do now.
    pub fn step(&self) -> WriteStep {
        if self.is_unknown {
            return WriteStep::Unknown;
        }
        if self.here.answers {
            return WriteStep::Here;
        }
        let left = self.others.iter().enumerate().skip(self.asked);
        match left.filter(|(_, role)| **role == Role::Active).map(|(number, _)| number).next() {
            Some(number) => WriteStep::Ask(number),
            // Whoever has the rows can decide: the log does.
            None if self.here.has_copy => WriteStep::Here,
            None => WriteStep::NoActive,
        }
    }

    /// The write never left for the one that was asked.
    pub fn not_sent(&mut self) -> WriteStep {
        if let WriteStep::Ask(number) = self.step() {
            self.asked = number + 1;
        }
        self.step()
    }

    /// It may have arrived, and there is no answer.
    pub fn not_answered(&mut self) -> WriteStep {
        self.is_unknown = true;
        self.step()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules() {
        use WriteStep::{Ask, NoActive, Unknown};
        let (active, standby) = (Role::Active, Role::Standby);
        let here = |answers, has_copy| Here { answers, has_copy };
        let cases = [
            ("the owner", here(true, true), vec![active], WriteStep::Here, WriteStep::Here),
            ("sent to the owner", here(false, true), vec![standby, active], Ask(1), WriteStep::Here),
            ("nobody else may decide", here(false, false), vec![active, standby], Ask(0), NoActive),
            ("no owner, but the rows", here(false, true), vec![standby], WriteStep::Here, WriteStep::Here),
            ("nothing", here(false, false), vec![standby], NoActive, NoActive),
        ];
        for (name, here, others, first, after) in cases {
            let mut route = WriteRoute::new(here, others);
            assert_eq!(route.step(), first, "{name}");
            assert_eq!(route.clone().not_sent(), after, "{name}: not sent");
            assert_eq!(route.not_answered(), Unknown, "{name}: not answered");
        }
    }
}
