//! Functions.
use lentic_ksql_api::entity::{Argument, Function, FunctionDescription, FunctionVariant};
use lentic_sql::statement::{self, FunctionSummary, OverloadDescription, ParameterDescription};

pub(super) fn listed(summary: FunctionSummary) -> Function {
    Function {
        name: summary.name,
        kind: summary.kind.as_str().to_owned(),
        category: summary.category.to_string(),
    }
}

pub(super) fn described(function: statement::FunctionDescription) -> FunctionDescription {
    FunctionDescription {
        name: function.name,
        description: function.about,
        path: "internal".to_owned(),
        functions: function.overloads.into_iter().map(variant).collect(),
        kind: function.kind.as_str().to_owned(),
        ..FunctionDescription::default()
    }
}

fn variant(overload: OverloadDescription) -> FunctionVariant {
    FunctionVariant {
        arguments: overload.parameters.into_iter().map(argument).collect(),
        return_type: overload.returns.unwrap_or_default(),
        description: overload.about,
    }
}

fn argument(parameter: ParameterDescription) -> Argument {
    Argument {
        name: parameter.name,
        kind: parameter.kind,
        description: parameter.about,
        is_variadic: parameter.is_variadic,
    }
}
