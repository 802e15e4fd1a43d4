//! What a pull query may not say, in ksqlDB's words.
use lentic_sql_syntax::ast::{Expr, ExprNode, SelectItem};

use super::PullRequest;
use crate::Refusal;
use crate::settings::Settings;

/// Where ksqlDB sends readers.
const HINT: &str =
    " See https://cnfl.io/queries for more info.\nAdd EMIT CHANGES if you intended to issue a push query.";

pub(super) fn check(request: &PullRequest<'_>, settings: &Settings) -> Result<(), Refusal> {
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
    let items = query.select.iter().filter_map(|item| match item {
        SelectItem::Expr { expr, .. } => Some(expr),
        SelectItem::AllFields { base } => Some(base),
        SelectItem::All { .. } => None,
    });
    unknowable(items, "SELECT")?;
    unknowable(query.filter.as_ref(), "WHERE")
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
