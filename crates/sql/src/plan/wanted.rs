//! Columns that nothing in a query asks for: they are not read from its topic.
use lentic_sql_syntax::ast::{Expr, ExprNode, Query, SelectItem, SourceKind};

use super::Analysis;
use super::source::Aliased;

impl Analysis<'_> {
    /// Tells a stream's reader what is asked for, once everything is planned.
    ///
    /// Rows that lie somewhere whole, in a topic of the query's own or in a store, are read whole: a query that takes this one's
    /// place may want more of them.
    pub(super) fn narrow(&self) {
        let [first, others @ ..] = self.sources.as_slice() else { return };
        let passes_by = first.source.kind == SourceKind::Stream
            && others.iter().all(|other| other.source.kind == SourceKind::Table)
            && self.query().partition_by.is_none()
            && self.has_topics_of_groups_only();
        if !passes_by || self.query().select.iter().any(|item| matches!(item, SelectItem::All { .. })) {
            return;
        }
        let names = names(self.query());
        first.wanted.only(first.columns_named(&names));
    }
}

impl Aliased {
    /// Which of the value columns have one of these names, or are needed for themselves.
    fn columns_named(&self, names: &[&str]) -> Vec<bool> {
        let time = self.source.timestamp.as_ref().map(|column| &*column.name);
        let flat = |name: &str| format!("{}_{name}", self.alias.text);
        let is_wanted =
            |name: &str| names.contains(&name) || time == Some(name) || names.contains(&&*flat(name));
        self.source.schema.value().map(|column| is_wanted(&column.name)).collect()
    }
}

/// All names in a query.
fn names(query: &Query) -> Vec<&str> {
    fn collect<'q>(expr: &'q Expr, names: &mut Vec<&'q str>) {
        if let ExprNode::Column { name, .. } = &expr.node {
            names.push(&name.text);
        }
        expr.for_each_child(|child| collect(child, names));
    }
    let selected = query.select.iter().filter_map(|item| match item {
        SelectItem::Expr { expr, .. } => Some(expr),
        SelectItem::AllFields { base } => Some(base),
        SelectItem::All { .. } => None,
    });
    let grouped = [&query.group_by, &query.partition_by].into_iter().flatten().flatten();
    let exprs = selected
        .chain(&query.filter)
        .chain(&query.having)
        .chain(grouped)
        .chain(query.joins.iter().map(|join| &join.on));
    let mut names = Vec::new();
    for expr in exprs {
        collect(expr, &mut names);
    }
    names
}
