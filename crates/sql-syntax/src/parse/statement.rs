//! The first word of a statement.
use super::parser::Parser;
use crate::ast::Statement;
use crate::error::{Problem, Result, SyntaxError};
use crate::keyword::Keyword;
use crate::lex::Kind;
use crate::suggestion::most_similar;

/// What statements begin with.
const FIRST: [Keyword; 20] = [
    Keyword::Alter,
    Keyword::Assert,
    Keyword::Create,
    Keyword::Define,
    Keyword::Delete,
    Keyword::Describe,
    Keyword::Drop,
    Keyword::Explain,
    Keyword::Insert,
    Keyword::List,
    Keyword::Pause,
    Keyword::Print,
    Keyword::Resume,
    Keyword::Run,
    Keyword::Select,
    Keyword::Set,
    Keyword::Show,
    Keyword::Terminate,
    Keyword::Undefine,
    Keyword::Unset,
];

impl Parser<'_> {
    /// A statement, without its semicolon.
    pub(super) fn statement(&mut self) -> Result<Statement> {
        let token = self.peek();
        let Kind::Word(keyword) = token.kind else { return Err(self.missing("a statement")) };
        match keyword {
            Some(Keyword::Select) => self.query().map(Statement::Query),
            Some(Keyword::Create) => self.create(),
            Some(Keyword::Insert) => self.insert(),
            Some(Keyword::Delete) => self.delete(),
            Some(Keyword::Drop) => self.drop_(),
            Some(Keyword::Alter) => self.alter(),
            Some(Keyword::List | Keyword::Show) => self.show(),
            Some(Keyword::Describe) => self.describe(),
            Some(Keyword::Explain) => self.explain(),
            Some(Keyword::Print) => self.print(),
            Some(Keyword::Terminate) => self.query_target().map(Statement::Terminate),
            Some(Keyword::Pause) => self.query_target().map(Statement::Pause),
            Some(Keyword::Resume) => self.query_target().map(Statement::Resume),
            Some(Keyword::Set) => self.set(),
            Some(Keyword::Unset) => self.unset(),
            Some(Keyword::Define) => self.define(),
            Some(Keyword::Undefine) => self.undefine(),
            Some(Keyword::Assert) => self.assert(),
            Some(Keyword::Run) => self.run_script(),
            _ => {
                let word = self.text(token).to_owned();
                let suggestion = most_similar(&word, FIRST).unwrap_or(Keyword::Select);
                Err(SyntaxError::new(token.at, Problem::UnknownStatement { word, suggestion }))
            }
        }
    }

    /// Whether a statement, and not a name, begins here.
    pub(super) fn is_statement_ahead(&self) -> bool {
        matches!(self.peek().kind, Kind::Word(Some(keyword)) if FIRST.contains(&keyword))
            && matches!(self.ahead(1).kind, Kind::Word(_) | Kind::Quoted | Kind::Text)
            || self.is(Keyword::Select)
    }
}
