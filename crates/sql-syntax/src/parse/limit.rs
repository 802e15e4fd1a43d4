//! How deep a text may go.
use super::parser::Parser;
use crate::error::{Problem, Result, SyntaxError};

/// How deeply expressions, types and statements may be nested in each other.
///
/// Parsing one level takes less than 4 KB of stack.
pub const MAX_NESTING: u32 = 256;

/// How high a syntax tree may be: whoever walks it recursively needs this many calls. A chain of operators without
/// parentheses, such as a long `OR`, is as high as it is long.
pub const MAX_HEIGHT: u32 = 1024;

impl Parser<'_> {
    /// Builds nodes that are one level deeper.
    pub(super) fn nested<T>(&mut self, build: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.nesting == MAX_NESTING {
            return Err(self.too_deep());
        }
        self.nesting += 1;
        let built = self.apart(|parser| {
            let built = build(parser)?;
            parser.grow()?;
            Ok(built)
        });
        self.nesting -= 1;
        built
    }

    /// Builds nodes beside those that were built on this level.
    pub(super) fn apart<T>(&mut self, build: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let beside = std::mem::take(&mut self.height);
        let built = build(self)?;
        self.height = self.height.max(beside);
        Ok(built)
    }

    /// Puts a node on top of those that were built on this level.
    pub(super) fn grow(&mut self) -> Result<()> {
        self.height += 1;
        if self.height > MAX_HEIGHT { Err(self.too_deep()) } else { Ok(()) }
    }

    fn too_deep(&self) -> SyntaxError {
        SyntaxError::new(self.peek().at, Problem::TooDeep)
    }
}
