//! Lists, descriptions, queries, properties and variables.
use super::parser::Parser;
use crate::ast::{Define, Describe, Explain, List, Listed, Print, QueryTarget, Setting, Statement};
use crate::error::Result;
use crate::keyword::Keyword;
use crate::lex::{Kind, Symbol};

impl Parser<'_> {
    pub(super) fn show(&mut self) -> Result<Statement> {
        self.take();
        let simple = [
            (Keyword::Properties, Listed::Properties),
            (Keyword::Functions, Listed::Functions),
            (Keyword::Types, Listed::Types),
            (Keyword::Variables, Listed::Variables),
            (Keyword::Connectors, Listed::Connectors),
        ];
        let with_details = [
            (Keyword::Streams, Listed::Streams),
            (Keyword::Tables, Listed::Tables),
            (Keyword::Queries, Listed::Queries),
            (Keyword::Topics, Listed::Topics),
        ];
        for (keyword, what) in simple {
            if self.accept(keyword) {
                return Ok(Statement::List(List { what, extended: false }));
            }
        }
        for (keyword, what) in with_details {
            if self.accept(keyword) {
                return Ok(Statement::List(List { what, extended: self.accept(Keyword::Extended) }));
            }
        }
        let what = if self.accept_all(&[Keyword::All, Keyword::Topics])? {
            return Ok(Statement::List(List {
                what: Listed::AllTopics,
                extended: self.accept(Keyword::Extended),
            }));
        } else if self.accept_all(&[Keyword::Connector, Keyword::Plugins])? {
            Listed::ConnectorPlugins
        } else if self.accept_all(&[Keyword::Source, Keyword::Connectors])? {
            Listed::SourceConnectors
        } else if self.accept_all(&[Keyword::Sink, Keyword::Connectors])? {
            Listed::SinkConnectors
        } else {
            return Err(self.unexpected());
        };
        Ok(Statement::List(List { what, extended: false }))
    }

    pub(super) fn describe(&mut self) -> Result<Statement> {
        self.take();
        Ok(Statement::Describe(if self.accept(Keyword::Streams) {
            Describe::Streams { extended: self.accept(Keyword::Extended) }
        } else if self.accept(Keyword::Tables) {
            Describe::Tables { extended: self.accept(Keyword::Extended) }
        } else if self.is(Keyword::Function) && Self::is_name(self.ahead(1)) {
            self.take();
            Describe::Function(self.name()?)
        } else if self.is(Keyword::Connector) && !matches!(self.ahead(1).kind, Kind::Symbol(_) | Kind::End) {
            self.take();
            Describe::Connector(self.connector_name()?)
        } else {
            Describe::Source { name: self.name()?, extended: self.accept(Keyword::Extended) }
        }))
    }

    pub(super) fn explain(&mut self) -> Result<Statement> {
        self.take();
        Ok(Statement::Explain(if self.is_statement_ahead() {
            Explain::Statement(Box::new(self.nested(Self::statement)?))
        } else {
            Explain::Query(self.name()?)
        }))
    }

    pub(super) fn print(&mut self) -> Result<Statement> {
        self.take();
        let topic = self.topic()?;
        let from_beginning = self.accept_all(&[Keyword::From, Keyword::Beginning])?;
        let interval = if self.accept(Keyword::Interval) || self.accept(Keyword::Sample) {
            Some(self.integer()?)
        } else {
            None
        };
        let limit = if self.accept(Keyword::Limit) { Some(self.integer()?) } else { None };
        Ok(Statement::Print(Print { topic, from_beginning, interval, limit }))
    }

    /// What follows `TERMINATE`, `PAUSE` or `RESUME`.
    pub(super) fn query_target(&mut self) -> Result<QueryTarget> {
        self.take();
        if self.accept(Keyword::All) { Ok(QueryTarget::All) } else { self.name().map(QueryTarget::One) }
    }

    pub(super) fn set(&mut self) -> Result<Statement> {
        self.take();
        let name = self.string()?;
        self.expect(Symbol::Equal)?;
        Ok(Statement::Set(Setting { name, value: self.string()? }))
    }

    pub(super) fn unset(&mut self) -> Result<Statement> {
        self.take();
        self.string().map(Statement::Unset)
    }

    pub(super) fn define(&mut self) -> Result<Statement> {
        self.take();
        let name = self.variable_name()?;
        self.expect(Symbol::Equal)?;
        Ok(Statement::Define(Define { name, value: self.string()? }))
    }

    pub(super) fn undefine(&mut self) -> Result<Statement> {
        self.take();
        self.variable_name().map(Statement::Undefine)
    }

    /// A word, as it is written.
    fn variable_name(&mut self) -> Result<String> {
        let token = self.peek();
        match token.kind {
            Kind::Word(_) if Self::is_name(token) => {
                self.take();
                Ok(self.text(token).to_owned())
            }
            _ => Err(self.missing("the name of a variable")),
        }
    }
}
