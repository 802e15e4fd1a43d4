//! Media types, and which of them a client gets.
use std::fmt;

/// A media type of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaType {
    /// `application/vnd.ksql.v1+json`
    KsqlV1Json,
    /// `application/json`
    Json,
    /// `application/vnd.ksqlapi.delimited.v1`: a JSON text per line.
    Delimited,
    /// `application/vnd.ksql.v1+protobuf`
    KsqlV1Protobuf,
}

impl MediaType {
    /// As it stands in a header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KsqlV1Json => "application/vnd.ksql.v1+json",
            Self::Json => "application/json",
            Self::Delimited => "application/vnd.ksqlapi.delimited.v1",
            Self::KsqlV1Protobuf => "application/vnd.ksql.v1+protobuf",
        }
    }

    /// The one of `offered` that `accept`, the value of an `Accept` header, likes best; `None` is a 406.
    ///
    /// Among equals the more specific range wins, then the one named first, and under a wildcard the one offered first. No
    /// header accepts everything.
    pub fn negotiate(accept: Option<&str>, offered: &[Self]) -> Option<Self> {
        let accept = accept.map(str::trim).filter(|accept| !accept.is_empty()).unwrap_or("*/*");
        let mut ranges: Vec<Range<'_>> = accept.split(',').filter_map(Range::parse).collect();
        ranges.sort_by_key(|range| std::cmp::Reverse((range.thousandths, range.specificity())));
        let wanted = |media: &Self| {
            // `a/b;q=0` refuses what `*/*` would allow.
            let text = media.as_str();
            let most_specific =
                ranges.iter().filter(|range| range.covers(text)).max_by_key(|range| range.specificity());
            most_specific.is_some_and(|range| range.thousandths > 0)
        };
        ranges.iter().find_map(|range| {
            offered.iter().copied().find(|media| range.covers(media.as_str()) && wanted(media))
        })
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How the rows of a query are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResultFormat {
    /// A JSON array of objects: `[{"header":{..}},\n{"row":{"columns":[..]}},\n{"finalMessage":".."}]`.
    Streamed,
    /// The same, with rows in protobuf: `{"row":{"protobufBytes":".."}}`.
    StreamedProtobuf,
    /// A line with the names and types of columns, then a line per row.
    Delimited,
    /// What is in the lines of `Delimited`, in a JSON array.
    Array,
}

impl ResultFormat {
    /// What `POST /query` answers in; `None` is a 406.
    pub fn of_query(accept: Option<&str>) -> Option<Self> {
        use MediaType::{Delimited, Json, KsqlV1Json, KsqlV1Protobuf};
        Some(match MediaType::negotiate(accept, &[KsqlV1Json, Json, Delimited, KsqlV1Protobuf])? {
            KsqlV1Json | Json => Self::Streamed,
            Delimited => Self::Delimited,
            KsqlV1Protobuf => Self::StreamedProtobuf,
        })
    }

    /// What `POST /query-stream` answers in; `None` is a 406. `PRINT` is answered in [`ResultFormat::Delimited`] only.
    pub fn of_query_stream(accept: Option<&str>) -> Option<Self> {
        use MediaType::{Delimited, Json, KsqlV1Json, KsqlV1Protobuf};
        Some(match MediaType::negotiate(accept, &[Delimited, Json, KsqlV1Json, KsqlV1Protobuf])? {
            KsqlV1Json => Self::Streamed,
            Json => Self::Array,
            Delimited => Self::Delimited,
            KsqlV1Protobuf => Self::StreamedProtobuf,
        })
    }

    /// The `Content-Type` of such an answer.
    pub fn media_type(self) -> MediaType {
        match self {
            Self::Streamed => MediaType::KsqlV1Json,
            Self::StreamedProtobuf => MediaType::KsqlV1Protobuf,
            Self::Delimited => MediaType::Delimited,
            Self::Array => MediaType::Json,
        }
    }
}

/// One range of an `Accept` header.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// Its quality, from 0 to 1000.
    thousandths: u16,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let thousandths = match quality {
            None => 1_000,
            // Written as a number between 0 and 1; anything else is refused with the range.
            Some(quality) => {
                let quality: f32 = quality.parse().ok().filter(|quality| (0.0..=1.0).contains(quality))?;
                (quality * 1_000.0).round() as u16
            }
        };
        Some(Self { kind, subtype, thousandths })
    }

    fn specificity(&self) -> u8 {
        u8::from(self.kind != "*") + u8::from(self.subtype != "*")
    }

    fn covers(&self, media: &str) -> bool {
        media.split_once('/').is_some_and(|(kind, subtype)| {
            (self.kind == "*" || self.kind.eq_ignore_ascii_case(kind))
                && (self.subtype == "*" || self.subtype.eq_ignore_ascii_case(subtype))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_what_it_likes_best() {
        use ResultFormat::{Array, Delimited, Streamed, StreamedProtobuf};
        let proto = "application/vnd.ksql.v1+protobuf";
        for (accept, query, query_stream) in [
            (None, Some(Streamed), Some(Delimited)),
            (Some(""), Some(Streamed), Some(Delimited)),
            (Some("*/*"), Some(Streamed), Some(Delimited)),
            (Some("application/json"), Some(Streamed), Some(Array)),
            (Some("application/vnd.ksql.v1+json"), Some(Streamed), Some(Streamed)),
            (Some("APPLICATION/VND.KSQLAPI.DELIMITED.V1"), Some(Delimited), Some(Delimited)),
            (Some(proto), Some(StreamedProtobuf), Some(StreamedProtobuf)),
            (Some("text/html, application/*;q=0.5"), Some(Streamed), Some(Delimited)),
            (
                Some("application/json;q=0.4, application/vnd.ksql.v1+protobuf; q=0.9"),
                Some(StreamedProtobuf),
                Some(StreamedProtobuf),
            ),
            (Some("*/*, application/vnd.ksqlapi.delimited.v1;q=0"), Some(Streamed), Some(Array)),
            (Some("*/*;q=0.1, application/json"), Some(Streamed), Some(Array)),
            (Some("text/html"), None, None),
            (Some("application/json;q=0"), None, None),
            (Some("application/json;q=2"), None, None),
            (Some("nonsense"), None, None),
        ] {
            assert_eq!(ResultFormat::of_query(accept), query, "/query {accept:?}");
            assert_eq!(ResultFormat::of_query_stream(accept), query_stream, "/query-stream {accept:?}");
        }
    }
}
