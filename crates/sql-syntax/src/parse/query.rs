//! `SELECT`.
use super::parser::Parser;
use crate::ast::{Emit, Expr, Name, OrderBy, OrderItem, Query, SelectItem};
use crate::error::Result;
use crate::keyword::Keyword;
use crate::lex::Symbol;

impl Parser<'_> {
    /// A query.
    pub(super) fn query(&mut self) -> Result<Query> {
        let at = self.expect(Keyword::Select)?.at.into();
        let select = self.list(Self::select_item)?;
        self.expect(Keyword::From)?;
        let from = self.relation()?;
        let joins = self.joins()?;
        let window = if self.accept(Keyword::Window) { Some(self.window()?) } else { None };
        let filter = self.clause(Keyword::Where)?;
        let group_by =
            if self.accept_all(&[Keyword::Group, Keyword::By])? { Some(self.grouping()?) } else { None };
        let partition_by =
            if self.accept_all(&[Keyword::Partition, Keyword::By])? { Some(self.grouping()?) } else { None };
        let having = self.clause(Keyword::Having)?;
        let order_by = self.order_by()?;
        let emit = self.emit()?;
        let limit = if self.accept(Keyword::Limit) { Some(self.integer()?) } else { None };
        Ok(Query {
            select,
            from,
            joins,
            window,
            filter,
            group_by,
            partition_by,
            having,
            order_by,
            emit,
            limit,
            at,
        })
    }

    /// A keyword and an expression.
    fn clause(&mut self, keyword: Keyword) -> Result<Option<Expr>> {
        if self.accept(keyword) { self.expr().map(Some) } else { Ok(None) }
    }

    fn select_item(&mut self) -> Result<SelectItem> {
        let first = self.peek();
        let at = first.at.into();
        if self.is(Symbol::Star) {
            self.take();
            return Ok(SelectItem::All { source: None, at });
        }
        if Self::is_name(first)
            && self.ahead(1).kind == Symbol::Dot.into()
            && self.ahead(2).kind == Symbol::Star.into()
        {
            let source = Some(self.name()?);
            self.take();
            self.take();
            return Ok(SelectItem::All { source, at });
        }
        let place = self.place();
        let expr = self.expr()?;
        if self.are(Symbol::Arrow, Symbol::Star) {
            return self.all_fields(place);
        }
        Ok(SelectItem::Expr { expr, alias: self.alias()? })
    }

    /// `struct->*`, whose struct begins at `place` and is no operator's operand.
    fn all_fields(&mut self, place: usize) -> Result<SelectItem> {
        self.go_back(place);
        let base = self.primary()?;
        self.expect(Symbol::Arrow)?;
        self.expect(Symbol::Star)?;
        Ok(SelectItem::AllFields { base })
    }

    /// `[AS] alias`
    pub(super) fn alias(&mut self) -> Result<Option<Name>> {
        if self.accept(Keyword::As) || (Self::is_name(self.peek()) && !self.is_clause_ahead()) {
            self.name().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Whether a clause begins here whose first word could be a name.
    fn is_clause_ahead(&self) -> bool {
        self.are(Keyword::Partition, Keyword::By)
            || self.are(Keyword::Order, Keyword::By)
            || self.are(Keyword::Emit, Keyword::Changes)
            || self.are(Keyword::Emit, Keyword::Final)
    }

    fn order_by(&mut self) -> Result<Option<OrderBy>> {
        if !self.are(Keyword::Order, Keyword::By) {
            return Ok(None);
        }
        self.take();
        let at = self.take().at.into();
        let items = self.list(|parser| {
            let expr = parser.expr()?;
            let descending = !parser.accept(Keyword::Asc) && parser.accept(Keyword::Desc);
            Ok(OrderItem { expr, descending })
        })?;
        Ok(Some(OrderBy { items, at }))
    }

    fn emit(&mut self) -> Result<Option<Emit>> {
        if !self.accept(Keyword::Emit) {
            return Ok(None);
        }
        if self.accept(Keyword::Changes) {
            return Ok(Some(Emit::Changes));
        }
        self.expect(Keyword::Final)?;
        Ok(Some(Emit::Final))
    }
}
