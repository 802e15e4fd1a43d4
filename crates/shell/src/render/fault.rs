//! Errors with a mark under the place that they speak of.
use super::width::{printable, width};

/// The message of an error, and the line of the statement that it speaks of with a mark under the place, if it names one.
pub(crate) fn fault(message: &str, statement: &str) -> String {
    let mut shown = printable(message.trim_end());
    if let Some(mark) = mark(message, statement) {
        shown.push('\n');
        shown.push_str(&mark);
    }
    shown
}

fn mark(message: &str, statement: &str) -> Option<String> {
    let (line, column) = place(message)?;
    let text = statement.lines().nth(line.checked_sub(1)?)?;
    let column = column.checked_sub(1)?;
    if column > text.chars().count() {
        return None;
    }
    let before: String = text.chars().take(column).collect();
    let before = printable(&before);
    let number = line.to_string();
    let margin = " ".repeat(number.len());
    Some(format!("{number} | {}\n{margin} | {}^", printable(text), " ".repeat(width(&before))))
}

/// Line and column, from 1, as messages name them: `line 1:22` or `Line: 1, Col: 22`.
fn place(message: &str) -> Option<(usize, usize)> {
    find(message, "line ", ":").or_else(|| find(message, "Line: ", ", Col: "))
}

fn find(message: &str, before: &str, between: &str) -> Option<(usize, usize)> {
    let mut rest = message;
    while let Some(at) = rest.find(before) {
        rest = &rest[at + before.len()..];
        let (line, after) = number(rest)?;
        if let Some((column, _)) = after.strip_prefix(between).and_then(number) {
            return Some((line, column));
        }
    }
    None
}

fn number(text: &str) -> Option<(usize, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    // A word that is no number has no digits, and stands for none.
    let value = if end == 0 { 0 } else { text[..end].parse().ok()? };
    Some((value, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_marked() {
        for (message, statement, expected) in [
            (
                "line 1:17: Syntax Error\nStatement: x",
                "SELECT * FROM s WHRE a;",
                "line 1:17: Syntax Error\nStatement: x\n1 | SELECT * FROM s WHRE a;\n  |                 ^",
            ),
            (
                "Illegal argument at Line: 2, Col: 4. Got x",
                "SELECT\n東 b\nFROM c;",
                "Illegal argument at Line: 2, Col: 4. Got x\n2 | 東 b\n  |     ^",
            ),
            ("line 1:3: at the end", "AB", "line 1:3: at the end\n1 | AB\n  |   ^"),
            // These name no place of the statement.
            ("no place", "A", "no place"),
            ("line 7:1: beyond", "A", "line 7:1: beyond"),
            ("line 1:9: beyond", "A", "line 1:9: beyond"),
            ("line 0:0: nowhere", "A", "line 0:0: nowhere"),
            ("the line is long", "A", "the line is long"),
        ] {
            assert_eq!(fault(message, statement), expected);
        }
    }
}
