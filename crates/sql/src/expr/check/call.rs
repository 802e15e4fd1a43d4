//! Calls of functions, with their lambdas and units.
use lentic_sql_syntax::ast::{Args, Expr, ExprNode, Name};

use super::Checker;
use crate::expr::error::Checked;
use crate::expr::list::list_kind;
use crate::expr::node::{CallNode, Node};
use crate::expr::typed::Typed;
use crate::function::{Argument, ArgumentType, CallError, Function, IntervalUnit, Resolved, UNTYPED_NULL};
use crate::types::SqlType;

/// An argument before the overload is known.
enum Given<'e> {
    Value(Typed),
    Lambda { params: &'e [Name], body: &'e Expr },
    Unit(IntervalUnit),
}

impl Checker<'_> {
    pub(super) fn call(&mut self, expr: &Expr, name: &Name, args: &Args) -> Checked<Typed> {
        let registry = self.compiler.environment.registry;
        let function = registry.scalar(&name.text).map_err(|unknown| {
            let what = if registry.aggregate(&name.text).is_ok() {
                "aggregate"
            } else if registry.table(&name.text).is_ok() {
                "table"
            } else {
                return self.type_error(expr, unknown.to_string());
            };
            let clause = self.compiler.clause;
            let article = if what == "aggregate" { "an" } else { "a" };
            let is = format!("{} is {article} {what} function.", name.text.to_uppercase());
            self.type_error(expr, format!("{clause} does not support {what} functions: {is}"))
        })?;
        // Only aggregates know what `*` stands for; to others it is nothing.
        let args = if let Args::List(args) = args { args.as_slice() } else { &[] };
        let mut given = Vec::with_capacity(args.len());
        for arg in args {
            given.push(self.given(function, arg)?);
        }
        if function.name().eq_ignore_ascii_case("COALESCE") {
            self.to_one_type(args, &mut given)?;
        }
        let refuse = |checker: &Self, error: CallError| checker.type_error(expr, error.to_string());
        let kinds: Vec<ArgumentType> = given.iter().map(Given::kind).collect();
        let mut resolved = function.resolve(&kinds).map_err(|error| refuse(self, error))?;
        let mut lambdas = Vec::new();
        for (index, one) in given.iter().enumerate() {
            if let Given::Lambda { params, body } = one {
                lambdas.push(self.lambda(expr, &mut resolved, index, (params, body))?);
            }
        }
        let targets = resolved.targets();
        let (mut arguments, mut constants) = (Vec::new(), Vec::new());
        for ((one, target), arg) in given.into_iter().zip(targets).zip(args) {
            let (node, unit) = match (one, target) {
                (Given::Lambda { .. }, _) => continue,
                (Given::Unit(unit), _) => (Node::Constant(crate::Value::Null), Some(unit)),
                (Given::Value(typed), Some(target)) => {
                    let node = typed.into_argument(&target);
                    (node.map_err(|error| self.type_error(arg, error.to_string()))?, None)
                }
                (Given::Value(typed), None) => (self.finished(arg, typed)?, None),
            };
            constants.push(Argument { kind: None, constant: node.constant().cloned(), unit });
            arguments.push(node);
        }
        let call = resolved.bind(&constants, self.compiler.environment.world);
        let call = call.map_err(|error| refuse(self, error))?;
        let returns = call.returns().clone();
        let call = CallNode { call, arguments: arguments.into(), lambdas: lambdas.into() };
        Ok(Typed::node(Node::Call(Box::new(call)), returns))
    }

    fn given<'e>(&mut self, function: &Function, arg: &'e Expr) -> Checked<Given<'e>> {
        Ok(match &arg.node {
            ExprNode::Lambda { params, body } => Given::Lambda { params, body },
            ExprNode::Unit { word, .. } if function.takes_unit() => match IntervalUnit::named(&word.text) {
                Some(unit) => Given::Unit(unit),
                None => Given::Value(self.typed(arg)?),
            },
            _ => Given::Value(self.typed(arg)?),
        })
    }

    /// COALESCE takes one type as lists do. Where there is none, the function itself says so.
    fn to_one_type(&self, args: &[Expr], given: &mut [Given<'_>]) -> Checked<()> {
        let values =
            given.iter().filter_map(|one| if let Given::Value(typed) = one { Some(typed) } else { None });
        let Ok(Some(kind)) = list_kind(values) else { return Ok(()) };
        for (one, arg) in given.iter_mut().zip(args) {
            if let Given::Value(typed) = one
                && typed.kind.as_ref().is_some_and(|own| *own != kind)
            {
                let own = std::mem::replace(typed, Typed::null());
                *typed = Typed::node(self.coerced(arg, own, &kind)?, kind.clone());
            }
        }
        Ok(())
    }

    /// The body of a lambda, in the type that the function wants of it. It sees the parameters of the lambdas around it.
    fn lambda(
        &mut self,
        expr: &Expr,
        resolved: &mut Resolved<'_>,
        index: usize,
        (params, body): (&[Name], &Expr),
    ) -> Checked<Node> {
        let kinds =
            resolved.lambda_parameters(index).map_err(|error| self.type_error(expr, error.to_string()))?;
        if let Some(twice) = params.iter().enumerate().find(|(at, name)| params[..*at].contains(name)) {
            let text = format!("The lambda has two parameters named '{}'.", twice.1);
            return Err(self.type_error(body, text));
        }
        self.lambdas.push(params.iter().map(|name| name.text.clone()).zip(kinds).collect());
        let typed = self.typed(body);
        self.lambdas.pop();
        let typed = typed?;
        let kind: SqlType = typed.kind.clone().ok_or_else(|| self.type_error(body, UNTYPED_NULL))?;
        let target = resolved.set_lambda_result(index, &kind);
        let target = target.map_err(|error| self.type_error(body, error.to_string()))?;
        self.coerced(body, typed, &target)
    }
}

impl Given<'_> {
    fn kind(&self) -> ArgumentType {
        match self {
            Self::Value(typed) => typed.kind.clone().map_or(ArgumentType::Null, ArgumentType::Value),
            Self::Lambda { params, .. } => ArgumentType::Lambda(params.len()),
            Self::Unit(_) => ArgumentType::Interval,
        }
    }
}
