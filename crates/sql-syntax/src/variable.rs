//! Variables: `${name}` stands for the value of a `DEFINE`.
use std::borrow::Cow;

use crate::error::{Problem, Result, SyntaxError};
use crate::keyword::Keyword;
use crate::lex::{Kind, Symbol, Token, doubled, lex, variable_end};
use crate::position::Position;

/// Replaces variables by what `value_of` knows of them; it is called with names in upper case, since case does not count.
///
/// Between quotes any value is taken, and stays between them: a quote in it is doubled. Elsewhere the value must be one name
/// or one literal, so that no value turns a statement into another. `$${name}` becomes `${name}`; variables without a value,
/// and those in comments, are left alone.
pub fn substitute<'t, 'v>(
    text: &'t str,
    mut value_of: impl FnMut(&str) -> Option<&'v str>,
) -> Result<Cow<'t, str>> {
    if !text.contains("${") {
        return Ok(Cow::Borrowed(text));
    }
    let mut replaced = String::with_capacity(text.len());
    let mut copied = 0;
    for token in lex(text, Position::START).tokens {
        match token.kind {
            Kind::Variable => {
                // A dollar before it is a token of its own, and the escape.
                let escaped = text[..token.start].ends_with('$');
                replaced.push_str(&text[copied..token.start - usize::from(escaped)]);
                copied = token.start;
                let value = value_of(&name_of(&text[token.start..token.end])).filter(|_| !escaped);
                if let Some(value) = value {
                    if !is_one_name_or_value(value) {
                        return Err(SyntaxError::new(token.at, Problem::IllegalVariable(value.to_owned())));
                    }
                    replaced.push_str(value);
                    copied = token.end;
                }
            }
            Kind::Text | Kind::Quoted => {
                replaced.push_str(&text[copied..token.start]);
                copied = token.end;
                quoted(&text[token.start..token.end], &mut value_of, &mut replaced);
            }
            _ => {}
        }
    }
    replaced.push_str(&text[copied..]);
    Ok(Cow::Owned(replaced))
}

/// Replaces the variables of a quoted text.
fn quoted<'v>(text: &str, value_of: &mut impl FnMut(&str) -> Option<&'v str>, replaced: &mut String) {
    let quote = text.chars().next().unwrap_or_default();
    let (mut copied, mut at) = (0, 0);
    while let Some(length) = text[at..].find("${") {
        let start = at + length;
        let Some(end) = variable_end(text.as_bytes(), start) else {
            at = start + 2;
            continue;
        };
        at = end;
        if text[..start].ends_with('$') {
            replaced.push_str(&text[copied..start - 1]);
            copied = start;
        } else if let Some(value) = value_of(&name_of(&text[start..end])) {
            replaced.push_str(&text[copied..start]);
            replaced.push_str(&doubled(value, quote));
            copied = end;
        }
    }
    replaced.push_str(&text[copied..]);
}

/// The name in `${name}`.
fn name_of(variable: &str) -> String {
    variable.trim_start_matches("${").trim_end_matches('}').to_ascii_uppercase()
}

fn is_one_name_or_value(value: &str) -> bool {
    let tokens = lex(value, Position::START).tokens;
    // Nothing stands beside the tokens: a comment would reach beyond the value.
    let is_bare =
        |tokens: &[Token]| tokens.iter().map(|token| token.end - token.start).sum::<usize>() == value.len();
    let is_number = |token: &Token| matches!(token.kind, Kind::Integer | Kind::Decimal | Kind::Float);
    is_bare(&tokens)
        && match tokens.as_slice() {
            [one, _end] => match one.kind {
                Kind::Word(Some(keyword)) => {
                    !keyword.is_reserved()
                        || matches!(keyword, Keyword::True | Keyword::False | Keyword::Null)
                }
                kind => {
                    is_number(one)
                        || matches!(kind, Kind::Word(None) | Kind::DigitWord | Kind::Quoted | Kind::Text)
                }
            },
            [sign, number, _end] => sign.kind == Kind::Symbol(Symbol::Minus) && is_number(number),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let value_of = |name: &str| match name {
            "FORMAT" => Some("JSON"),
            "N" => Some("-3"),
            "TOPIC" => Some("'my_topic'"),
            "QUOTE" => Some("it's"),
            "EVIL" => Some("a; DROP STREAM b"),
            _ => None,
        };
        let replaced = substitute(text, value_of).map_or_else(|error| error.to_string(), Cow::into_owned);
        assert_eq!(replaced, expected, "{text}");
    }

    #[test]
    fn values_replace_variables() {
        check("SELECT 1;", "SELECT 1;");
        check("a=${n}, b='${Format}-${format}';", "a=-3, b='JSON-JSON';");
        check("WITH (KAFKA_TOPIC=${topic})", "WITH (KAFKA_TOPIC='my_topic')");
        check("${format}.`${quote}`", "JSON.`it's`");
    }

    #[test]
    fn escaped_unknown_and_commented_variables_stay() {
        check(
            "'$${format}' $${format} ${other} '${other}' '${' '$$' -- ${format}",
            "'${format}' ${format} ${other} '${other}' '${' '$$' -- ${format}",
        );
    }

    #[test]
    fn no_value_leaves_its_place() {
        check("x='${evil}'", "x='a; DROP STREAM b'");
        check("x='${quote}'", "x='it''s'");
        check(
            "SELECT\n ${evil}",
            "Illegal argument at Line: 2, Col: 2. A variable stands for one name or value. Got: 'a; DROP STREAM b'",
        );
    }
}
