//! Functions: what there is, which overload a call means, and how it is called.
//!
//! A [`Registry`] knows functions by name. [`Function::resolve`] chooses the overload for the types of a call's arguments,
//! [`Resolved`] tells what is to be coerced and what comes out, and [`Resolved::bind`] makes a [`Call`] for one place in a
//! statement, with everything prepared that does not depend on the row.
mod aggregate;
mod cached;
mod call;
mod collection;
mod conditional;
mod conversion;
mod datetime;
mod definition;
mod interval;
mod json;
mod math;
mod operand;
mod other;
mod regex;
mod registry;
mod resolve;
mod shape;
mod signature;
mod string;
mod table;
mod url;
mod world;

pub use aggregate::{
    Aggregate, AggregateFunction, AggregateOverload, AggregateSite, ResolvedAggregate, Settings,
};
pub use call::{Argument, Call, Evaluator, Lambda, Site};
pub use definition::{Body, Category, Function, Overload, Parameter, Returns};
pub use interval::IntervalUnit;
pub use registry::{Registry, UnknownFunction};
pub(crate) use resolve::UNTYPED_NULL;
pub use resolve::{ArgumentType, CallError, Resolved};
pub use shape::Shape;
pub use table::{ResolvedTable, TableFunction, TableOverload};
pub use world::World;

/// The scalar functions, family by family.
fn standard() -> Vec<Function> {
    let families = [
        collection::functions,
        conditional::functions,
        conversion::functions,
        datetime::functions,
        json::functions,
        math::functions,
        other::functions,
        regex::functions,
        string::functions,
        url::functions,
    ];
    families.iter().flat_map(|family| family()).collect()
}
