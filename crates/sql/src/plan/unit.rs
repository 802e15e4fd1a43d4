//! Words that name units of time, and are columns.
use std::borrow::Cow;

use lentic_sql_syntax::ast::{Args, CreateAs, Expr, ExprNode, InsertQuery, Query, SelectItem};

use super::{Planner, Target};
use crate::function::{Function, Registry};

/// Where the rows of a query go, with columns where only the functions tell that a word is one.
pub(super) enum Named<'a> {
    Create(Cow<'a, CreateAs>),
    Insert(Cow<'a, InsertQuery>),
    Client(Cow<'a, Query>),
}

impl Named<'_> {
    pub(super) fn target(&self) -> Target<'_> {
        match self {
            Self::Create(create) => Target::Create(create),
            Self::Insert(insert) => Target::Insert(insert),
            Self::Client(query) => Target::Client(query),
        }
    }
}

impl Planner {
    /// Everything after this sees columns as such, whatever they are called.
    pub(super) fn named<'a>(&self, target: &Target<'a>) -> Named<'a> {
        match *target {
            Target::Create(create) => Named::Create(match self.with_columns(&create.query) {
                Cow::Borrowed(_) => Cow::Borrowed(create),
                Cow::Owned(query) => Cow::Owned(CreateAs { query, ..create.clone() }),
            }),
            Target::Insert(insert) => Named::Insert(match self.with_columns(&insert.query) {
                Cow::Borrowed(_) => Cow::Borrowed(insert),
                Cow::Owned(query) => Cow::Owned(InsertQuery { query, ..insert.clone() }),
            }),
            Target::Client(query) => Named::Client(self.with_columns(query)),
        }
    }

    /// The query with columns for the units that no function takes.
    pub(super) fn with_columns<'q>(&self, query: &'q Query) -> Cow<'q, Query> {
        let mut named = query.clone();
        let mut is_other = false;
        exprs(&mut named).for_each(|expr| is_other |= name_columns(expr, &self.registry));
        if is_other { Cow::Owned(named) } else { Cow::Borrowed(query) }
    }
}

fn exprs(query: &mut Query) -> impl Iterator<Item = &mut Expr> {
    let selected = query.select.iter_mut().filter_map(|item| match item {
        SelectItem::Expr { expr, .. } => Some(expr),
        SelectItem::AllFields { base } => Some(base),
        SelectItem::All { .. } => None,
    });
    let lists = [&mut query.group_by, &mut query.partition_by].into_iter().flatten().flatten();
    let ordered = query.order_by.iter_mut().flat_map(|order| &mut order.items).map(|item| &mut item.expr);
    selected
        .chain(&mut query.filter)
        .chain(&mut query.having)
        .chain(lists)
        .chain(query.joins.iter_mut().map(|join| &mut join.on))
        .chain(ordered)
}

/// Whether there was one.
fn name_columns(expr: &mut Expr, registry: &Registry) -> bool {
    let mut is_other = false;
    expr.for_each_child_mut(|child| is_other |= name_columns(child, registry));
    let ExprNode::Call { name, args: Args::List(args) } = &mut expr.node else { return is_other };
    if registry.scalar(&name.text).is_ok_and(Function::takes_unit) {
        return is_other;
    }
    for arg in args {
        if let ExprNode::Unit { word, .. } = &arg.node {
            arg.node = ExprNode::Column { source: None, name: word.clone() };
            is_other = true;
        }
    }
    is_other
}
