//! The columns that an expression may name.
use std::collections::BTreeMap;

use lentic_sql_syntax::ast::{Expr, ExprNode, Name};

use super::error::{Problem, qualified};
use crate::types::SqlType;

/// A column in sight. Pseudo columns are columns as any other.
#[derive(Clone, Debug)]
pub struct ScopeColumn {
    /// The name or alias of the source it comes from, if it has one.
    pub source: Option<Name>,
    /// Its name.
    pub name: Name,
    /// Its type.
    pub kind: SqlType,
    /// Where in the row its values are.
    pub index: usize,
    /// What messages show in its place: an aggregate call of which it is the result, or the name that a join gives it.
    pub shown: Option<Expr>,
}

/// The columns in sight, found by name.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    columns: Vec<ScopeColumn>,
    by_name: BTreeMap<String, Vec<usize>>,
}

impl Scope {
    /// With these columns.
    pub fn new(columns: impl IntoIterator<Item = ScopeColumn>) -> Self {
        let mut scope = Self::default();
        columns.into_iter().for_each(|column| scope.add(column));
        scope
    }

    /// With the columns of one source, in the order of the row.
    pub fn of_source<'a>(source: &Name, columns: impl IntoIterator<Item = (&'a Name, &'a SqlType)>) -> Self {
        Self::new(columns.into_iter().enumerate().map(|(index, (name, kind))| ScopeColumn {
            source: Some(source.clone()),
            name: name.clone(),
            kind: kind.clone(),
            index,
            shown: None,
        }))
    }

    /// Adds a column.
    pub fn add(&mut self, column: ScopeColumn) {
        self.by_name.entry(column.name.text.clone()).or_default().push(self.columns.len());
        self.columns.push(column);
    }

    /// All columns, in the order in which they were added.
    pub fn columns(&self) -> &[ScopeColumn] {
        &self.columns
    }

    /// The column that a reference means.
    pub fn resolve(&self, source: Option<&Name>, name: &Name) -> Result<&ScopeColumn, Problem> {
        if let Some(source) = source
            && !self.columns.iter().any(|column| column.source.as_ref() == Some(source))
        {
            let sources = self.columns.iter().filter_map(|column| column.source.as_ref());
            let near = nearest(&source.text, sources);
            return Err(Problem::UnknownSource { name: source.to_string(), near });
        }
        let of_source = |column: &&ScopeColumn| source.is_none() || column.source.as_ref() == source;
        let named = self.by_name.get(&name.text).map(Vec::as_slice).unwrap_or_default();
        let found: Vec<_> = named.iter().map(|at| &self.columns[*at]).filter(of_source).collect();
        match found.as_slice() {
            [column] => Ok(column),
            [] => {
                let names = self.columns.iter().filter(of_source).map(|column| &column.name);
                Err(Problem::UnknownColumn {
                    name: qualified(source, name),
                    near: nearest(&name.text, names),
                })
            }
            several => Err(Problem::AmbiguousColumn {
                name: qualified(source, name),
                candidates: several.iter().map(|one| qualified(one.source.as_ref(), &one.name)).collect(),
            }),
        }
    }

    /// An expression as messages print it: what its columns are shown as, without their sources.
    pub fn show(&self, expr: &Expr) -> String {
        let mut shown = expr.clone();
        self.replace_columns(&mut shown);
        shown.to_string()
    }

    fn replace_columns(&self, expr: &mut Expr) {
        if let ExprNode::Column { source, name } = &mut expr.node {
            if let Ok(column) = self.resolve(source.as_ref(), name) {
                *expr = column.shown.clone().unwrap_or_else(|| {
                    ExprNode::Column { source: None, name: column.name.clone() }.at(expr.at)
                });
            }
        } else {
            expr.for_each_child_mut(|child| self.replace_columns(child));
        }
    }
}

/// The name that looks most like a word, if one does, as it has to be written.
pub(super) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a Name>) -> Option<String> {
    let near = lentic_sql_syntax::nearest(word, names.into_iter().map(|name| name.text.as_str()))?;
    Some(Name::new(near).to_string())
}
