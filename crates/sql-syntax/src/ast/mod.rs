//! The syntax tree: what a text says, before anything is known of what it speaks of.
mod admin;
mod assertion;
mod data_type;
mod expr;
mod extension;
mod literal;
mod name;
mod query;
mod secret;
mod source;
mod statement;
mod time;
mod walk;

pub use admin::{
    ConnectorKind, CreateConnector, CreateType, Define, Describe, DropNamed, Explain, List, Listed, Print,
    QueryTarget, Setting,
};
pub use assertion::{AssertSchema, AssertSource, AssertTombstone, AssertTopic, AssertValues};
pub use data_type::{DataType, StructField};
pub use expr::{Args, BinaryOp, Expr, ExprNode};
pub use extension::{Extension, Feature};
pub use literal::Literal;
pub use name::Name;
pub use query::{Emit, Join, JoinKind, OrderBy, OrderItem, Query, Relation, SelectItem, Within};
pub use source::{
    AlterSource, Column, ColumnPlace, CreateAs, CreateSource, Delete, DropSource, InsertQuery, InsertValues,
    Property, SourceKind,
};
pub use statement::Statement;
pub use time::{Span, TimeUnit, Window, WindowKind};
