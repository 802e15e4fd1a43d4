//! Statements, executed: what each does to the catalog and the queries of a service, and to the session it is given in.
//!
//! Nothing here touches a log or a clock. A [`State`] is cheap to clone, so a statement is tried on a copy first; what has to
//! happen outside comes back as [`Effect`]s.
//!
//! ```
//! use lentic_sql::statement::{Context, Executed, Session, State, Topics};
//! use lentic_sql_syntax::parse_statement;
//! # use std::sync::Arc;
//! # use lentic_sql::function::{Registry, World};
//! # use lentic_sql::plan::{Planner, ProcessingLog};
//! # struct Still;
//! # impl World for Still {
//! #     fn now_ms(&self) -> i64 { 0 }
//! #     fn random_bits(&self) -> u64 { 0 }
//! # }
//! # impl ProcessingLog for Still {
//! #     fn report(&self, _: &str, _: &str, _: &str) {}
//! # }
//!
//! struct Cluster;
//!
//! impl Topics for Cluster {
//!     fn partitions(&self, topic: &str) -> Option<u32> {
//!         (topic == "flights").then_some(12)
//!     }
//! }
//!
//! # let planner = Planner { registry: Arc::new(Registry::standard()), world: Arc::new(Still), log: Arc::new(Still) };
//! let context = Context { planner, topics: &Cluster };
//! let (mut state, mut session) = (State::default(), Session::default());
//! let text = "CREATE STREAM flights (id STRING KEY, delay INT) WITH (kafka_topic='flights', value_format='json');";
//! let Executed::Changed(change) = state.execute(&context, &mut session, text, &parse_statement(text)?)? else { panic!() };
//! assert_eq!(change.message, "Stream created");
//! assert_eq!(change.command.to_string(), "stream/`FLIGHTS`/create");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
mod assertion;
mod changed;
mod constant;
mod context;
mod delete;
mod describe;
mod function;
mod insert;
mod keep;
mod list;
mod prepare;
mod query;
mod replace;
mod session;
mod source;
mod state;
mod stop;
mod types;

pub use assertion::Asserted;
pub use changed::{Action, Change, CommandId, Effect, Executed, Subject, TopicRequest};
pub use constant::Constants;
pub use context::{Context, Topics};
pub use describe::{QueryDescription, SourceDescription};
pub use function::{
    FunctionDescription, FunctionKind, FunctionSummary, OverloadDescription, ParameterDescription,
};
pub use insert::InsertedRecord;
pub use list::{Answer, QuerySummary, TopicSummary};
pub use prepare::prepare;
pub use query::{PersistentQuery, QueryKind};
pub use session::Session;
pub use state::State;
