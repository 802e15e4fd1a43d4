//! How wide the numbers of a pattern are.

/// Fewest and most digits of a field that is a number; `None` if it is text. Two numbers that follow each other without
/// anything between them share the digits by these widths.
pub(super) fn widths(letter: char, count: usize) -> Option<(usize, usize)> {
    Some(match (letter, count) {
        ('S', count) => (count, count),
        ('y' | 'u' | 'Y', 2) => (2, 2),
        ('M' | 'L' | 'Q' | 'q' | 'e' | 'c', 3..)
        | ('E' | 'G' | 'a' | 'V' | 'z' | 'O' | 'X' | 'x' | 'Z', _) => return None,
        ('y' | 'u' | 'Y' | 'A' | 'n' | 'N', count) => (count, 19),
        (_, 1) => (1, 19),
        (_, count) => (count, count),
    })
}
