//! Expressions: from the syntax tree to a value for every row.
//!
//! A [`Compiler`] resolves the names of an expression in a [`Scope`], checks its types in the words of ksqlDB, and makes a
//! [`Compiled`] of it, which is evaluated over rows. Aggregates and table functions are none of its business: the planner
//! takes them out before, with [`visit_calls`] and [`replace`].
mod check;
mod clause;
mod comparer;
mod compiled;
mod compiler;
mod error;
mod eval;
mod frame;
mod invoke;
mod list;
mod node;
mod pattern;
mod replace;
mod scope;
mod typed;

pub use clause::Clause;
pub use compiled::Compiled;
pub use compiler::{Compiler, Environment};
pub use error::{Checked, ExprError, Problem};
pub use replace::{replace, visit_calls};
pub use scope::{Scope, ScopeColumn};
