//! Files of SQL tests: statements under directives, which are comments of the form `--@name: value`.
use crate::error::{Problem, Result, SyntaxError};
use crate::lex::{DirectiveComment, lex};
use crate::position::{At, Position};
use crate::script::{Piece, is_semicolon};

/// A test: what stands between one `--@test:` and the next.
#[derive(Clone, Debug, PartialEq)]
pub struct SqlTest<'t> {
    /// `--@test: name`
    pub name: &'t str,
    /// `--@expected.error: class`, the name of a Java class.
    pub expected_error: Option<&'t str>,
    /// `--@expected.message: text`, a part of the message.
    pub expected_message: Option<&'t str>,
    /// Its statements.
    pub statements: Vec<Piece<'t>>,
    /// Where it begins.
    pub at: At,
}

/// Splits a file into its tests.
///
/// Directives count where a statement could begin; within one they are comments like others. What the statements say is not
/// looked at: one may be there to fail.
pub fn split_tests(text: &str) -> Result<Vec<SqlTest<'_>>> {
    let lexed = lex(text, Position::START);
    let tokens = lexed.tokens.split_last().map_or(&[][..], |(_, tokens)| tokens);
    let mut directives = lexed.directives.iter().peekable();
    let (mut tests, mut begin): (Vec<SqlTest<'_>>, usize) = (Vec::new(), 0);
    for statement in tokens.split_inclusive(is_semicolon) {
        while let Some(directive) = directives.next_if(|directive| directive.before <= begin) {
            apply(text, directive, &mut tests)?;
        }
        begin += statement.len();
        while directives.next_if(|directive| directive.before < begin).is_some() {}
        let Some(piece) = Piece::of(text, statement) else { continue };
        match tests.last_mut() {
            Some(test) => test.statements.push(piece),
            None => return Err(wrong(piece.at, "a statement before the first --@test".to_owned())),
        }
    }
    for directive in directives {
        apply(text, directive, &mut tests)?;
    }
    Ok(tests)
}

fn apply<'t>(text: &'t str, directive: &DirectiveComment, tests: &mut Vec<SqlTest<'t>>) -> Result<()> {
    let comment = &text[directive.start..directive.end];
    let (name, value) = comment.trim_start_matches("--@").split_once(':').unwrap_or((comment, ""));
    let value = value.trim();
    if name == "test" {
        tests.push(SqlTest {
            name: value,
            expected_error: None,
            expected_message: None,
            statements: Vec::new(),
            at: directive.at.into(),
        });
        return Ok(());
    }
    let Some(test) = tests.last_mut() else {
        return Err(wrong(directive.at, format!("{comment} before the first --@test")));
    };
    match name {
        "expected.error" => test.expected_error = Some(value),
        "expected.message" => test.expected_message = Some(value),
        _ => return Err(wrong(directive.at, format!("{comment} is no directive"))),
    }
    Ok(())
}

fn wrong(at: Position, what: String) -> SyntaxError {
    SyntaxError::new(at, Problem::Directive(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_part_the_tests() {
        let text = "-- about\n--@test: one\n----\nA;\n/* x */ B --@ignored: yes\n;\n--@test: two: three\n\
                    --@expected.error: io.E\n--@expected.message: no; way\nC;";
        let tests = split_tests(text).unwrap();
        let shown: Vec<_> = tests
            .iter()
            .map(|test| {
                let statements: Vec<_> = test.statements.iter().map(|piece| piece.text).collect();
                (test.name, test.expected_error, test.expected_message, statements, test.at.0.line)
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("one", None, None, vec!["A;", "B --@ignored: yes\n;"], 2),
                ("two: three", Some("io.E"), Some("no; way"), vec!["C;"], 7),
            ]
        );
    }

    #[test]
    fn what_belongs_to_no_test_is_refused() {
        for (text, message) in [
            ("A;\n--@test: x", "line 1:1: Syntax Error\na statement before the first --@test"),
            (
                "\n--@expected.error: E",
                "line 2:1: Syntax Error\n--@expected.error: E before the first --@test",
            ),
            ("--@test: x\n--@tset: y\nA;", "line 2:1: Syntax Error\n--@tset: y is no directive"),
        ] {
            assert_eq!(split_tests(text).unwrap_err().to_string(), message);
        }
    }
}
