//! The name that a misspelt word may stand for.

/// The name that looks most like a word, whatever the case, if one does.
pub(crate) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let far = 1 + word.chars().count() / 5;
    let upper = word.to_uppercase();
    names
        .into_iter()
        // Longer and shorter names cannot be near, and a name may be long.
        .filter(|name| name.len().abs_diff(word.len()) <= 4 * far)
        .map(|name| (distance(&upper, &name.to_uppercase()), name))
        .filter(|(distance, name)| *distance <= far && *distance < name.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many letters have to be changed, added, left out or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_is_what_differs_little() {
        let names = ["ORDERS", "CUSTOMERS", "a"];
        for (word, expected) in [
            ("ODERS", Some("ORDERS")),
            ("orders", Some("ORDERS")),
            ("CUSTOMRES", Some("CUSTOMERS")),
            ("B", None),
            ("PAYMENTS", None),
        ] {
            assert_eq!(nearest(word, names), expected, "{word}");
        }
    }

    #[test]
    fn distances() {
        for (a, b, expected) in
            [("ABS", "ABS", 0), ("SUBSTRNIG", "SUBSTRING", 1), ("LN", "LEN", 1), ("", "PI", 2)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
