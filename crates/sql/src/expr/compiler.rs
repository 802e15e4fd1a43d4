//! From the syntax tree to something that can be evaluated.
use std::sync::Arc;

use lentic_sql_syntax::ast::{DataType, Expr};

use super::check::Checker;
use super::compiled::Compiled;
use super::error::{Checked, ExprError, Problem};
use super::node::Node;
use super::{Clause, Scope};
use crate::coercion::{Mode, can_coerce};
use crate::function::{Registry, World};
use crate::types::SqlType;

/// What expressions may use besides columns.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// The functions.
    pub registry: &'a Registry,
    /// Clock and chance, for functions.
    pub world: &'a Arc<dyn World>,
    /// What types that are written down mean, custom ones included; an error is told as it is.
    pub types: &'a dyn Fn(&DataType) -> Result<SqlType, String>,
}

/// Compiles the expressions of one clause.
#[derive(Clone, Copy)]
pub struct Compiler<'a> {
    pub(super) environment: Environment<'a>,
    pub(super) scope: &'a Scope,
    pub(super) clause: Clause,
}

impl<'a> Compiler<'a> {
    /// For a clause that sees these columns.
    pub fn new(environment: Environment<'a>, scope: &'a Scope, clause: Clause) -> Self {
        Self { environment, scope, clause }
    }

    /// Compiles an expression. In a SELECT it must have a type; elsewhere it may be a plain NULL. In a filter it must be a
    /// BOOLEAN.
    pub fn compile(&self, expr: &Expr) -> Checked<Compiled> {
        let (node, kind) = self.checked(expr)?;
        match (&kind, self.clause) {
            (Some(SqlType::Boolean), _) => {}
            (_, clause) if clause.is_filter() => {
                let kind = kind.map_or_else(|| "null".to_owned(), |kind| kind.to_string());
                let problem = Problem::NoFilter { text: self.scope.show(expr), kind };
                return Err(self.refuse(expr, problem));
            }
            (None, Clause::Select) => {
                return Err(self.refuse(expr, Problem::Type(crate::function::UNTYPED_NULL.to_owned())));
            }
            _ => {}
        }
        Ok(Compiled::new(node, kind, self.scope.show(expr)))
    }

    /// Compiles an expression whose value goes where another type is wanted: a literal coerces freely, everything else to
    /// wider types only. `None` is a type that does not fit; it comes with what would.
    pub fn compile_as(&self, expr: &Expr, to: &SqlType) -> Checked<Result<Compiled, Option<SqlType>>> {
        let typed = Checker::new(self).typed(expr)?;
        let mode = if typed.is_literal() { Mode::Lax } else { Mode::Strict };
        if let Some(kind) = &typed.kind
            && !can_coerce(kind, to, mode)
        {
            return Ok(Err(typed.kind));
        }
        let node = typed.coerced(to);
        let node = node.map_err(|error| self.refuse(expr, Problem::Type(error.to_string())))?;
        Ok(Ok(Compiled::new(node, Some(to.clone()), self.scope.show(expr))))
    }

    fn checked(&self, expr: &Expr) -> Checked<(Node, Option<SqlType>)> {
        let filter = self.clause.is_filter().then(|| self.scope.show(expr).into_boxed_str());
        let checked = Checker::new(self).typed(expr).and_then(|typed| {
            let kind = typed.kind.clone();
            let node = typed.into_node();
            let node = node.map_err(|error| self.refuse(expr, Problem::Type(error.to_string())))?;
            Ok((node, kind))
        });
        checked.map_err(|error| ExprError { filter, ..error })
    }

    /// An error at an expression.
    pub(super) fn refuse(&self, expr: &Expr, problem: Problem) -> ExprError {
        ExprError { clause: self.clause, at: expr.at.0, problem, filter: None }
    }
}
