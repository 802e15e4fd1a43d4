//! What a pull query may not say, in ksqlDB's words.
use lentic_sql_syntax::Position;
use lentic_sql_syntax::ast::{Expr, ExprNode, Query, SelectItem};

use super::PullRequest;
use crate::Refusal;
use crate::expr::visit_calls;
use crate::function::Registry;
use crate::settings::Settings;

/// Where ksqlDB sends readers.
const HINT: &str =
    " See https://cnfl.io/queries for more info.\nAdd EMIT CHANGES if you intended to issue a push query.";

pub(super) fn check(
    request: &PullRequest<'_>,
    settings: &Settings,
    registry: &Registry,
) -> Result<(), Refusal> {
    let PullRequest { query, extensions, .. } = *request;
    let clauses = |what: &str| Err(Refusal::new(format!("Pull queries don't support {what} clauses.{HINT}")));
    if !settings.is_on("ksql.pull.queries.enable", true) {
        return Err(Refusal::new(
            "Pull queries are disabled. See https://cnfl.io/queries for more info.\nAdd EMIT CHANGES if you intended to issue a push \
             query.\nPlease set ksql.pull.queries.enable=true to enable this feature.\n",
        ));
    }
    if !extensions && let Some(order_by) = &query.order_by {
        let at = order_by.at.0;
        return Err(
            Refusal::new(format!("line {at}: Syntax Error\n\nStatement: {}", request.statement)).at(at)
        );
    }
    if !query.joins.is_empty() {
        return clauses("JOIN");
    }
    if query.window.is_some() {
        return clauses("WINDOW");
    }
    if query.group_by.is_some() && !extensions {
        return clauses("GROUP BY");
    }
    if query.partition_by.is_some() {
        return clauses("PARTITION BY");
    }
    if query.having.is_some() && !extensions {
        return clauses("HAVING");
    }
    if let Some(limit) = query.limit {
        if !settings.is_on("ksql.query.pull.limit.clause.enabled", true) {
            return Err(Refusal::new(format!(
                "LIMIT clause in pull queries is currently disabled. You can enable them by setting \
                 ksql.query.pull.limit.clause.enabled=true.{HINT}"
            )));
        }
        if limit < 0 {
            let text = format!("Pull queries don't support negative integers in the LIMIT clause.{HINT}");
            return Err(Refusal::new(text));
        }
    }
    if !extensions && let Some(call) = aggregate(query, registry) {
        let text = format!("Pull queries don't support aggregate functions: {call}.{HINT}");
        return Err(Refusal::new(text).at(call.at.0));
    }
    unknowable(selected(query), "SELECT")?;
    unknowable(query.filter.as_ref(), "WHERE")
}

/// A stream is read to its end and tells each row as it is read: what needs all of them first is for tables.
pub(super) fn check_stream(query: &Query, registry: &Registry) -> Result<(), Refusal> {
    const TABLE: &str =
        "keep the rows in a table (CREATE TABLE ... AS SELECT ... GROUP BY ...) and query that.";
    let refused = |what: &str, at: Option<Position>| {
        let refusal = Refusal::new(format!(
            "{what} in pull queries on streams is not supported. Add EMIT CHANGES to be told every change, or {TABLE}"
        ));
        Err(at.into_iter().fold(refusal, Refusal::at))
    };
    if let Some(exprs) = &query.group_by {
        return refused("GROUP BY", exprs.first().map(|expr| expr.at.0));
    }
    if let Some(having) = &query.having {
        return refused("HAVING", Some(having.at.0));
    }
    if let Some(call) = aggregate(query, registry) {
        return refused(&format!("The aggregate function {call}"), Some(call.at.0));
    }
    if let Some(order_by) = &query.order_by {
        let text = format!("ORDER BY in pull queries on streams is not supported. Leave it out, or {TABLE}");
        return Err(Refusal::new(text).at(order_by.at.0));
    }
    Ok(())
}

/// The first call of an aggregate in SELECT.
fn aggregate<'q>(query: &'q Query, registry: &Registry) -> Option<&'q Expr> {
    let mut first = None;
    for expr in selected(query) {
        visit_calls(expr, &mut |name| registry.is_aggregate(&name.text), &mut |call| {
            first.get_or_insert(call);
        });
    }
    first
}

fn selected(query: &Query) -> impl Iterator<Item = &Expr> {
    query.select.iter().filter_map(|item| match item {
        SelectItem::Expr { expr, .. } => Some(expr),
        SelectItem::AllFields { base } => Some(base),
        SelectItem::All { .. } => None,
    })
}

/// Where a row was read is not known of a row that is kept.
fn unknowable<'e>(exprs: impl IntoIterator<Item = &'e Expr>, clause: &str) -> Result<(), Refusal> {
    let mut found = Vec::new();
    for expr in exprs {
        expr.any(&mut |part| {
            if let ExprNode::Column { name, .. } = &part.node
                && matches!(name.text.as_str(), "ROWPARTITION" | "ROWOFFSET")
            {
                let shown = format!("`{}`", name.text);
                if !found.contains(&shown) {
                    found.push(shown);
                }
            }
            false
        });
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(format!(
        "Pull queries don't support the following columns in {clause} clauses: {}\n",
        found.join(", ")
    )))
}
