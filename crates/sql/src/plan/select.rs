//! `SELECT`: what is returned, and under which names.
use std::collections::BTreeSet;

use lentic_sql_syntax::ast::{Expr, ExprNode, Name, SelectItem};

use super::Analysis;
use super::flow::{Flow, Role};
use crate::catalog::RESERVED;
use crate::expr::{Clause, Scope};
use crate::{Refusal, SqlType};

/// One column of the result: where it comes from, with its columns qualified by their sources.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) expr: Expr,
    pub(super) alias: Name,
}

/// Columns of which every record has one, so that in a join each source's is meant.
const PSEUDO: [&str; 3] = ["ROWTIME", "ROWPARTITION", "ROWOFFSET"];

impl Analysis<'_> {
    /// The columns of the result, stars written out, every one with a name.
    ///
    /// `named`: those of all but the stars, if they were looked at before.
    pub(super) fn items(
        &self,
        select: &[SelectItem],
        flow: &Flow,
        named: &[Item],
    ) -> Result<Vec<Item>, Refusal> {
        let scope = flow.scope();
        let mut names = Names::new(flow, select);
        let mut items = Vec::new();
        let mut named = named.iter();
        for item in select {
            match item {
                SelectItem::All { source, at } => {
                    self.star(source.as_ref(), flow, &mut items).map_err(|refusal| refusal.at(at.0))?
                }
                SelectItem::AllFields { base } => {
                    for field in self.fields(base, &scope)? {
                        if let Some(item) = named.next() {
                            items.push(item.clone());
                            continue;
                        }
                        let expr = ExprNode::Field { base: Box::new(base.clone()), field: field.clone() };
                        let alias = names.field(&field);
                        items.push(Item { expr: qualified(&expr.at(base.at), &scope), alias });
                    }
                }
                SelectItem::Expr { .. } if !named.as_slice().is_empty() => {
                    items.extend(named.next().cloned())
                }
                SelectItem::Expr { expr, alias: Some(alias) } => {
                    if RESERVED.contains(&alias.text.as_str()) && self.is_persistent() {
                        if matches!(&expr.node, ExprNode::Column { name, .. } if name == alias) {
                            return Err(reserved(alias));
                        }
                        return Err(Refusal::new(format!(
                            "`{}` is a reserved column name. You cannot use it as an alias for a column.",
                            alias.text
                        ))
                        .at(alias.at.0));
                    }
                    items.push(Item { expr: qualified(expr, &scope), alias: alias.clone() });
                }
                SelectItem::Expr { expr, alias: None } => {
                    let expr = qualified(expr, &scope);
                    let alias = match &expr.node {
                        ExprNode::Column { source, name } => column_name(source.as_ref(), name, flow),
                        ExprNode::Field { field, .. } => names.field(field),
                        _ => names.generated(),
                    };
                    if self.is_persistent() && RESERVED.contains(&alias.text.as_str()) {
                        return Err(reserved(&alias).at(expr.at.0));
                    }
                    items.push(Item { expr, alias });
                }
            }
        }
        Ok(items)
    }

    fn star(&self, source: Option<&Name>, flow: &Flow, items: &mut Vec<Item>) -> Result<(), Refusal> {
        if let Some(source) = source
            && !flow.columns.iter().any(|column| column.source.as_ref() == Some(source))
        {
            return Err(Refusal::new(format!("'{source}' is not a valid stream/table name or alias.")));
        }
        let joined = flow.is_joined();
        let repartitioned = self.query().partition_by.is_some();
        let mut add = |index: usize| {
            let column = &flow.columns[index];
            let node = ExprNode::Column { source: column.source.clone(), name: column.name.clone() };
            items.push(Item { expr: node.into(), alias: Name::new(&*column.flat) });
        };
        let of_source = |index: &usize| source.is_none() || flow.columns[*index].source.as_ref() == source;
        // Keys of a single source come first, and those that no source has.
        let mut seen = BTreeSet::new();
        for key in &flow.key {
            for index in key.columns.iter().filter(|index| of_source(index)) {
                if !joined || repartitioned || flow.columns[*index].source.is_none() {
                    seen.insert(*index);
                    add(*index);
                    break;
                }
            }
        }
        if !self.is_persistent() && !joined {
            for (index, column) in flow.columns.iter().enumerate() {
                if column.role == Role::Bound && of_source(&index) {
                    add(index);
                }
            }
        }
        let mut sources: Vec<Option<&Name>> = Vec::new();
        for column in &flow.columns {
            if !sources.contains(&column.source.as_ref()) {
                sources.push(column.source.as_ref());
            }
        }
        // A column without a source is there only as the key.
        for one in sources.into_iter().flatten() {
            let of_one =
                |index: &usize| flow.columns[*index].source.as_ref() == Some(one) && of_source(index);
            let all = (0..flow.columns.len()).filter(of_one);
            if joined && !repartitioned {
                // The bounds of windows stand behind the key that they belong to.
                for role in [Role::Key, Role::Bound] {
                    let some = all.clone().filter(|index| flow.columns[*index].role == role);
                    some.filter(|index| !seen.contains(index)).for_each(&mut add);
                }
            }
            for index in all {
                let column = &flow.columns[index];
                let wanted = match column.role {
                    Role::Value => true,
                    Role::Key => repartitioned,
                    Role::Pseudo => repartitioned && joined,
                    Role::Bound => false,
                };
                if wanted && !seen.contains(&index) {
                    add(index);
                }
            }
        }
        Ok(())
    }

    fn fields(&self, base: &Expr, scope: &Scope) -> Result<Vec<Name>, Refusal> {
        let compiled = self.compile(base, scope, Clause::Select)?;
        match compiled.kind() {
            Some(SqlType::Struct(structure)) => {
                Ok(structure.fields().iter().map(|field| Name::new(&*field.name)).collect())
            }
            kind => {
                let kind = kind.map_or_else(|| "NULL".to_owned(), ToString::to_string);
                let text =
                    format!("Cannot use '->*' on an expression of type {kind}: {base}. It must be a STRUCT.");
                Err(Refusal::new(text).at(base.at.0))
            }
        }
    }
}

fn reserved(name: &Name) -> Refusal {
    let text = format!("Reserved column name in select: `{}`. Please remove or alias the column.", name.text);
    Refusal::new(text).at(name.at.0)
}

/// The name of a column that has no other: where sources meet, with its source's if another one has the name, too.
fn column_name(source: Option<&Name>, name: &Name, flow: &Flow) -> Name {
    let Some(source) = source else { return name.clone() };
    if !flow.is_joined() {
        return name.clone();
    }
    let clashes =
        |column: &super::flow::FlowColumn| column.source.as_ref() != Some(source) && column.name == *name;
    if PSEUDO.contains(&name.text.as_str()) || flow.columns.iter().any(clashes) {
        return Name::new(format!("{}_{}", source.text, name.text));
    }
    name.clone()
}

/// Names for what has none.
struct Names {
    taken: BTreeSet<String>,
    next: usize,
}

impl Names {
    fn new(flow: &Flow, _select: &[SelectItem]) -> Self {
        Self { taken: flow.columns.iter().map(|column| column.name.text.clone()).collect(), next: 0 }
    }

    /// `KSQL_COL_0` and so on, the first that no column has.
    fn generated(&mut self) -> Name {
        loop {
            let name = format!("KSQL_COL_{}", self.next);
            self.next += 1;
            if !self.taken.contains(&name) {
                return Name::new(name);
            }
        }
    }

    /// The field's name, with a number if it is taken.
    fn field(&mut self, field: &Name) -> Name {
        let mut name = field.text.clone();
        let mut number = 0;
        while !self.taken.insert(name.clone()) {
            number += 1;
            name = format!("{}_{number}", field.text);
        }
        Name::new(name)
    }
}

/// The expression with the source of every column that can be found; parameters of lambdas are none.
pub(super) fn qualified(expr: &Expr, scope: &Scope) -> Expr {
    let mut expr = expr.clone();
    qualify(&mut expr, scope, &mut Vec::new());
    expr
}

fn qualify(expr: &mut Expr, scope: &Scope, bound: &mut Vec<Name>) {
    match &mut expr.node {
        ExprNode::Column { source, name } => {
            if source.is_none()
                && !bound.contains(name)
                && let Ok(column) = scope.resolve(None, name)
            {
                *source = column.source.clone();
            }
        }
        ExprNode::Lambda { params, body } => {
            let before = bound.len();
            bound.extend(params.iter().cloned());
            qualify(body, scope, bound);
            bound.truncate(before);
        }
        _ => expr.for_each_child_mut(|child| qualify(child, scope, bound)),
    }
}
