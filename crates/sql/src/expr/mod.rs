//! Expressions: from the syntax tree to a value for every row.
//!
//! A [`Compiler`] resolves the names of an expression in a [`Scope`], checks its types in the words of ksqlDB, and makes a
//! [`Compiled`] of it, which is evaluated over rows. Aggregates and table functions are none of its business: the planner
//! takes them out before, with [`visit_calls`] and [`replace`].
//!
//! ```
//! # use std::sync::Arc;
//! # use lentic_sql::expr::{Clause, Compiler, Environment, Scope};
//! # use lentic_sql::function::{Registry, World};
//! # use lentic_sql::{SqlType, Value};
//! # use lentic_sql_syntax::{ast::Name, parse_expr};
//! # struct Still;
//! # impl World for Still {
//! #     fn now_ms(&self) -> i64 { 0 }
//! #     fn random_bits(&self) -> u64 { 0 }
//! # }
//! # let (registry, world): (_, Arc<dyn World>) = (Registry::standard(), Arc::new(Still));
//! # let environment = Environment { registry: &registry, world: &world, types: &|_| Err(String::new()) };
//! let (id, delay) = (Name::new("ID"), Name::new("DELAY"));
//! let columns = [(&id, &SqlType::String), (&delay, &SqlType::Integer)];
//! let scope = Scope::of_source(&Name::new("FLIGHTS"), columns);
//!
//! let late = parse_expr("flights.delay / 60 >= 1")?;
//! let late = Compiler::new(environment, &scope, Clause::Where).compile(&late)?;
//! assert_eq!(late.text(), "((DELAY / 60) >= 1)");
//! assert!(late.holds(&["LX 1".into(), Value::Integer(75)], &mut |error| println!("{error}")));
//!
//! let misspelt = Compiler::new(environment, &scope, Clause::Select).compile(&parse_expr("DELYA")?).unwrap_err();
//! assert_eq!(misspelt.suggestion(), Some("DELAY"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
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
