//! Types.
use super::parser::Parser;
use crate::ast::{DataType, StructField};
use crate::error::{Problem, Result, SyntaxError};
use crate::keyword::Keyword;
use crate::lex::{Kind, Symbol};

impl Parser<'_> {
    /// A type.
    pub(super) fn data_type(&mut self) -> Result<DataType> {
        self.nested(Self::outer_type)
    }

    fn outer_type(&mut self) -> Result<DataType> {
        let token = self.peek();
        if !Self::is_name(token) {
            return Err(self.missing("a type"));
        }
        match (token.kind, self.ahead(1).kind) {
            (Kind::Word(Some(Keyword::Array)), Kind::Symbol(Symbol::Less)) => {
                self.take();
                self.take();
                let element = Box::new(self.data_type()?);
                self.expect(Symbol::Greater)?;
                Ok(DataType::Array(element))
            }
            (Kind::Word(Some(Keyword::Map)), Kind::Symbol(Symbol::Less)) => {
                self.take();
                self.take();
                let key = Box::new(self.data_type()?);
                self.expect(Symbol::Comma)?;
                let value = Box::new(self.data_type()?);
                self.expect(Symbol::Greater)?;
                Ok(DataType::Map(key, value))
            }
            // `<>` of a struct without fields is the token of an operator.
            (Kind::Word(Some(Keyword::Struct)), Kind::Symbol(Symbol::NotEqual)) => {
                self.take();
                self.take();
                Ok(DataType::Struct(Vec::new()))
            }
            (Kind::Word(Some(Keyword::Struct)), Kind::Symbol(Symbol::Less)) => {
                self.take();
                self.take();
                self.struct_type()
            }
            (Kind::Word(Some(Keyword::Decimal)), Kind::Symbol(Symbol::Open)) => {
                self.take();
                self.take();
                let precision = self.figure()?;
                self.expect(Symbol::Comma)?;
                let scale = self.figure()?;
                self.expect(Symbol::Close)?;
                Ok(DataType::Decimal { precision, scale })
            }
            _ => self.plain_type(),
        }
    }

    fn struct_type(&mut self) -> Result<DataType> {
        let fields = if self.is(Symbol::Greater) {
            Vec::new()
        } else {
            self.list(|parser| Ok(StructField { name: parser.name()?, data_type: parser.data_type()? }))?
        };
        self.expect(Symbol::Greater)?;
        Ok(DataType::Struct(fields))
    }

    /// A type that is a name. It may have parameters, as in `VARCHAR(10)`, which mean nothing.
    fn plain_type(&mut self) -> Result<DataType> {
        let name = self.name()?;
        if self.accept(Symbol::Open) {
            self.list(|parser| {
                if parser.accept(Keyword::String) { Ok(()) } else { parser.expect(Kind::Integer).map(drop) }
            })?;
            self.expect(Symbol::Close)?;
        }
        Ok(DataType::primitive(&name.text).unwrap_or(DataType::Named(name)))
    }

    fn figure(&mut self) -> Result<i32> {
        let at = self.peek().at;
        let number = self.integer()?;
        i32::try_from(number).map_err(|_| SyntaxError::new(at, Problem::InvalidNumber(number.to_string())))
    }
}
