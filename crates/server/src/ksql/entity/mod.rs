//! What statements that ask for something are answered: entities in ksqlDB's words.
mod function;
mod query;
mod schema;
mod source;
mod topic;

use std::cell::OnceCell;
use std::collections::BTreeMap;

use lentic::Node;
use lentic_ksql_api::Body;
use lentic_ksql_api::entity::{
    FunctionList, PropertyList, QueriesDescribed, QueryDescribed, QueryList, SourceDescribed,
    SourcesDescribed, StreamList, TableList, TypeList, Variable, VariableList,
};
use lentic_sql::catalog::SourceKind;
use lentic_sql::statement::Answer;
use lentic_sql_syntax::ast::{Describe, Listed, Statement};

use super::hosts::{Host, Hosts, Report};
use super::{Ksql, property};

pub(crate) use schema::{fields, schema_info};

/// Where the rest of an answer is found.
pub(crate) struct View<'a> {
    ksql: &'a Ksql,
    node: &'a Node,
    hosts: Option<&'a Hosts>,
    /// What the hosts say of queries, once it was asked for.
    reports: OnceCell<Vec<Host<Report>>>,
}

impl<'a> View<'a> {
    pub(crate) fn new(ksql: &'a Ksql, node: &'a Node, hosts: Option<&'a Hosts>) -> Self {
        Self { ksql, node, hosts, reports: OnceCell::new() }
    }

    /// The entity of an answer.
    pub(crate) fn body(&self, answer: Answer, statement: &Statement) -> Body {
        match answer {
            Answer::Sources(SourceKind::Stream, sources) => {
                StreamList { streams: sources.iter().map(|source| source::listed(source)).collect() }.into()
            }
            Answer::Sources(SourceKind::Table, sources) => {
                TableList { tables: sources.iter().map(|source| source::listed(source)).collect() }.into()
            }
            Answer::Source(description) => {
                SourceDescribed { source_description: self.source(&description, is_extended(statement)) }
                    .into()
            }
            Answer::SourceDescriptions(all) => {
                let extended = is_extended(statement);
                let all = all.iter().map(|description| self.source(description, extended));
                SourcesDescribed { source_descriptions: all.collect() }.into()
            }
            Answer::Queries(queries) => {
                let persistent = queries.iter().map(|query| self.running(query));
                QueryList { queries: persistent.chain(self.push_queries()).collect() }.into()
            }
            Answer::Query(description) => {
                QueryDescribed { query_description: self.query(&description) }.into()
            }
            Answer::QueryDescriptions(all) => {
                let all = all.iter().map(|description| self.query(description));
                QueriesDescribed { query_descriptions: all.collect() }.into()
            }
            Answer::Functions(functions) => {
                FunctionList { functions: functions.into_iter().map(function::listed).collect() }.into()
            }
            Answer::Function(description) => function::described(*description).into(),
            Answer::Types(types) => {
                let types = types.iter().map(|(name, kind)| (name.to_string(), schema_info(kind)));
                TypeList { types: types.collect() }.into()
            }
            Answer::Variables(variables) => {
                let variable = |(name, value)| Variable { name, value };
                VariableList { variables: variables.into_iter().map(variable).collect() }.into()
            }
            Answer::Properties(given) => self.properties(&given.into_iter().collect()).into(),
            Answer::Topics { topics, extended } => {
                let service = &self.node.config().service_id;
                let topics =
                    topics.into_iter().filter(|topic| shows_all(statement) || !topic::is_own(topic, service));
                let topics = topics.collect();
                if extended { topic::extended(topics).into() } else { topic::list(topics).into() }
            }
        }
    }

    /// All that is known of properties, with what holds in the session.
    fn properties(&self, given: &BTreeMap<String, String>) -> PropertyList {
        let service = self.ksql.settings();
        let overwritten = given.iter().filter(|(name, value)| service.get(name) != Some(value.as_str()));
        PropertyList {
            properties: property::listed(given, self.ksql.service(), self.node.config()),
            overwritten_properties: overwritten.map(|(name, _)| name.clone()).collect(),
            default_properties: property::defaults(given),
        }
    }
}

/// `LIST ALL TOPICS`
fn shows_all(statement: &Statement) -> bool {
    matches!(statement, Statement::List(list) if list.what == Listed::AllTopics)
}

fn is_extended(statement: &Statement) -> bool {
    match statement {
        Statement::Describe(
            Describe::Source { extended, .. }
            | Describe::Streams { extended }
            | Describe::Tables { extended },
        ) => *extended,
        Statement::List(list) => list.extended,
        _ => false,
    }
}
