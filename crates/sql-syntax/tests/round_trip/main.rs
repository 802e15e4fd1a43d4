//! Any tree equals what is parsed from its printed text.
mod expression;
mod name;
mod query;
mod statement;

use lentic_sql_syntax::{MAX_HEIGHT, parse, parse_expr, parse_statement, parse_type};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn types(data_type in name::data_type()) {
        let text = data_type.to_string();
        let read = parse_type(&text).map_err(|error| TestCaseError::fail(error.explain(&text)))?;
        prop_assert!(read == data_type, "{text} reads as {read}");
    }

    #[test]
    fn expressions(expr in expression::expr()) {
        let text = expr.to_string();
        let read = parse_expr(&text).map_err(|error| TestCaseError::fail(error.explain(&text)))?;
        prop_assert!(read == expr, "{text} reads as {read}");
    }

    #[test]
    fn statements(statement in statement::statement()) {
        let text = statement.to_string();
        let read = parse_statement(&text).map_err(|error| TestCaseError::fail(format!("{text}\n{}", error.explain(&text))))?;
        prop_assert!(read == statement, "{text} reads as {read}");
    }

    /// The same in a script, whatever stands between the statements.
    #[test]
    fn scripts(
        statements in proptest::collection::vec(statement::statement(), 0..4),
        gap in "(-- [a-z;'\"`]{0,5}\n|/\\*[a-z;'\"`]{0,5}\\*/|[ \n\t]){0,3}",
    ) {
        let texts: Vec<String> = statements.iter().map(|statement| format!("{statement};")).collect();
        let text = format!("{gap}{}{gap}", texts.join(&gap));
        let parsed = parse(&text).map_err(|error| TestCaseError::fail(error.explain(&text)))?;
        prop_assert_eq!(parsed.iter().map(|one| one.piece.text).collect::<Vec<_>>(), texts);
        prop_assert_eq!(parsed.into_iter().map(|one| one.statement).collect::<Vec<_>>(), statements);
    }
}

/// Printing adds a pair of parentheses per operator, so what is nested as deeply as a chain may be long cannot be read again;
/// it is refused, not misread.
#[test]
fn the_longest_chain_is_refused_once_it_is_printed() {
    let chain = vec!["a"; MAX_HEIGHT as usize - 8].join(" OR ");
    let printed = parse_expr(&chain).map(|expr| expr.to_string());
    assert!(printed.is_ok_and(|printed| parse_expr(&printed).is_err()));
}
