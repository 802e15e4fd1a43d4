//! `LIST FUNCTIONS` and `DESCRIBE FUNCTION`.
use crate::Refusal;
use crate::function::{AggregateFunction, Category, Function, Parameter, Registry, TableFunction};

/// A function of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionSummary {
    /// Its name, in upper case.
    pub name: String,
    /// What kind of function it is.
    pub kind: FunctionKind,
    /// What it is about.
    pub category: Category,
}

/// What kind of function one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FunctionKind {
    /// One value for each row.
    Scalar,
    /// One value for many rows.
    Aggregate,
    /// Many rows for one.
    Table,
}

impl FunctionKind {
    /// As ksqlDB's replies have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scalar => "SCALAR",
            Self::Aggregate => "AGGREGATE",
            Self::Table => "TABLE",
        }
    }
}

/// All that is said of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionDescription {
    /// Its name, in upper case.
    pub name: String,
    /// What kind of function it is.
    pub kind: FunctionKind,
    /// What it is about.
    pub category: Category,
    /// What it does.
    pub about: String,
    /// Its overloads.
    pub overloads: Vec<OverloadDescription>,
}

/// A list of parameters that a function takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverloadDescription {
    /// The parameters.
    pub parameters: Vec<ParameterDescription>,
    /// The type of the result; `None`: it depends on the arguments.
    pub returns: Option<String>,
    /// What it does beyond the function's own text; may be empty.
    pub about: String,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterDescription {
    /// Its name.
    pub name: String,
    /// Its type, with letters for those that arguments decide.
    pub kind: String,
    /// What it is; may be empty.
    pub about: String,
    /// Whether any number of arguments may stand for it.
    pub is_variadic: bool,
}

/// All functions, by name.
pub(super) fn list(registry: &Registry) -> Vec<FunctionSummary> {
    let scalars = registry.scalars().map(of_scalar);
    let all = scalars.chain(registry.aggregates().map(of_aggregate)).chain(registry.tables().map(of_table));
    let summary = |found: FunctionDescription| FunctionSummary {
        name: found.name,
        kind: found.kind,
        category: found.category,
    };
    let mut all: Vec<_> = all.map(summary).collect();
    all.sort_by(|left, right| left.name.cmp(&right.name));
    all
}

/// The function of this name.
pub(super) fn describe(registry: &Registry, name: &str) -> Result<FunctionDescription, Refusal> {
    let found = registry.scalar(name).map(of_scalar);
    let found = found.or_else(|_| registry.aggregate(name).map(of_aggregate));
    let found = found.or_else(|_| registry.table(name).map(of_table));
    found.map_err(|unknown| Refusal::new(unknown.to_string()))
}

fn of_scalar(function: &Function) -> FunctionDescription {
    let overload = |overload: &crate::function::Overload| OverloadDescription {
        parameters: parameters(overload.parameters()),
        returns: overload.returns().map(ToString::to_string),
        about: overload.about().to_owned(),
    };
    FunctionDescription {
        name: function.name().to_uppercase(),
        kind: FunctionKind::Scalar,
        category: function.category(),
        about: function.about().to_owned(),
        overloads: function.overloads().iter().map(overload).collect(),
    }
}

fn of_aggregate(function: &AggregateFunction) -> FunctionDescription {
    let overload = |overload: &crate::function::AggregateOverload| OverloadDescription {
        parameters: parameters(overload.parameters()),
        returns: None,
        about: overload.about().to_owned(),
    };
    FunctionDescription {
        name: function.name().to_uppercase(),
        kind: FunctionKind::Aggregate,
        category: Category::Aggregate,
        about: function.about().to_owned(),
        overloads: function.overloads().iter().map(overload).collect(),
    }
}

fn of_table(function: &TableFunction) -> FunctionDescription {
    let overload = |overload: &crate::function::TableOverload| OverloadDescription {
        parameters: parameters(overload.parameters()),
        returns: None,
        about: overload.about().to_owned(),
    };
    FunctionDescription {
        name: function.name().to_uppercase(),
        kind: FunctionKind::Table,
        category: Category::Table,
        about: function.about().to_owned(),
        overloads: function.overloads().iter().map(overload).collect(),
    }
}

fn parameters(all: &[Parameter]) -> Vec<ParameterDescription> {
    let one = |parameter: &Parameter| ParameterDescription {
        name: parameter.name().to_owned(),
        kind: parameter.shape().to_string(),
        about: parameter.about().to_owned(),
        is_variadic: parameter.is_variadic(),
    };
    all.iter().map(one).collect()
}
