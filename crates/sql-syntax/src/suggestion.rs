//! The keyword or the name that a misspelt word may stand for.
use crate::keyword::Keyword;

/// The name that looks most like a word, whatever the case, if one does.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let far = 1 + word.chars().count() / 5;
    let upper = word.to_uppercase();
    names
        .into_iter()
        // Longer and shorter names cannot be near, and a name may be long.
        .filter(|name| name.len().abs_diff(word.len()) <= 4 * far)
        .map(|name| (distance(upper.as_bytes(), name.to_uppercase().as_bytes()), name))
        .filter(|(distance, name)| *distance <= far && *distance < name.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// The most similar of `keywords`, if it is similar at all: at most a third of its letters differ. Words of two letters are
/// similar to everything.
pub(crate) fn similar(word: &str, keywords: impl IntoIterator<Item = Keyword>) -> Option<Keyword> {
    Some(word)
        .filter(|word| word.len() > 2)
        .and_then(|word| nearest_keyword(word, keywords))
        .filter(|(distance, keyword)| *distance > 0 && *distance <= keyword.as_str().len() / 3)
        .map(|(_, keyword)| keyword)
}

/// The most similar of `keywords`.
pub(crate) fn most_similar(word: &str, keywords: impl IntoIterator<Item = Keyword>) -> Option<Keyword> {
    nearest_keyword(word, keywords).map(|(_, keyword)| keyword)
}

fn nearest_keyword(word: &str, keywords: impl IntoIterator<Item = Keyword>) -> Option<(usize, Keyword)> {
    let word: Vec<u8> = word.bytes().take(LONGEST).map(|b| b.to_ascii_uppercase()).collect();
    keywords.into_iter().map(|keyword| (distance(&word, keyword.as_str().as_bytes()), keyword)).min()
}

/// Letters of a word that count; keywords are shorter.
const LONGEST: usize = 24;

/// How many insertions, deletions, replacements and exchanges of neighbours part two words.
fn distance(left: &[u8], right: &[u8]) -> usize {
    let mut earlier = vec![0; right.len() + 1];
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut best = (last[j] + usize::from(a != b)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(earlier[j - 1] + 1);
            }
            row.push(best);
        }
        earlier = std::mem::replace(&mut last, row);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_is_what_differs_little() {
        let names = ["ORDERS", "CUSTOMERS", "a", "LEN"];
        for (word, expected) in [
            ("ODERS", Some("ORDERS")),
            ("orders", Some("ORDERS")),
            ("CUSTOMRES", Some("CUSTOMERS")),
            ("LN", Some("LEN")),
            ("B", None),
            ("PAYMENTS", None),
        ] {
            assert_eq!(nearest(word, names), expected, "{word}");
        }
    }

    #[test]
    fn only_similar_words_are_suggested() {
        for (word, found) in [
            ("selct", Some(Keyword::Select)),
            ("FORM", Some(Keyword::From)),
            ("gruop", Some(Keyword::Group)),
            ("from", None),
            ("fr", None),
        ] {
            assert_eq!(similar(word, [Keyword::Select, Keyword::From, Keyword::Group]), found, "{word}");
        }
    }
}
