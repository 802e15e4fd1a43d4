//! A text of several statements, with the variables of the session in their places.
use std::borrow::Cow;

use lentic_ksql_api::{ErrorBody, ErrorCode};
use lentic_sql::Refusal;
use lentic_sql::statement::{Session, prepare};
use lentic_sql_syntax::{Piece, split};

/// The statements' texts, after a look at whether they can be read; those with variables are read when these are known.
pub(crate) fn statements(text: &str, extensions: bool) -> Result<Vec<&str>, ErrorBody> {
    let pieces = split(text);
    if !text.contains("${")
        && let Err(refusal) = prepare(text, extensions)
    {
        // The place is that in the whole text.
        let is_bad = |piece: &&Piece<'_>| prepare(piece.text, extensions).is_err();
        let statement = pieces.iter().find(is_bad).map_or(text, |piece| piece.text);
        return Err(bad_statement(&refusal, statement));
    }
    Ok(pieces.into_iter().map(|piece| piece.text).collect())
}

/// A statement with its variables replaced.
pub(super) fn substituted<'t>(session: &Session, text: &'t str) -> Result<Cow<'t, str>, ErrorBody> {
    session.substitute(text).map_err(|error| bad_statement(&Refusal::new(error.to_string()), text))
}

/// A statement that can't be read, or makes no sense.
pub(crate) fn bad_statement(refusal: &Refusal, statement: &str) -> ErrorBody {
    let code = if refusal.needs_registry() {
        ErrorCode::SCHEMA_REGISTRY_UNCONFIGURED
    } else {
        ErrorCode::BAD_STATEMENT
    };
    ErrorBody::new(code, refusal.told()).of_statement(statement, Vec::new())
}
