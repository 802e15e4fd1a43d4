//! `ASSERT` and `RUN SCRIPT`.
use super::parser::Parser;
use crate::ast::{AssertSchema, AssertSource, AssertTombstone, AssertTopic, AssertValues, Span, Statement};
use crate::error::Result;
use crate::keyword::Keyword;
use crate::lex::Symbol;

impl Parser<'_> {
    pub(super) fn assert(&mut self) -> Result<Statement> {
        self.take();
        if self.accept(Keyword::Values) {
            let (source, columns) = (self.name()?, self.name_list()?);
            self.expect(Keyword::Values)?;
            let values = self.values()?;
            return Ok(Statement::AssertValues(AssertValues { source, columns, values }));
        }
        if self.accept_all(&[Keyword::Null, Keyword::Values])? {
            let (source, columns) = (self.name()?, self.name_list()?);
            self.expect(Keyword::Key)?;
            let key = self.values()?;
            return Ok(Statement::AssertTombstone(AssertTombstone { source, columns, key }));
        }
        let exists = !self.accept_all(&[Keyword::Not, Keyword::Exists])?;
        if self.accept(Keyword::Topic) {
            let (topic, properties, timeout) = (self.topic()?, self.properties()?, self.timeout()?);
            return Ok(Statement::AssertTopic(AssertTopic { exists, topic, properties, timeout }));
        }
        if self.accept(Keyword::Schema) {
            return self.assert_schema(exists);
        }
        if !exists {
            return Err(self.unexpected());
        }
        let kind = self.source_kind()?;
        let name = self.name()?;
        let columns = if self.is(Symbol::Open) { self.columns(kind)? } else { Vec::new() };
        let properties = self.properties()?;
        Ok(Statement::AssertSource(AssertSource { kind, name, columns, properties }))
    }

    fn assert_schema(&mut self, exists: bool) -> Result<Statement> {
        let subject = if self.accept(Keyword::Subject) { Some(self.topic()?) } else { None };
        let id = if self.accept(Keyword::Id) { Some(self.integer()?) } else { None };
        if subject.is_none() && id.is_none() {
            return Err(self.unexpected());
        }
        let timeout = self.timeout()?;
        Ok(Statement::AssertSchema(AssertSchema { exists, subject, id, timeout }))
    }

    /// `[TIMEOUT n unit]`
    fn timeout(&mut self) -> Result<Option<Span>> {
        if self.accept(Keyword::Timeout) { self.span().map(Some) } else { Ok(None) }
    }

    pub(super) fn run_script(&mut self) -> Result<Statement> {
        self.take();
        self.expect(Keyword::Script)?;
        self.string().map(Statement::RunScript)
    }
}
