//! Functions.
use lentic_ksql_api::entity::{FunctionDescription, FunctionList};

use super::super::page::Block;
use super::super::table::Table;
use super::{table_or, titled};

pub(super) fn list(list: &FunctionList) -> Vec<Block> {
    let mut table = Table::new(&["FUNCTION", "TYPE", "CATEGORY"]);
    for function in &list.functions {
        table.row([function.name.clone(), function.kind.clone(), function.category.clone()]);
    }
    table_or(table.without_empty_columns(), "There are no functions.")
}

pub(super) fn description(function: &FunctionDescription) -> Vec<Block> {
    let mut blocks = vec![Block::Pairs(vec![
        ("Name", function.name.clone()),
        ("Type", function.kind.clone()),
        ("Author", function.author.clone()),
        ("Version", function.version.clone()),
        ("Overview", function.description.clone()),
        ("Comes from", function.path.clone()),
    ])];
    for variant in &function.functions {
        let arguments: Vec<String> = variant
            .arguments
            .iter()
            .map(|argument| {
                let many = if argument.is_variadic { "..." } else { "" };
                format!("{} {}{many}", argument.name, argument.kind).trim_start().to_owned()
            })
            .collect();
        blocks.push(Block::Gap);
        blocks.push(Block::Pairs(vec![
            ("Call", format!("{}({})", function.name, arguments.join(", "))),
            ("Returns", variant.return_type.clone()),
            ("Does", variant.description.clone()),
        ]));
        let mut table = Table::new(&["ARGUMENT", "MEANS"]);
        for argument in variant.arguments.iter().filter(|argument| !argument.description.is_empty()) {
            table.row([argument.name.clone(), argument.description.clone()]);
        }
        blocks.extend(titled("", table).into_iter().filter(|block| *block != Block::Gap));
    }
    blocks
}
