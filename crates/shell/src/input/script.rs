//! A text of statements and lines for the shell.
use lentic_sql_syntax::{Position, split};

use super::line::{Local, local};

/// One thing that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input<'t> {
    /// The line of the text where it begins, from 1.
    pub(crate) line: u32,
    pub(crate) kind: Kind<'t>,
    /// Whether its end was typed; only the last of a text may lack it.
    pub(crate) is_finished: bool,
}

/// For whom it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind<'t> {
    /// For the server, mostly: the text of a statement as it stands.
    Statement(&'t str),
    /// For the shell.
    Local(Local),
}

/// What a text asks for, in its order. A line for the shell can stand wherever a statement could begin.
pub(crate) fn inputs(text: &str) -> Vec<Input<'_>> {
    let mut inputs = Vec::new();
    let (mut rest, mut above) = (text, 0);
    'text: loop {
        for piece in split(rest) {
            let line = above + piece.at.line;
            let first = piece.text.lines().next().unwrap_or_default();
            let Some(local) = local(first) else {
                let kind = Kind::Statement(piece.text);
                inputs.push(Input { line, kind, is_finished: piece.is_finished() });
                continue;
            };
            inputs.push(Input { line, kind: Kind::Local(local), is_finished: true });
            // What follows is read anew: whatever the line is, it is no SQL, and opens no quote.
            let end = offset(rest, piece.text) + first.len();
            above = line - Position::START.line;
            rest = &rest[end..];
            continue 'text;
        }
        return inputs;
    }
}

/// Whether whoever types `text` is done.
pub(crate) fn is_complete(text: &str) -> bool {
    inputs(text).last().is_none_or(|input| input.is_finished)
}

/// Where `part`, a slice of `text`, begins.
fn offset(text: &str, part: &str) -> usize {
    part.as_ptr() as usize - text.as_ptr() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::OutputFormat;

    #[test]
    fn statements_and_lines_stand_in_their_order() {
        let text = "-- c\noutput json\nSELECT 'a;\n' FROM s;\\d it's\n\nhelp; b;\nquit\n\nSELECT 1";
        let statement = |line, text, is_finished| Input { line, kind: Kind::Statement(text), is_finished };
        let local = |line, local| Input { line, kind: Kind::Local(local), is_finished: true };
        assert_eq!(
            inputs(text),
            [
                local(2, Local::Output(Some(OutputFormat::Json))),
                statement(3, "SELECT 'a;\n' FROM s;", true),
                local(4, Local::Statement("DESCRIBE it's;".to_owned())),
                local(6, Local::Help),
                statement(6, "b;", true),
                local(7, Local::Exit),
                statement(9, "SELECT 1", false),
            ]
        );
    }

    #[test]
    fn a_statement_is_complete_with_its_semicolon() {
        for (text, complete) in [
            ("", true),
            ("  -- nothing", true),
            ("SELECT 1;", true),
            ("SELECT 1", false),
            ("SELECT ';", false),
            ("SELECT 1; SELECT", false),
            ("help", true),
            ("\\d flights", true),
            ("SELECT a\nFROM b", false),
            ("SELECT a\nFROM b;\n", true),
        ] {
            assert_eq!(is_complete(text), complete, "{text}");
        }
    }
}
