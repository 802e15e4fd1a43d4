//! What is done about a statement.
use std::borrow::Cow;

use lentic_sql_syntax::ast::Statement;
use lentic_sql_syntax::{PartKind, parse_statement, parts, substitute};

/// What is done about a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Its rows are asked for. They come for ever if it is `live`.
    Query { live: bool },
    /// The records of a topic are asked for.
    Print,
    /// It is sent; `changes` says that names may be others afterwards.
    Send { changes: bool },
    /// A property is set for the session.
    Set { name: String, value: String },
    /// A property is as the server has it again.
    Unset { name: String },
    /// A variable has a value for the session.
    Define { name: String, value: String },
    /// A variable has none.
    Undefine { name: String },
    /// The statements of a file are executed.
    RunScript { file: String },
}

/// What is done about a statement: its first word decides. What is kept in the session is read here, with the session's
/// variables in their places; the error is for people. Everything else is the server's to understand.
pub(crate) fn action<'v>(
    statement: &str,
    value_of: impl FnMut(&str) -> Option<&'v str>,
) -> Result<Action, String> {
    let first = word(statement, 0);
    match first.as_str() {
        "SELECT" => {
            let live = parts(statement).into_iter().any(|part| {
                part.kind == PartKind::Keyword && statement[part.range].eq_ignore_ascii_case("EMIT")
            });
            Ok(Action::Query { live })
        }
        "PRINT" => Ok(Action::Print),
        "SET" | "UNSET" | "DEFINE" | "UNDEFINE" | "RUN" => of_session(statement, value_of),
        "CREATE" | "DROP" | "ALTER" => Ok(Action::Send { changes: true }),
        _ => Ok(Action::Send { changes: false }),
    }
}

fn of_session<'v>(statement: &str, value_of: impl FnMut(&str) -> Option<&'v str>) -> Result<Action, String> {
    let text: Cow<'_, str> = substitute(statement, value_of).map_err(|error| error.explain(statement))?;
    match parse_statement(&text).map_err(|error| error.explain(&text))? {
        Statement::Set(setting) => Ok(Action::Set { name: setting.name, value: setting.value }),
        Statement::Unset(name) => Ok(Action::Unset { name }),
        Statement::Define(define) => Ok(Action::Define { name: define.name, value: define.value }),
        Statement::Undefine(name) => Ok(Action::Undefine { name }),
        Statement::RunScript(file) => Ok(Action::RunScript { file }),
        _ => Ok(Action::Send { changes: false }),
    }
}

/// The word at a place of a statement, in upper case, comments not counted.
fn word(statement: &str, index: usize) -> String {
    let parts = parts(statement);
    let mut words = parts.iter().filter(|part| part.kind != PartKind::Comment);
    words.nth(index).map_or_else(String::new, |part| statement[part.range.clone()].to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_decides() {
        let text = |text: &str| text.to_owned();
        for (statement, expected) in [
            ("/* a */ select * from s emit changes;", Action::Query { live: true }),
            ("SELECT 'EMIT', `EMIT` FROM t;", Action::Query { live: false }),
            ("PRINT 'topic' FROM BEGINNING;", Action::Print),
            ("CREATE STREAM s;", Action::Send { changes: true }),
            ("LIST STREAMS;", Action::Send { changes: false }),
            ("EXPLAIN SELECT 1;", Action::Send { changes: false }),
            ("EXTEND THE LANGUAGE;", Action::Send { changes: false }),
            ("SET 'a'='${v}';", Action::Set { name: text("a"), value: text("b's") }),
            ("UNSET 'a';", Action::Unset { name: text("a") }),
            ("define x = 'y';", Action::Define { name: text("x"), value: text("y") }),
            ("UNDEFINE x;", Action::Undefine { name: text("x") }),
            ("RUN SCRIPT '${v}.sql';", Action::RunScript { file: text("b's.sql") }),
        ] {
            let value_of = |name: &str| (name == "V").then_some("b's");
            assert_eq!(action(statement, value_of), Ok(expected), "{statement}");
        }
    }

    #[test]
    fn what_the_session_does_not_understand_is_explained() {
        let refused = action("SET 'a' 'b';", |_| None).unwrap_err();
        assert!(refused.ends_with("\n1 | SET 'a' 'b';\n  |         ^"), "{refused}");
    }
}
