//! The messages between the two sides.
//!
//! Subscription: version and, in its highest bit, "no hash"; instruction; hash; primary key; the asking task's partition.
//! Answer: version and "no hash"; hash; the right table's value or nothing.
use lentic_topology::DataError;

use crate::stream::TaskError;

const SUBSCRIPTION_VERSION: u8 = 1;
const ANSWER_VERSION: u8 = 0;
const NO_HASH: u8 = 0x80;

/// The hash of the left row that a question is about; `None`: there is no row.
pub(super) type Hash = Option<[u8; 16]>;

/// What the right side is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instruction {
    /// Forget the subscription.
    Delete = 0,
    /// Forget it, and answer that there is nothing.
    DeleteAndAnswer = 1,
    /// Subscribe, and answer in any case.
    Answer = 2,
    /// Subscribe, and answer if there is something.
    AnswerIfFound = 3,
}

/// A question of the left side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subscription {
    pub(super) hash: Hash,
    pub(super) instruction: Instruction,
    pub(super) key: Vec<u8>,
    pub(super) partition: u32,
}

impl Subscription {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = head(SUBSCRIPTION_VERSION, self.hash);
        bytes.insert(1, self.instruction as u8);
        bytes.extend_from_slice(&self.key);
        bytes.extend_from_slice(&self.partition.to_be_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, TaskError> {
        let read = || {
            let (&first, rest) = bytes.split_first()?;
            let (&instruction, rest) = rest.split_first()?;
            let instruction = match instruction {
                0 => Instruction::Delete,
                1 => Instruction::DeleteAndAnswer,
                2 => Instruction::Answer,
                3 => Instruction::AnswerIfFound,
                _ => return None,
            };
            let (hash, rest) = hash(first, rest)?;
            let (key, partition) = rest.split_last_chunk::<4>()?;
            Some(Self { hash, instruction, key: key.to_vec(), partition: u32::from_be_bytes(*partition) })
        };
        read().ok_or_else(|| wrong("a subscription of a foreign-key join", bytes))
    }
}

/// An answer of the right side.
pub(super) fn answer(hash: Hash, value: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = head(ANSWER_VERSION, hash);
    bytes.extend_from_slice(value.unwrap_or_default());
    bytes
}

/// The hash and the value; an empty value is none, as in Kafka Streams.
pub(super) fn read_answer(bytes: &[u8]) -> Result<(Hash, Option<&[u8]>), TaskError> {
    let read = || {
        let (&first, rest) = bytes.split_first()?;
        let (hash, value) = hash(first, rest)?;
        Some((hash, (!value.is_empty()).then_some(value)))
    };
    read().ok_or_else(|| wrong("an answer of a foreign-key join", bytes))
}

fn head(version: u8, hash: Hash) -> Vec<u8> {
    match hash {
        Some(hash) => [&[version][..], &hash].concat(),
        None => vec![version | NO_HASH],
    }
}

fn hash(first: u8, rest: &[u8]) -> Option<(Hash, &[u8])> {
    if first & NO_HASH != 0 {
        return Some((None, rest));
    }
    let (hash, rest) = rest.split_first_chunk::<16>()?;
    Some((Some(*hash), rest))
}

fn wrong(expected: &'static str, bytes: &[u8]) -> TaskError {
    TaskError::Undecodable(DataError { expected, text: format!("{} bytes", bytes.len()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that Kafka Streams 4.3.1 wrote for the row `k = a1` of partition 0 and the foreign value `x`.
    #[test]
    fn messages_are_those_of_kafka_streams() {
        let hash = super::super::hash::hash128(b"a1");
        assert_eq!(u128::from_be_bytes(hash), 0x353e_0e4f_3af5_ce6b_8fb8_0c06_f3fd_c584);
        let asked = |hash, instruction| {
            Subscription { hash, instruction, key: b"k".to_vec(), partition: 0 }.to_bytes()
        };
        let found = asked(Some(hash), Instruction::AnswerIfFound);
        assert_eq!(found, [&[1, 3][..], &hash, b"k", &[0; 4]].concat());
        assert_eq!(asked(None, Instruction::DeleteAndAnswer), [0x81, 1, b'k', 0, 0, 0, 0]);
        assert_eq!(answer(Some(hash), Some(b"x")), [&[0][..], &hash, b"x"].concat());
        assert_eq!(answer(None, None), [0x80]);
    }

    #[test]
    fn messages_are_read_back() {
        for hash in [None, Some([7; 16])] {
            let key = b"key".to_vec();
            let asked = Subscription { hash, instruction: Instruction::Answer, key, partition: 3 };
            assert_eq!(Subscription::from_bytes(&asked.to_bytes()), Ok(asked));
            assert_eq!(read_answer(&answer(hash, Some(b"v"))), Ok((hash, Some(&b"v"[..]))));
            assert_eq!(read_answer(&answer(hash, None)), Ok((hash, None)));
        }
        assert!(Subscription::from_bytes(b"").is_err() && read_answer(&[1, 2]).is_err());
    }
}
