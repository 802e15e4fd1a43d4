//! A query's text around the value that its key is compared with.
use crate::ast::Literal;
use crate::lex::{Kind, Symbol, Token, lex, unquote};
use crate::position::Position;

/// A text that says `name = value`, cut around the first such value. Texts that differ in it alone say the same of another key.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut<'t> {
    /// What stands before the value.
    pub before: &'t str,
    /// Text, or a whole number that is not negative.
    pub value: Literal,
    /// Where the value stands, as [`crate::At`] tells of what is parsed.
    pub at: Position,
    /// What stands behind it.
    pub after: &'t str,
}

impl<'t> Cut<'t> {
    /// Cuts a text. `None`: it says no such thing, or has comments or variables, or can't be read.
    ///
    /// Whether the value is what it looks like is known when the text is parsed: then an expression stands at its position.
    pub fn of(text: &'t str) -> Option<Self> {
        if ["--", "/*", "${"].iter().any(|mark| text.contains(mark)) {
            return None;
        }
        let lexed = lex(text, Position::START);
        let [_, _, value] = lexed.tokens.windows(3).find(|tokens| is_comparison(tokens))? else {
            return None;
        };
        let written = &text[value.start..value.end];
        let literal = match value.kind {
            Kind::Text => Literal::String(unquote(written)),
            _ => {
                let number: i64 = written.parse().ok()?;
                i32::try_from(number).map_or(Literal::Bigint(number), Literal::Integer)
            }
        };
        Some(Self { before: &text[..value.start], value: literal, at: value.at, after: &text[value.end..] })
    }
}

fn is_comparison(tokens: &[Token]) -> bool {
    let [name, sign, value] = tokens else { return false };
    matches!(name.kind, Kind::Word(_) | Kind::Quoted)
        && sign.kind == Kind::Symbol(Symbol::Equal)
        && matches!(value.kind, Kind::Text | Kind::Integer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_around_the_first_value() {
        for (text, expected) in [
            ("SELECT a FROM t WHERE k = 'it''s=1';", Some("SELECT a FROM t WHERE k = |it's=1@1:27|;")),
            (
                "select a\nfrom t where t.`k`=12 AND v = 3;",
                Some("select a\nfrom t where t.`k`=|12@2:20| AND v = 3;"),
            ),
            ("SELECT a FROM t WHERE k = 3000000000;", Some("SELECT a FROM t WHERE k = |3000000000@1:27|;")),
            ("SELECT a FROM t WHERE k = 'a", None),
            ("SELECT a FROM t WHERE k = -1;", None),
            ("SELECT a FROM t WHERE k = 1.5;", None),
            ("SELECT a FROM t WHERE k = 99999999999999999999;", None),
            ("SELECT a FROM t WHERE k >= 1;", None),
            ("SELECT a FROM t WHERE k = '${v}';", None),
            ("SELECT a FROM t /* WHERE */ WHERE k = 1;", None),
            ("SELECT a FROM t WHERE k = 1; -- one", None),
            ("SELECT a FROM t;", None),
        ] {
            let shown = Cut::of(text).map(|cut| {
                let value = match &cut.value {
                    Literal::String(text) => text.clone(),
                    Literal::Integer(number) => number.to_string(),
                    Literal::Bigint(number) => number.to_string(),
                    other => format!("{other:?}"),
                };
                format!("{}|{value}@{}|{}", cut.before, cut.at, cut.after)
            });
            assert_eq!(shown.as_deref(), expected, "{text}");
        }
    }
}
