//! Lexer, parser, syntax tree and printer of the SQL dialect.
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]
