//! From a text to statements, with errors as users see them.
use lentic_sql_syntax::{Parsed, Piece, SyntaxError, split};

use crate::Refusal;

/// What ksqlDB puts before errors that it finds after the text has been read as a whole.
const PREPARING: &str = "Failed to prepare statement: ";

/// Reads the statements of a text. What goes beyond ksqlDB is refused, in ksqlDB's words, unless `extensions` are wanted.
pub fn prepare(text: &str, extensions: bool) -> Result<Vec<Parsed<'_>>, Refusal> {
    let one = |piece: Piece<'_>| {
        let statement = piece.parse().map_err(|error| refusal(&error, piece.text))?;
        if let Some(extension) = statement.extension()
            && !extensions
        {
            return Err(refusal(&extension.refusal(), piece.text));
        }
        Ok(statement)
    };
    split(text).into_iter().map(|piece| Ok(Parsed { statement: one(piece)?, piece })).collect()
}

fn refusal(error: &SyntaxError, statement: &str) -> Refusal {
    let before = if error.is_found_late() { PREPARING } else { "" };
    Refusal::new(format!("{before}{error}\nStatement: {statement}")).at(error.position())
}

/// An error in what a statement says, whatever there is.
pub(super) fn preparing(refusal: Refusal) -> Refusal {
    refusal.after(PREPARING)
}
