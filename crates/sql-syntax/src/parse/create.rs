//! `CREATE`.
use super::parser::Parser;
use crate::ast::{
    Column, ColumnPlace, ConnectorKind, CreateAs, CreateConnector, CreateSource, CreateType, Name, Property,
    SourceKind, Statement,
};
use crate::error::{Problem, Result, SyntaxError};
use crate::keyword::Keyword;
use crate::lex::{Kind, Symbol, unquote};

impl Parser<'_> {
    pub(super) fn create(&mut self) -> Result<Statement> {
        self.take();
        let or_replace = self.accept_all(&[Keyword::Or, Keyword::Replace])?;
        if !or_replace {
            if self.accept(Keyword::Type) {
                return self.create_type();
            }
            if self.accept(Keyword::Sink) {
                return self.create_connector(ConnectorKind::Sink);
            }
        }
        let read_only = self.accept(Keyword::Source);
        if read_only && !or_replace && self.is(Keyword::Connector) {
            return self.create_connector(ConnectorKind::Source);
        }
        let kind = self.source_kind()?;
        let if_not_exists = self.if_not_exists()?;
        let name = self.new_source_name()?;
        let columns = if self.is(Symbol::Open) { self.columns(kind)? } else { Vec::new() };
        let properties = self.properties()?;
        if columns.is_empty() && !read_only && self.accept(Keyword::As) {
            let query = self.query()?;
            return Ok(Statement::CreateAs(CreateAs {
                kind,
                or_replace,
                if_not_exists,
                name,
                properties,
                query,
            }));
        }
        Ok(Statement::CreateSource(CreateSource {
            kind,
            or_replace,
            read_only,
            if_not_exists,
            name,
            columns,
            properties,
        }))
    }

    /// `[IF NOT EXISTS]`; `IF` alone is a name.
    fn if_not_exists(&mut self) -> Result<bool> {
        Ok(self.are(Keyword::If, Keyword::Not)
            && self.accept_all(&[Keyword::If, Keyword::Not, Keyword::Exists])?)
    }

    /// `[IF EXISTS]`
    pub(super) fn if_exists(&mut self) -> Result<bool> {
        Ok(self.are(Keyword::If, Keyword::Exists) && self.accept_all(&[Keyword::If, Keyword::Exists])?)
    }

    /// `STREAM` or `TABLE`.
    pub(super) fn source_kind(&mut self) -> Result<SourceKind> {
        if self.accept(Keyword::Stream) {
            return Ok(SourceKind::Stream);
        }
        self.expect(Keyword::Table)?;
        Ok(SourceKind::Table)
    }

    fn new_source_name(&mut self) -> Result<Name> {
        let name = self.name()?;
        if name.text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
            return Ok(name);
        }
        Err(SyntaxError::new(name.at.0, Problem::IllegalSourceName(name.text)))
    }

    /// `(name type [place], ...)`
    pub(super) fn columns(&mut self, kind: SourceKind) -> Result<Vec<Column>> {
        self.in_parentheses(|parser| {
            let column = parser.column_of_source()?;
            let of_table = kind == SourceKind::Table;
            match column.place {
                ColumnPlace::Key if of_table => {}
                ColumnPlace::PrimaryKey if !of_table => {}
                _ => return Ok(column),
            }
            let problem = Problem::WrongKey { column: column.name.text, of_table };
            Err(SyntaxError::new(column.name.at.0, problem))
        })
    }

    fn column_of_source(&mut self) -> Result<Column> {
        let (name, data_type) = (self.name()?, self.data_type()?);
        let place = if self.accept_all(&[Keyword::Primary, Keyword::Key])? {
            ColumnPlace::PrimaryKey
        } else if self.accept(Keyword::Key) {
            ColumnPlace::Key
        } else if self.accept(Keyword::Headers) {
            ColumnPlace::Headers
        } else if self.accept(Keyword::Header) {
            self.expect(Symbol::Open)?;
            let key = self.string()?;
            self.expect(Symbol::Close)?;
            ColumnPlace::Header(key)
        } else {
            ColumnPlace::Value
        };
        Ok(Column { name, data_type, place })
    }

    /// `[WITH (name=value, ...)]`
    pub(super) fn properties(&mut self) -> Result<Vec<Property>> {
        if !self.accept(Keyword::With) {
            return Ok(Vec::new());
        }
        self.in_parentheses(|parser| {
            let token = parser.peek();
            let name = if token.kind == Kind::Text {
                parser.take();
                Name { text: unquote(parser.text(token)), at: token.at.into() }
            } else {
                parser.name()?
            };
            parser.expect(Symbol::Equal)?;
            Ok(Property { name, value: parser.expect_literal()? })
        })
    }

    fn create_type(&mut self) -> Result<Statement> {
        let if_not_exists = self.if_not_exists()?;
        let name = self.name()?;
        self.expect(Keyword::As)?;
        let data_type = self.data_type()?;
        Ok(Statement::CreateType(CreateType { if_not_exists, name, data_type }))
    }

    fn create_connector(&mut self, kind: ConnectorKind) -> Result<Statement> {
        self.expect(Keyword::Connector)?;
        let if_not_exists = self.if_not_exists()?;
        let name = self.connector_name()?;
        if !self.is(Keyword::With) {
            self.expect(Keyword::With)?;
        }
        let properties = self.properties()?;
        Ok(Statement::CreateConnector(CreateConnector { kind, if_not_exists, name, properties }))
    }

    /// A name, or text between single quotes.
    pub(super) fn connector_name(&mut self) -> Result<Name> {
        let token = self.peek();
        if token.kind != Kind::Text {
            return self.name();
        }
        Ok(Name { text: self.string()?, at: token.at.into() })
    }
}
