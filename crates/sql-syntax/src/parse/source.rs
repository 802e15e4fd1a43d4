//! `INSERT`, `DELETE`, `DROP` and `ALTER`.
use super::parser::Parser;
use crate::ast::{
    AlterSource, Column, ColumnPlace, Delete, DropNamed, DropSource, Expr, InsertQuery, InsertValues, Name,
    Setting, Statement,
};
use crate::error::Result;
use crate::keyword::Keyword;
use crate::lex::Symbol;

impl Parser<'_> {
    pub(super) fn insert(&mut self) -> Result<Statement> {
        self.take();
        self.expect(Keyword::Into)?;
        let into = self.name()?;
        let columns = self.name_list()?;
        if columns.is_empty() {
            let properties = self.properties()?;
            if !properties.is_empty() || self.is(Keyword::Select) {
                let query = self.query()?;
                return Ok(Statement::InsertQuery(InsertQuery { into, properties, query }));
            }
        }
        self.expect(Keyword::Values)?;
        let values = self.values()?;
        Ok(Statement::InsertValues(InsertValues { into, columns, values }))
    }

    /// `[(name, ...)]`
    pub(super) fn name_list(&mut self) -> Result<Vec<Name>> {
        if self.is(Symbol::Open) { self.in_parentheses(Self::name) } else { Ok(Vec::new()) }
    }

    /// `([value, ...])`
    pub(super) fn values(&mut self) -> Result<Vec<Expr>> {
        if self.are(Symbol::Open, Symbol::Close) {
            self.take();
            self.take();
            return Ok(Vec::new());
        }
        self.in_parentheses(Self::value)
    }

    pub(super) fn delete(&mut self) -> Result<Statement> {
        let at = self.take().at.into();
        self.expect(Keyword::From)?;
        let from = self.name()?;
        self.expect(Keyword::Where)?;
        Ok(Statement::Delete(Delete { from, filter: self.expr()?, at }))
    }

    pub(super) fn drop_(&mut self) -> Result<Statement> {
        self.take();
        if self.accept(Keyword::Type) {
            return Ok(Statement::DropType(self.drop_named(Self::name)?));
        }
        if self.accept(Keyword::Connector) {
            return Ok(Statement::DropConnector(self.drop_named(Self::connector_name)?));
        }
        let kind = self.source_kind()?;
        let if_exists = self.if_exists()?;
        let name = self.name()?;
        let delete_topic = self.accept_all(&[Keyword::Delete, Keyword::Topic])?;
        Ok(Statement::DropSource(DropSource { kind, if_exists, name, delete_topic }))
    }

    fn drop_named(&mut self, name: fn(&mut Self) -> Result<Name>) -> Result<DropNamed> {
        let if_exists = self.if_exists()?;
        Ok(DropNamed { if_exists, name: name(self)? })
    }

    pub(super) fn alter(&mut self) -> Result<Statement> {
        self.take();
        if self.accept(Keyword::System) {
            let name = self.string()?;
            self.expect(Symbol::Equal)?;
            return Ok(Statement::AlterSystem(Setting { name, value: self.string()? }));
        }
        let kind = self.source_kind()?;
        let name = self.name()?;
        let added = self.list(Self::added_column)?;
        Ok(Statement::AlterSource(AlterSource { kind, name, added }))
    }

    /// `ADD [COLUMN] name type`
    fn added_column(&mut self) -> Result<Column> {
        self.expect(Keyword::Add)?;
        // `ADD COLUMN INT` adds a column of that name.
        if Self::is_name(self.ahead(1)) && Self::is_name(self.ahead(2)) {
            self.accept(Keyword::Column);
        }
        Ok(Column { name: self.name()?, data_type: self.data_type()?, place: ColumnPlace::Value })
    }
}
