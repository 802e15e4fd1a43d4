//! Properties, variables, types.
use lentic_ksql_api::entity::{PropertyList, SchemaAsserted, TypeList, VariableList};

use super::super::page::Block;
use super::super::table::Table;
use super::{optional, table_or};

pub(super) fn properties(list: &PropertyList) -> Vec<Block> {
    let mut table = Table::new(&["PROPERTY", "SCOPE", "LEVEL", "SET BY", "VALUE"]);
    for setting in &list.properties {
        let set_by = if list.overwritten_properties.contains(&setting.name) {
            "session"
        } else if list.default_properties.contains(&setting.name) {
            ""
        } else {
            "server"
        };
        table.row([
            setting.name.clone(),
            setting.scope.clone(),
            optional(setting.level.as_ref()),
            set_by.to_owned(),
            setting.value.clone().unwrap_or_else(|| "NULL".to_owned()),
        ]);
    }
    table_or(table.without_empty_columns(), "There are no properties.")
}

pub(super) fn variables(list: &VariableList) -> Vec<Block> {
    let mut table = Table::new(&["VARIABLE", "VALUE"]);
    for variable in &list.variables {
        table.row([variable.name.clone(), variable.value.clone()]);
    }
    table_or(table, "No variables are defined.")
}

pub(super) fn types(list: &TypeList) -> Vec<Block> {
    let mut table = Table::new(&["TYPE", "SCHEMA"]);
    for (name, schema) in &list.types {
        table.row([name.clone(), schema.to_string()]);
    }
    table_or(table, "There are no types.")
}

pub(super) fn schema_asserted(asserted: &SchemaAsserted) -> Vec<Block> {
    let subject = asserted.subject.as_ref().map(|subject| format!(" of subject {subject}"));
    let id = asserted.id.map(|id| format!(" with id {id}"));
    let is = if asserted.exists { "exists" } else { "does not exist" };
    let text = format!("Schema{}{} {is}.", subject.unwrap_or_default(), id.unwrap_or_default());
    vec![Block::Text(text)]
}
