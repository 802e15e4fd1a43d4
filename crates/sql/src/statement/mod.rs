//! Statements, executed: what each does to the catalog and the queries of a service, and to the session it is given in.
//!
//! Nothing here touches a log or a clock. A [`State`] is cheap to clone, so a statement is tried on a copy first; what has to
//! happen outside comes back as [`Effect`]s.
//!
//! ```
//! use lentic_sql::statement::{Executed, Session, State};
//! # use lentic_sql::statement::doc::{context, topics};
//! use lentic_sql_syntax::parse_statement;
//!
//! let (mut state, mut session) = (State::default(), Session::default());
//! # let topics = topics();
//! # let context = context(&topics);
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
#[doc(hidden)]
pub mod doc;
mod describe;
mod function;
mod insert;
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
pub use function::{FunctionDescription, FunctionKind, FunctionSummary, OverloadDescription, ParameterDescription};
pub use insert::InsertedRecord;
pub use list::{Answer, TopicSummary};
pub use prepare::prepare;
pub use query::{PersistentQuery, QueryKind};
pub use session::Session;
pub use state::State;
