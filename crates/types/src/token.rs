//! Tokens: the place of a write in the log, as clients carry it.
use std::fmt;
use std::str::FromStr;

use crate::{Offset, PartitionId, TopicId, TopicName};

/// `topic/partition@offset.tttt`: the log up to and including `offset`; `tttt` is [`TopicId::tag`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    /// The topic.
    pub topic: TopicName,
    /// Its partition.
    pub partition: PartitionId,
    /// Inclusive.
    pub offset: Offset,
    /// Of the topic's creation.
    pub tag: u16,
}

impl Token {
    /// The token of the record at `offset`.
    pub fn new(topic: TopicName, partition: PartitionId, offset: Offset, id: TopicId) -> Self {
        Self { topic, partition, offset, tag: id.tag() }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}.{:04x}", self.topic, self.partition, self.offset, self.tag)
    }
}

/// A text that is no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidToken(pub String);

impl fmt::Display for InvalidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no token: expected topic/partition@offset.tttt, as a write's Lentic-Token gives it",
            self.0
        )
    }
}

impl std::error::Error for InvalidToken {}

impl FromStr for Token {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let parse = || {
            let (topic, rest) = text.rsplit_once('/')?;
            let (partition, rest) = rest.split_once('@')?;
            let (offset, tag) = rest.split_once('.')?;
            Some(Self {
                topic: TopicName::new(topic).ok()?,
                partition: PartitionId(decimal(partition)?),
                // An offset is followed by another.
                offset: Offset(decimal(offset).filter(|&offset| offset < u64::MAX)?),
                tag: (tag.len() == 4).then(|| u16::from_str_radix(tag, 16).ok())??,
            })
        };
        parse().ok_or_else(|| InvalidToken(text.to_owned()))
    }
}

/// A number without sign; `str::parse` would take a plus.
fn decimal<N: FromStr>(text: &str) -> Option<N> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn print_and_parse() {
        let token =
            Token::new(TopicName::new("a.b-c_d").unwrap(), PartitionId(3), Offset(41), TopicId([7; 16]));
        assert_eq!(token.to_string().parse(), Ok(token));
    }

    #[test]
    fn bad_tokens() {
        for text in [
            "",
            "t",
            "t/1",
            "t/1@2",
            "t/1@2.",
            "t/1@2.zzzz",
            "t/+1@2.0000",
            "t/1@-2.0000",
            "t/1@2.00000",
            "a b/1@2.0000",
            "/1@2.0000",
            "t/1@18446744073709551615.0000",
            "t/1@18446744073709551616.0000",
        ] {
            assert!(text.parse::<Token>().is_err(), "{text}");
        }
    }
}
