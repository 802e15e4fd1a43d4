//! What ksqlDB's push queries of the second kind leave out: they take records from the topic of their source without its query,
//! and ignore those without a key.
use lentic_sql::catalog::{Catalog, SourceKind};
use lentic_sql_syntax::ast::{BinaryOp, Expr, ExprNode, Name, Query};

/// The query, for records with a key only; `None`: its source has no keys, or always has them.
pub(super) fn with_key(catalog: &Catalog, query: &Query) -> Option<Query> {
    let source = catalog.source(&query.from.name.text)?;
    if source.kind == SourceKind::Table {
        return None;
    }
    let has_one = source.schema.key().map(|column| {
        let name = ExprNode::Column { source: None, name: Name::new(&*column.name) }.at(query.at);
        ExprNode::IsNull { value: Box::new(name), negated: true }.at(query.at)
    });
    let both = |op: BinaryOp, left: Expr, right: Expr| {
        ExprNode::Binary { op, left: Box::new(left), right: Box::new(right) }.at(query.at)
    };
    let keyed = has_one.reduce(|left, right| both(BinaryOp::Or, left, right))?;
    let filter = match query.filter.clone() {
        Some(filter) => both(BinaryOp::And, keyed, filter),
        None => keyed,
    };
    Some(Query { filter: Some(filter), ..query.clone() })
}
