//! Colours of SQL.
use lentic_sql_syntax::{PartKind, parts};
use nu_ansi_term::{Color, Style};

/// The text of a statement in pieces of one style each, all of it.
pub(crate) fn highlighted(text: &str) -> Vec<(Style, &str)> {
    let mut pieces = Vec::new();
    let mut end = 0;
    for part in parts(text) {
        if part.range.start > end {
            pieces.push((Style::new(), &text[end..part.range.start]));
        }
        end = part.range.end;
        pieces.push((style(part.kind), &text[part.range]));
    }
    if end < text.len() {
        pieces.push((Style::new(), &text[end..]));
    }
    pieces
}

fn style(kind: PartKind) -> Style {
    match kind {
        PartKind::Keyword => Color::Blue.bold(),
        PartKind::Number => Color::Cyan.normal(),
        PartKind::Text => Color::Green.normal(),
        PartKind::Variable => Color::Purple.normal(),
        PartKind::Comment => Style::new().dimmed(),
        PartKind::Unclosed => Color::Yellow.normal(),
        PartKind::Stray => Color::Red.normal(),
        PartKind::Name | PartKind::Symbol => Style::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_its_style() {
        let text = "  SELECT a, 1 -- é\nFROM 'x";
        let pieces = highlighted(text);
        assert_eq!(pieces.iter().map(|(_, text)| *text).collect::<String>(), text);
        let styled = |word: &str| pieces.iter().find(|(_, text)| *text == word).unwrap().0;
        assert_eq!(styled("SELECT"), Color::Blue.bold());
        assert_eq!(styled("1"), Color::Cyan.normal());
        assert_eq!(styled("a"), Style::new());
        assert_eq!(styled("'x"), Color::Yellow.normal());
    }
}
