//! Records by chance.
use crate::chance::Chance;
use crate::program::{End, Program};

#[derive(Clone, Debug)]
pub struct Input {
    pub is_left: bool,
    pub key: String,
    /// `None` deletes a row.
    pub value: Option<String>,
    pub at: i64,
}

/// Times move on, with steps back, and records at one time.
pub fn records(chance: &mut Chance, program: &Program) -> Vec<Input> {
    let has_right = matches!(program.end, End::Match { .. } | End::Rows(_) | End::Foreign { .. });
    let (count, mut time) = (chance.between(5, 60), 0);
    let record = |_| {
        time += chance.of(&[0, 0, 1, 2, 5, 9, 30]);
        let at = (time - chance.of(&[0, 0, 0, 1, 4, 12, 50])).max(0);
        let value = (0..chance.between(1, 3)).map(|_| chance.of(&['a', 'b', 'c', 'd'])).collect();
        let is_deleted = program.end.is_of_tables() && chance.below(4) == 0;
        Input {
            is_left: !has_right || chance.below(2) == 0,
            key: chance.of(&["a", "b", "c", "ab", "a\0", ""]).to_owned(),
            value: (!is_deleted).then_some(value),
            at,
        }
    };
    (0..count).map(record).collect()
}
