//! `FROM` and `JOIN`.
use super::parser::Parser;
use crate::ast::{Join, JoinKind, Relation};
use crate::error::Result;
use crate::keyword::Keyword;

impl Parser<'_> {
    /// A source and its alias.
    pub(super) fn relation(&mut self) -> Result<Relation> {
        Ok(Relation { name: self.name()?, alias: self.alias()? })
    }

    /// All joins.
    pub(super) fn joins(&mut self) -> Result<Vec<Join>> {
        let mut joins = Vec::new();
        loop {
            let at = self.peek().at.into();
            let Some(kind) = self.join_kind()? else { return Ok(joins) };
            let right = self.relation()?;
            let within = if self.accept(Keyword::Within) { Some(self.within()?) } else { None };
            self.expect(Keyword::On)?;
            joins.push(Join { kind, right, within, on: self.expr()?, at });
        }
    }

    fn join_kind(&mut self) -> Result<Option<JoinKind>> {
        if self.accept(Keyword::Join) {
            return Ok(Some(JoinKind::Inner));
        }
        let kind = if self.accept(Keyword::Inner) {
            JoinKind::Inner
        } else if self.accept(Keyword::Left) {
            JoinKind::Left
        } else if self.accept(Keyword::Right) {
            JoinKind::Right
        } else if self.accept(Keyword::Full) {
            JoinKind::Full
        } else {
            return Ok(None);
        };
        if kind != JoinKind::Inner {
            self.accept(Keyword::Outer);
        }
        self.expect(Keyword::Join)?;
        Ok(Some(kind))
    }
}
