//! Content negotiation.

/// The index of the media type to answer with, of `offers` in the order of preference. `None`: none is accepted.
/// A type that `accept` names wins over one that only a wildcard lets in.
pub(crate) fn negotiate(accept: Option<&str>, offers: &[&str]) -> Option<usize> {
    let Some(accept) = accept.map(str::trim).filter(|accept| !accept.is_empty() && *accept != "*/*") else {
        return Some(0);
    };
    let ranges: Vec<Range<'_>> = accept.split(',').filter_map(Range::read).collect();
    let mut best: Option<(usize, (u16, u8))> = None;
    for (index, offer) in offers.iter().enumerate() {
        // The most specific range decides a type's weight.
        let Some(range) = ranges.iter().filter(|r| r.covers(offer)).max_by_key(|r| r.specificity()) else {
            continue;
        };
        let rank = (range.weight, range.specificity());
        if range.weight > 0 && best.is_none_or(|(_, other)| rank > other) {
            best = Some((index, rank));
        }
    }
    best.map(|(index, _)| index)
}

struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// In thousandths.
    weight: u16,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let weight = parts
            .filter_map(|part| part.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
            .map_or(Some(1.0), |(_, weight)| weight.trim().parse::<f32>().ok())?;
        Some(Self { kind, subtype, weight: (weight.clamp(0.0, 1.0) * 1000.0) as u16 })
    }

    fn covers(&self, offer: &str) -> bool {
        let (kind, subtype) = offer.split_once('/').unwrap_or((offer, ""));
        (self.kind == "*" || self.kind.eq_ignore_ascii_case(kind))
            && (self.subtype == "*" || self.subtype.eq_ignore_ascii_case(subtype))
    }

    fn specificity(&self) -> u8 {
        u8::from(self.kind != "*") + u8::from(self.subtype != "*")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        const OFFERS: &[&str] = &["application/json", "application/octet-stream"];
        let cases = [
            (None, Some(0)),
            (Some(""), Some(0)),
            (Some("*/*"), Some(0)),
            (Some("application/json"), Some(0)),
            (Some("APPLICATION/JSON;charset=utf-8"), Some(0)),
            (Some("application/octet-stream"), Some(1)),
            (Some("application/octet-stream, */*"), Some(1)),
            (Some("application/octet-stream;q=0.5, */*;q=0.8"), Some(0)),
            (Some("text/html, */*;q=0.8"), Some(0)),
            (Some("application/*"), Some(0)),
            (Some("application/json;q=0, */*"), Some(1)),
            (Some("text/html"), None),
            (Some("nonsense"), None),
        ];
        for (accept, expected) in cases {
            assert_eq!(negotiate(accept, OFFERS), expected, "{accept:?}");
        }
    }
}
