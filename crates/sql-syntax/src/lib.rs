//! Lexer, parser, syntax tree and printer of the SQL dialect, which is ksqlDB's.
//!
//! Everything here is about text: whether a stream exists, or an expression has a type, is the business of `lentic-sql`. What
//! goes beyond ksqlDB is parsed, too, and found by [`ast::Statement::extension`].
//!
//! ```
//! use lentic_sql_syntax::{parse, parse_expr, parse_statement};
//!
//! let script = "-- Delays.\nCREATE STREAM late AS SELECT id, a+1 FROM flights WHERE delay > 15;  PAUSE ALL;";
//! let parsed = parse(script)?;
//!
//! // The text of each statement is kept as it stands, and what it says can be printed.
//! assert_eq!(parsed[1].piece.text, "PAUSE ALL;");
//! assert_eq!(
//!     parsed[0].statement.to_string(),
//!     "CREATE STREAM LATE AS SELECT\n  ID,\n  (A + 1)\nFROM FLIGHTS\nWHERE (DELAY > 15)"
//! );
//! assert_eq!(parse_expr("a->`b` || 'c'")?.to_string(), "CONCAT(A->`b`, 'c')");
//!
//! let refused = parse_statement("SELECT * FROM s WHRE a = 1").unwrap_err();
//! assert_eq!(refused.position().to_string(), "1:22");
//! assert_eq!(refused.suggestion().map(|keyword| keyword.as_str()), Some("WHERE"));
//! # Ok::<(), lentic_sql_syntax::SyntaxError>(())
//! ```
//!
//! A text goes through [`substitute`] first if it may have variables. Time and memory are linear in its length; how deeply it
//! may be nested is limited by [`MAX_NESTING`] and [`MAX_HEIGHT`], so that no text overflows a stack, be it here or in whoever
//! walks the tree.
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod ast;
mod cut;
mod error;
mod keyword;
mod lex;
mod parse;
mod part;
mod position;
mod print;
mod script;
mod sql_test;
mod suggestion;
mod variable;

pub use cut::Cut;
pub use error::{Expected, Problem, Result, SyntaxError};
pub use keyword::Keyword;
pub use parse::{MAX_HEIGHT, MAX_NESTING, Parsed, parse, parse_expr, parse_statement, parse_type};
pub use part::{Part, PartKind, parts};
pub use position::{At, Position};
pub use script::{Piece, split};
pub use sql_test::{SqlTest, split_tests};
pub use suggestion::nearest;
pub use variable::substitute;
