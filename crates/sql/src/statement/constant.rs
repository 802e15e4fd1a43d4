//! The values of expressions that no row is needed for.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lentic_sql_syntax::ast::{Expr, ExprNode, Literal};

use crate::Refusal;
use crate::catalog::{Catalog, sql_type};
use crate::expr::{Clause, Compiler, Environment, Scope};
use crate::plan::Planner;
use crate::types::SqlType;
use crate::value::Value;

/// Evaluates expressions without columns.
#[derive(Clone, Copy)]
pub struct Constants<'a> {
    /// Its functions are known.
    pub planner: &'a Planner,
    /// Its types are known.
    pub catalog: &'a Catalog,
}

impl Constants<'_> {
    /// The value of an expression where a value of this type is wanted; literals coerce freely, and text that is base64 is BYTES.
    pub fn value(&self, expr: &Expr, kind: &SqlType) -> Result<Value, Refusal> {
        if let (SqlType::Bytes, ExprNode::Literal(Literal::String(text))) = (kind, &expr.node) {
            let bytes = STANDARD.decode(text).map_err(|error| {
                Refusal::new(format!("BYTES are written as text in base64, which '{text}' is not: {error}"))
                    .at(expr.at.0)
            });
            return bytes.map(Value::bytes);
        }
        let types = |written: &_| sql_type(written, self.catalog).map_err(|refusal| refusal.to_string());
        let environment =
            Environment { registry: &self.planner.registry, world: &self.planner.world, types: &types };
        let scope = Scope::default();
        let compiled = Compiler::new(environment, &scope, Clause::Values).compile_as(expr, kind);
        let compiled = compiled.map_err(|error| Refusal::new(error.to_string()).at(error.position()))?;
        let compiled = compiled.map_err(|found| {
            let found = found.map_or_else(|| "null".to_owned(), |found| found.to_string());
            Refusal::new(format!("Expected type {kind} for field but got {found}({expr})")).at(expr.at.0)
        })?;
        compiled.eval(&[]).map_err(|error| Refusal::new(error.to_string()).at(expr.at.0))
    }
}
