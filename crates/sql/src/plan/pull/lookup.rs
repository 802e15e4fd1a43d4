//! Which rows a pull query reads.
use std::ops::Bound;

use lentic_sql_syntax::ast::{BinaryOp, Expr, ExprNode, Literal};

use super::PullRequest;
use super::predicate::disjuncts;
use crate::cast::Cast;
use crate::coercion::{Mode, can_coerce, coerce};
use crate::expr::Scope;
use crate::plan::View;
use crate::plan::analysis::Analysis;
use crate::plan::flow::{Flow, Role};
use crate::plan::row::Key;
use crate::plan::select::qualified;
use crate::serde::FormatName;
use crate::{Refusal, SqlType, Value};

/// The rows that are read. What of them is in the answer is decided by the whole of WHERE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Those of these keys, in the bytes that they have without windows.
    Keys(Vec<Vec<u8>>),
    /// Those of the keys between two, in the order of their bytes.
    Range {
        /// The least.
        from: Bound<Vec<u8>>,
        /// The greatest.
        to: Bound<Vec<u8>>,
    },
    /// All.
    Scan,
}

/// The windows that are read, by their starts: milliseconds, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowBounds {
    /// The earliest start.
    pub start_from: i64,
    /// The latest start.
    pub start_to: i64,
}

const NEEDS_SCAN: &str = "Query requires table scan to be enabled. Table scans can be enabled by setting \
                          ksql.query.pull.table.scan.enabled=true";
const COMBINED: &str = "A comparison condition on the key column cannot be combined with other comparisons such as an IN \
                        predicate";
const UNRESOLVABLE: &str = "A comparison must be between a key column and a resolvable expression.";

/// What one disjunct says of the key.
enum Said {
    Key(Vec<Value>),
    Bound(BinaryOp, Value),
    Prefix(String),
}

impl Analysis<'_> {
    pub(super) fn lookup(
        &self,
        request: &PullRequest<'_>,
        flow: &Flow,
        view: &View,
    ) -> Result<(Lookup, Option<WindowBounds>), Refusal> {
        let query = request.query;
        let windows = flow.window.map(|_| WindowBounds { start_from: 0, start_to: i64::MAX });
        let scan = |why: &Refusal| {
            if self.settings.is_on("ksql.query.pull.table.scan.enabled", true) {
                Ok(Lookup::Scan)
            } else {
                Err(why.clone())
            }
        };
        let Some(filter) = &query.filter else { return Ok((scan(&Refusal::new(NEEDS_SCAN))?, windows)) };
        let filter = qualified(filter, &flow.scope());
        let Some(disjuncts) = disjuncts(&filter) else {
            return Ok((scan(&Refusal::new(NEEDS_SCAN))?, windows));
        };
        let windows = match (&*disjuncts, windows) {
            ([only], Some(windows)) => Some(narrow(windows, only)),
            (_, windows) => windows,
        };
        let mut keys = Vec::new();
        for disjunct in &disjuncts {
            match self.said(disjunct, flow)? {
                Ok(Said::Key(values)) => {
                    let bytes =
                        view.key_bytes(&Key::new(values)).map_err(|error| Refusal::new(error.to_string()))?;
                    keys.extend(bytes.filter(|bytes| !keys.contains(bytes)));
                }
                Ok(Said::Bound(op, value)) if disjuncts.len() == 1 => {
                    let allowed = self.settings.is_on("ksql.query.pull.range.scan.enabled", true);
                    let allowed = allowed
                        && (request.extensions || matches!(value, Value::String(_) | Value::Bytes(_)));
                    let range = if allowed { range(flow, view, op, &value)? } else { None };
                    return Ok((range.map_or_else(|| scan(&Refusal::new(NEEDS_SCAN)), Ok)?, windows));
                }
                Ok(Said::Prefix(prefix)) if disjuncts.len() == 1 => {
                    let range = prefix_range(flow, &prefix);
                    return Ok((range.map_or_else(|| scan(&Refusal::new(NEEDS_SCAN)), Ok)?, windows));
                }
                Ok(_) => return Ok((scan(&Refusal::new(NEEDS_SCAN))?, windows)),
                Err(why) => return Ok((scan(&why)?, windows)),
            }
        }
        Ok((Lookup::Keys(keys), windows))
    }

    /// What a disjunct says of the key, or why it does not say enough. The outer error is one whatever is allowed.
    fn said(&self, disjunct: &[Expr], flow: &Flow) -> Result<Result<Said, Refusal>, Refusal> {
        let scope = flow.scope();
        let mut values: Vec<Option<Value>> = vec![None; flow.key.len()];
        let mut bounds = Vec::new();
        let mut compared = 0;
        let no = |text: &str| Ok(Err(Refusal::new(text)));
        for part in disjunct {
            let ExprNode::Binary { op, left, right } = &part.node else {
                if let Some(prefix) = like_prefix(part, flow, &scope) {
                    return Ok(Ok(Said::Prefix(prefix)));
                }
                continue;
            };
            if matches!(op, BinaryOp::And | BinaryOp::Or) || !is_comparison(*op) {
                continue;
            }
            let (left_key, right_key) = (key_of(left, flow, &scope), key_of(right, flow, &scope));
            let (index, other, op) = match (left_key, right_key) {
                (Some(index), _) => (index, right, *op),
                (None, Some(index)) => (index, left, flipped(*op)),
                (None, None) => {
                    if names_key(part, flow, &scope) {
                        return no("A comparison must directly reference a key column.");
                    }
                    continue;
                }
            };
            if has_columns(other) {
                return no(UNRESOLVABLE);
            }
            let value = self.key_value(other, part, &flow.key[index], &scope)?;
            compared += 1;
            match op {
                BinaryOp::Equal if values[index].is_none() && bounds.is_empty() => {
                    values[index] = Some(value)
                }
                BinaryOp::Equal => return no(COMBINED),
                BinaryOp::Less | BinaryOp::LessOrEqual | BinaryOp::Greater | BinaryOp::GreaterOrEqual => {
                    if compared > 1 && flow.key.len() == 1 {
                        return no(COMBINED);
                    }
                    bounds.push((op, value));
                }
                _ => {
                    let column = &flow.key[index];
                    return no(&format!(
                        "Bound on key columns '[`{}` {} KEY]' must currently be '='. ",
                        column.name, column.kind
                    ));
                }
            }
        }
        if flow.key.len() == 1
            && let Some((op, value)) = bounds.pop()
        {
            return Ok(Ok(Said::Bound(op, value)));
        }
        let known = values.iter().flatten().count();
        if known == flow.key.len() && known > 0 {
            return Ok(Ok(Said::Key(values.into_iter().flatten().collect())));
        }
        if flow.key.len() == 1 {
            let shown: Vec<String> = disjunct.iter().map(|part| scope.show(part)).collect();
            return no(&format!("WHERE clause missing key column for disjunct: {}", shown.join(" AND ")));
        }
        let names = |wanted: bool| {
            let keys = flow.key.iter().zip(&values);
            let names: Vec<_> = keys
                .filter(|(_, value)| !wanted || value.is_some())
                .map(|(key, _)| format!("`{}`", key.name))
                .collect();
            names.join(", ")
        };
        no(&format!(
            "Multi-column sources must specify every key in the WHERE clause. Specified: [{}] Expected: [{}]",
            names(true),
            names(false)
        ))
    }

    /// The value that a key column is compared with, in the column's type.
    fn key_value(
        &self,
        expr: &Expr,
        comparison: &Expr,
        column: &crate::plan::flow::KeyColumn,
        scope: &Scope,
    ) -> Result<Value, Refusal> {
        let compiled = self.compile_open(expr, scope)?;
        let value = compiled.eval(&[]).map_err(|error| Refusal::new(error.to_string()))?;
        let null = || {
            Refusal::new(format!(
                "Primary key columns can not be NULL: {}",
                scope.show(comparison).replace("NULL", "null")
            ))
        };
        let Some(kind) = compiled.kind().filter(|_| !value.is_null()) else { return Err(null()) };
        let wrong = || {
            Refusal::new(format!(
                "{expr} can not be converted to the type of the key column: {} {} KEY",
                column.name, column.kind
            ))
        };
        if kind == &column.kind {
            return Ok(value);
        }
        if *kind == SqlType::String && column.kind.is_temporal() {
            let cast = Cast::new(kind, &column.kind).map_err(|_| wrong())?;
            return cast.apply(&value).map_err(|_| wrong());
        }
        if !can_coerce(kind, &column.kind, Mode::Strict) {
            return Err(wrong());
        }
        coerce(&value, kind, &column.kind, Mode::Strict).map_err(|_| wrong())
    }
}

fn is_comparison(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessOrEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterOrEqual
            | BinaryOp::IsDistinctFrom
    )
}

fn flipped(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessOrEqual => BinaryOp::GreaterOrEqual,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterOrEqual => BinaryOp::LessOrEqual,
        other => other,
    }
}

/// The key column that an expression is.
pub(super) fn key_of(expr: &Expr, flow: &Flow, scope: &Scope) -> Option<usize> {
    let ExprNode::Column { source, name } = &expr.node else { return None };
    let column = scope.resolve(source.as_ref(), name).ok()?;
    flow.key.iter().position(|key| key.columns.contains(&column.index))
}

pub(super) fn names_key(expr: &Expr, flow: &Flow, scope: &Scope) -> bool {
    expr.any(&mut |part| key_of(part, flow, scope).is_some())
}

fn has_columns(expr: &Expr) -> bool {
    expr.any(&mut |part| matches!(part.node, ExprNode::Column { .. }))
}

/// The text that a key has to begin with: `key LIKE 'text%'`.
fn like_prefix(expr: &Expr, flow: &Flow, scope: &Scope) -> Option<String> {
    let ExprNode::Like { value, pattern, escape: None } = &expr.node else { return None };
    let ExprNode::Literal(Literal::String(pattern)) = &pattern.node else { return None };
    key_of(value, flow, scope).filter(|_| flow.key.len() == 1)?;
    let prefix = pattern.split(['%', '_']).next().unwrap_or_default();
    (!prefix.is_empty() && !pattern.contains('\\')).then(|| prefix.to_owned())
}

/// The windows that the comparisons of one disjunct leave.
fn narrow(mut windows: WindowBounds, disjunct: &[Expr]) -> WindowBounds {
    for part in disjunct {
        let ExprNode::Binary { op, left, right } = &part.node else { continue };
        let (bound, op) = match (is_window_start(left), is_window_start(right)) {
            (true, false) => (number(right), *op),
            (false, true) => (number(left), flipped(*op)),
            _ => continue,
        };
        let Some(bound) = bound else { continue };
        match op {
            BinaryOp::Equal => {
                windows.start_from = windows.start_from.max(bound);
                windows.start_to = windows.start_to.min(bound);
            }
            BinaryOp::Greater => windows.start_from = windows.start_from.max(bound.saturating_add(1)),
            BinaryOp::GreaterOrEqual => windows.start_from = windows.start_from.max(bound),
            BinaryOp::Less => windows.start_to = windows.start_to.min(bound.saturating_sub(1)),
            BinaryOp::LessOrEqual => windows.start_to = windows.start_to.min(bound),
            _ => {}
        }
    }
    windows
}

fn is_window_start(expr: &Expr) -> bool {
    matches!(&expr.node, ExprNode::Column { name, .. } if name.text == "WINDOWSTART")
}

fn number(expr: &Expr) -> Option<i64> {
    match &expr.node {
        ExprNode::Literal(Literal::Integer(number)) => Some(i64::from(*number)),
        ExprNode::Literal(Literal::Bigint(number)) => Some(*number),
        _ => None,
    }
}

/// The keys on one side of a value, where the order of their bytes is that of the values.
fn range(flow: &Flow, view: &View, op: BinaryOp, value: &Value) -> Result<Option<Lookup>, Refusal> {
    if flow.window.is_some() || flow.key_format.name != FormatName::Kafka {
        return Ok(None);
    }
    let bytes =
        view.key_bytes(&Key::new(vec![value.clone()])).map_err(|error| Refusal::new(error.to_string()))?;
    let Some(bytes) = bytes else { return Ok(None) };
    let upwards = matches!(op, BinaryOp::Greater | BinaryOp::GreaterOrEqual);
    let bound = match op {
        BinaryOp::Greater | BinaryOp::Less => Bound::Excluded(bytes.clone()),
        _ => Bound::Included(bytes.clone()),
    };
    // Negative numbers have the greater bytes: a range that has numbers of either sign is none of bytes.
    let other_end = match value {
        Value::String(_) | Value::Bytes(_) => Bound::Unbounded,
        Value::Integer(number) if (*number >= 0) == upwards => end(bytes.len(), upwards),
        Value::Bigint(number) if (*number >= 0) == upwards => end(bytes.len(), upwards),
        _ => return Ok(None),
    };
    Ok(Some(if upwards {
        Lookup::Range { from: bound, to: other_end }
    } else {
        Lookup::Range { from: other_end, to: bound }
    }))
}

/// The greatest positive number, or the least negative one, as bytes.
fn end(width: usize, greatest: bool) -> Bound<Vec<u8>> {
    let mut bytes = vec![if greatest { 0xff } else { 0 }; width];
    bytes[0] = if greatest { 0x7f } else { 0x80 };
    Bound::Included(bytes)
}

fn prefix_range(flow: &Flow, prefix: &str) -> Option<Lookup> {
    let is_text = flow.key.first().is_some_and(|key| key.kind == SqlType::String);
    if !is_text || flow.window.is_some() || flow.key_format.name != FormatName::Kafka {
        return None;
    }
    let from = prefix.as_bytes().to_vec();
    let mut to = from.clone();
    // UTF-8 has no byte 0xff: the last byte has a successor.
    if let Some(last) = to.last_mut() {
        *last += 1;
    }
    Some(Lookup::Range { from: Bound::Included(from), to: Bound::Excluded(to) })
}

impl Role {
    /// Whether such a column is of the key of a row.
    pub(in crate::plan) fn is_of_key(self) -> bool {
        matches!(self, Self::Key | Self::Bound)
    }
}
