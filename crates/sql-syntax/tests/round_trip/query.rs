//! Queries.
use lentic_sql_syntax::At;
use lentic_sql_syntax::ast::{
    Emit, Join, JoinKind, OrderBy, OrderItem, Query, Relation, SelectItem, Window, WindowKind, Within,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::expression::expr;
use super::name::{name, span};

pub fn query() -> impl Strategy<Value = Query> {
    let sources = (vec(select_item(), 1..3), relation(), vec(join(), 0..3), of(window()));
    let clauses = (of(expr()), of(vec(expr(), 0..3)), of(vec(expr(), 0..3)), of(expr()), of(order_by()));
    let emit = of(proptest::sample::select(vec![Emit::Changes, Emit::Final]));
    (sources, clauses, emit, of(any::<i64>())).prop_map(|(sources, clauses, emit, limit)| {
        let (select, from, joins, window) = sources;
        let (filter, group_by, partition_by, having, order_by) = clauses;
        let at = At::default();
        Query {
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
        }
    })
}

fn select_item() -> impl Strategy<Value = SelectItem> {
    prop_oneof![
        3 => (expr(), of(name())).prop_map(|(expr, alias)| SelectItem::Expr { expr, alias }),
        1 => of(name()).prop_map(|source| SelectItem::All { source, at: At::default() }),
        1 => expr().prop_map(|base| SelectItem::AllFields { base }),
    ]
}

fn relation() -> impl Strategy<Value = Relation> {
    (name(), of(name())).prop_map(|(name, alias)| Relation { name, alias })
}

fn join() -> impl Strategy<Value = Join> {
    let kind =
        proptest::sample::select(vec![JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full]);
    let within =
        (span(), of(span()), of(span())).prop_map(|(before, after, grace)| Within { before, after, grace });
    (kind, relation(), of(within), expr()).prop_map(|(kind, right, within, on)| Join {
        kind,
        right,
        within,
        on,
        at: At::default(),
    })
}

fn window() -> impl Strategy<Value = Window> {
    let kind = prop_oneof![
        span().prop_map(|size| WindowKind::Tumbling { size }),
        (span(), span()).prop_map(|(size, advance)| WindowKind::Hopping { size, advance }),
        span().prop_map(|gap| WindowKind::Session { gap }),
    ];
    (of(name()), kind, of(span()), of(span())).prop_map(|(name, kind, retention, grace)| Window {
        name,
        kind,
        retention,
        grace,
    })
}

fn order_by() -> impl Strategy<Value = OrderBy> {
    let item = (expr(), any::<bool>()).prop_map(|(expr, descending)| OrderItem { expr, descending });
    vec(item, 1..3).prop_map(|items| OrderBy { items, at: At::default() })
}
