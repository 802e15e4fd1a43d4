//! Lengths of time and windows.
use super::parser::Parser;
use crate::ast::{Span, TimeUnit, Window, WindowKind, Within};
use crate::error::Result;
use crate::keyword::Keyword;
use crate::lex::{Kind, Symbol};

impl Parser<'_> {
    /// `n unit`
    pub(super) fn span(&mut self) -> Result<Span> {
        let count = self.integer()?;
        let unit = match self.peek().kind {
            Kind::Word(Some(keyword)) => TimeUnit::of(keyword.as_str()),
            _ => None,
        };
        let Some(unit) = unit else { return Err(self.missing("a unit of time")) };
        self.take();
        Ok(Span { count, unit })
    }

    /// What follows `WINDOW`.
    pub(super) fn window(&mut self) -> Result<Window> {
        let name = if Self::is_name(self.peek()) && Self::is_name(self.ahead(1)) {
            Some(self.name()?)
        } else {
            None
        };
        let kind = if self.accept(Keyword::Tumbling) {
            self.expect(Symbol::Open)?;
            self.expect(Keyword::Size)?;
            WindowKind::Tumbling { size: self.span()? }
        } else if self.accept(Keyword::Hopping) {
            self.expect(Symbol::Open)?;
            self.expect(Keyword::Size)?;
            let size = self.span()?;
            self.expect(Symbol::Comma)?;
            self.expect(Keyword::Advance)?;
            self.expect(Keyword::By)?;
            WindowKind::Hopping { size, advance: self.span()? }
        } else {
            self.expect(Keyword::Session)?;
            self.expect(Symbol::Open)?;
            WindowKind::Session { gap: self.span()? }
        };
        let (mut retention, mut grace) = (None, None);
        if self.accept(Symbol::Comma) {
            if self.accept(Keyword::Retention) {
                retention = Some(self.span()?);
                if self.accept(Symbol::Comma) {
                    grace = self.window_grace()?;
                }
            } else {
                grace = self.window_grace()?;
            }
        }
        self.expect(Symbol::Close)?;
        Ok(Window { name, kind, retention, grace })
    }

    fn window_grace(&mut self) -> Result<Option<Span>> {
        self.expect(Keyword::Grace)?;
        self.expect(Keyword::Period)?;
        self.span().map(Some)
    }

    /// What follows `WITHIN`.
    pub(super) fn within(&mut self) -> Result<Within> {
        let (before, after) = if self.accept(Symbol::Open) {
            let before = self.span()?;
            self.expect(Symbol::Comma)?;
            let after = self.span()?;
            self.expect(Symbol::Close)?;
            (before, Some(after))
        } else {
            (self.span()?, None)
        };
        let grace =
            if self.accept_all(&[Keyword::Grace, Keyword::Period])? { Some(self.span()?) } else { None };
        Ok(Within { before, after, grace })
    }
}
