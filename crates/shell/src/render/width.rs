//! How many columns of a terminal a text takes.
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The columns that a line takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// `text` without what would move a terminal's cursor or colour it: data is shown, never obeyed. Line ends stay.
pub(crate) fn printable(text: &str) -> String {
    if !text.chars().any(|c| c.is_control() && c != '\n') {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => shown.push(c),
            '\t' => shown.push_str("    "),
            // A line end of other systems.
            '\r' => {}
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

/// One line of at most `room` columns; what is cut off is shown as `…`.
pub(crate) fn truncated(text: &str, room: usize) -> String {
    let line = text.replace('\n', " ");
    if width(&line) <= room {
        return line;
    }
    let (head, _) = line.split_at(fitting(&line, room.saturating_sub(1)));
    format!("{head}…")
}

/// Lines of at most `room` columns. They are broken at spaces where that leaves them half full.
pub(crate) fn wrapped(text: &str, room: usize) -> Vec<String> {
    let room = room.max(1);
    let mut lines = Vec::new();
    for mut line in text.split('\n') {
        // A single character may be wider than the room.
        while width(line) > room && fitting(line, room) < line.len() {
            let most = fitting(line, room);
            // The space itself may stand beyond the room, and is dropped.
            let space = line[..line[most..].chars().next().map_or(most, |c| most + c.len_utf8())].rfind(' ');
            let (end, next) = match space {
                Some(at) if width(&line[..at]) * 2 >= room => (at, at + 1),
                _ => (most, most),
            };
            lines.push(line[..end].to_owned());
            line = &line[next..];
        }
        lines.push(line.to_owned());
    }
    lines
}

/// How many bytes of `line` fit into `room` columns; at least one character.
fn fitting(line: &str, room: usize) -> usize {
    let mut taken = 0;
    for (at, c) in line.char_indices() {
        taken += c.width().unwrap_or(0);
        if taken > room && at > 0 {
            return at;
        }
    }
    line.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_what_they_take() {
        for (text, room, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("a\nb", 3, "a b"),
        ] {
            assert_eq!(truncated(text, room), expected, "{text} in {room}");
        }
    }

    #[test]
    fn texts_are_broken_at_spaces() {
        for (text, room, expected) in [
            ("", 5, &[""][..]),
            ("abc def", 7, &["abc def"]),
            ("abc def ghi", 7, &["abc def", "ghi"]),
            ("abc def", 5, &["abc", "def"]),
            ("a bcdefgh", 6, &["a bcde", "fgh"]),
            ("日本語", 5, &["日本", "語"]),
            ("日", 1, &["日"]),
            ("a\n\nb", 5, &["a", "", "b"]),
        ] {
            assert_eq!(wrapped(text, room), expected, "{text} in {room}");
        }
    }

    #[test]
    fn data_does_not_steer_the_terminal() {
        assert_eq!(printable("a\x1b[31mb\tc\r\nd"), "a\\u{1b}[31mb    c\nd");
        assert_eq!(printable("é\n"), "é\n");
    }
}
