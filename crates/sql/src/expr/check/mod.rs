//! Names are resolved, types checked, and nodes built, all in one pass from the leaves up.
mod access;
mod branch;
mod call;
mod comparison;
mod construct;
mod literal;
mod membership;
mod operator;
mod timestamp;

use lentic_sql_syntax::ast::{Expr, ExprNode, Name};

use super::compiler::Compiler;
use super::error::{Checked, ExprError, Problem};
use super::node::Node;
use super::typed::Typed;
use crate::types::SqlType;

/// Checks one expression.
pub(super) struct Checker<'a> {
    compiler: &'a Compiler<'a>,
    /// The parameters of the lambdas around what is checked, the innermost last.
    lambdas: Vec<Vec<(String, SqlType)>>,
}

impl<'a> Checker<'a> {
    pub fn new(compiler: &'a Compiler<'a>) -> Self {
        Self { compiler, lambdas: Vec::new() }
    }

    /// The expression with its type.
    pub fn typed(&mut self, expr: &Expr) -> Checked<Typed> {
        match &expr.node {
            ExprNode::Literal(literal) => self.literal(expr, literal),
            ExprNode::Typed { type_name, text } => self.typed_text(expr, type_name, text),
            ExprNode::Column { source, name } => self.column(expr, source.as_ref(), name),
            ExprNode::Unit { word, .. } => self.column(expr, None, word),
            ExprNode::Not(operand) => self.not(operand),
            ExprNode::Negate(operand) => self.sign(expr, operand, true),
            ExprNode::Plus(operand) => self.sign(expr, operand, false),
            ExprNode::Binary { op, left, right } => self.binary(expr, *op, left, right),
            ExprNode::Like { value, pattern, escape } => self.like(value, pattern, *escape),
            ExprNode::Between { value, low, high } => self.between(expr, value, low, high),
            ExprNode::In { value, items } => self.membership(expr, value, items),
            ExprNode::IsNull { value, negated } => {
                let value = self.node(value)?;
                Ok(Typed::boolean(Node::IsNull { value: Box::new(value), negated: *negated }.folded()))
            }
            ExprNode::Case { operand: None, branches, otherwise } => {
                self.searched_case(expr, branches, otherwise.as_deref())
            }
            ExprNode::Case { operand: Some(operand), branches, otherwise } => {
                self.simple_case(expr, operand, branches, otherwise.as_deref())
            }
            ExprNode::Cast { value, data_type } => self.cast(expr, value, data_type),
            ExprNode::Call { name, args } => self.call(expr, name, args),
            ExprNode::Lambda { .. } => {
                Err(self.type_error(expr, format!("A lambda is only an argument of a function: {expr}")))
            }
            ExprNode::Array(items) => self.array(expr, items),
            ExprNode::Map(entries) => self.map(expr, entries),
            ExprNode::Struct(fields) => self.structure(expr, fields),
            ExprNode::Subscript { base, index } => self.subscript(expr, base, index),
            ExprNode::Field { base, field } => self.field(expr, base, field),
        }
    }

    /// What is evaluated, in its own type.
    fn node(&mut self, expr: &Expr) -> Checked<Node> {
        let typed = self.typed(expr)?;
        self.finished(expr, typed)
    }

    fn finished(&self, expr: &Expr, typed: Typed) -> Checked<Node> {
        typed.into_node().map_err(|error| self.type_error(expr, error.to_string()))
    }

    fn coerced(&self, expr: &Expr, typed: Typed, to: &SqlType) -> Checked<Node> {
        typed.coerced(to).map_err(|error| self.type_error(expr, error.to_string()))
    }

    /// A column, or a parameter of a lambda, which hides columns and outer parameters of its name.
    fn column(&self, expr: &Expr, source: Option<&Name>, name: &Name) -> Checked<Typed> {
        if source.is_none() {
            for (depth, parameters) in self.lambdas.iter().rev().enumerate() {
                if let Some(index) = parameters.iter().position(|(known, _)| *known == name.text) {
                    let kind = parameters[index].1.clone();
                    return Ok(Typed::node(Node::Parameter { depth, index }, kind));
                }
            }
        }
        let column = self.compiler.scope.resolve(source, name);
        let column = column.map_err(|problem| self.compiler.refuse(expr, problem))?;
        Ok(Typed::node(Node::Column(column.index), column.kind.clone()))
    }

    fn show(&self, expr: &Expr) -> String {
        self.compiler.scope.show(expr)
    }

    fn type_error(&self, expr: &Expr, text: impl Into<String>) -> ExprError {
        self.compiler.refuse(expr, Problem::Type(text.into()))
    }

    fn conversion_error(&self, expr: &Expr, text: impl Into<String>) -> ExprError {
        self.compiler.refuse(expr, Problem::Conversion(text.into()))
    }
}
