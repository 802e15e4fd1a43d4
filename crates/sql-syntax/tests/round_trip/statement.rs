//! Statements.
use lentic_sql_syntax::At;
use lentic_sql_syntax::ast::{
    AlterSource, AssertSchema, AssertSource, AssertTombstone, AssertTopic, AssertValues, Column, ColumnPlace,
    ConnectorKind, CreateAs, CreateConnector, CreateSource, CreateType, Define, Delete, Describe, DropNamed,
    DropSource, Explain, InsertQuery, InsertValues, List, Listed, Print, Property, QueryTarget, Setting,
    SourceKind, Statement,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::expression::expr;
use super::name::{data_type, literal, name, source_name, span, text};
use super::query::query;

pub fn statement() -> impl Strategy<Value = Statement> {
    let explain = |statement: Statement| Statement::Explain(Explain::Statement(Box::new(statement)));
    prop_oneof![
        query().prop_map(Statement::Query),
        create(),
        change(),
        administration(),
        assertion(),
        prop_oneof![query().prop_map(Statement::Query), create(), change()].prop_map(explain),
    ]
}

fn kind() -> impl Strategy<Value = SourceKind> {
    select(vec![SourceKind::Stream, SourceKind::Table])
}

fn properties(least: usize) -> impl Strategy<Value = Vec<Property>> {
    vec((name(), literal()).prop_map(|(name, value)| Property { name, value }), least..3)
}

fn columns(kind: SourceKind) -> impl Strategy<Value = Vec<Column>> {
    let key = match kind {
        SourceKind::Stream => ColumnPlace::Key,
        SourceKind::Table => ColumnPlace::PrimaryKey,
    };
    let place = prop_oneof![
        Just(ColumnPlace::Value),
        Just(key),
        Just(ColumnPlace::Headers),
        text().prop_map(ColumnPlace::Header),
    ];
    vec(
        (name(), data_type(), place).prop_map(|(name, data_type, place)| Column { name, data_type, place }),
        0..3,
    )
}

fn kind_and_columns() -> impl Strategy<Value = (SourceKind, Vec<Column>)> {
    kind().prop_flat_map(|kind| (Just(kind), columns(kind)))
}

fn create() -> impl Strategy<Value = Statement> {
    let flags = any::<[bool; 3]>();
    let connector = select(vec![ConnectorKind::Source, ConnectorKind::Sink]);
    prop_oneof![
        (flags, source_name(), kind_and_columns(), properties(0)).prop_map(
            |([or_replace, read_only, if_not_exists], name, (kind, columns), properties)| {
                Statement::CreateSource(CreateSource {
                    kind,
                    or_replace,
                    read_only,
                    if_not_exists,
                    name,
                    columns,
                    properties,
                })
            }
        ),
        (flags, kind(), source_name(), properties(0), query()).prop_map(
            |([or_replace, if_not_exists, _], kind, name, properties, query)| {
                Statement::CreateAs(CreateAs { kind, or_replace, if_not_exists, name, properties, query })
            }
        ),
        (any::<bool>(), name(), data_type()).prop_map(|(if_not_exists, name, data_type)| {
            Statement::CreateType(CreateType { if_not_exists, name, data_type })
        }),
        (connector, any::<bool>(), name(), properties(1)).prop_map(
            |(kind, if_not_exists, name, properties)| {
                Statement::CreateConnector(CreateConnector { kind, if_not_exists, name, properties })
            }
        ),
    ]
}

fn change() -> impl Strategy<Value = Statement> {
    let added = (name(), data_type()).prop_map(|(name, data_type)| Column {
        name,
        data_type,
        place: ColumnPlace::Value,
    });
    let dropped = || (any::<bool>(), name()).prop_map(|(if_exists, name)| DropNamed { if_exists, name });
    prop_oneof![
        (kind(), name(), vec(added, 1..3))
            .prop_map(|(kind, name, added)| Statement::AlterSource(AlterSource { kind, name, added })),
        (kind(), any::<bool>(), name(), any::<bool>()).prop_map(|(kind, if_exists, name, delete_topic)| {
            Statement::DropSource(DropSource { kind, if_exists, name, delete_topic })
        }),
        dropped().prop_map(Statement::DropType),
        dropped().prop_map(Statement::DropConnector),
        (name(), properties(0), query()).prop_map(|(into, properties, query)| {
            Statement::InsertQuery(InsertQuery { into, properties, query })
        }),
        (name(), vec(name(), 0..3), vec(expr(), 0..3)).prop_map(|(into, columns, values)| {
            Statement::InsertValues(InsertValues { into, columns, values })
        }),
        (name(), expr()).prop_map(|(from, filter)| Statement::Delete(Delete {
            from,
            filter,
            at: At::default()
        })),
    ]
}

fn administration() -> impl Strategy<Value = Statement> {
    let plain = select(vec![
        Listed::Properties,
        Listed::Functions,
        Listed::Connectors,
        Listed::SourceConnectors,
        Listed::SinkConnectors,
        Listed::ConnectorPlugins,
        Listed::Types,
        Listed::Variables,
    ])
    .prop_map(|what| List { what, extended: false });
    let detailed =
        select(vec![Listed::Topics, Listed::AllTopics, Listed::Streams, Listed::Tables, Listed::Queries]);
    let detailed = (detailed, any::<bool>()).prop_map(|(what, extended)| List { what, extended });
    let describe = prop_oneof![
        (name(), any::<bool>()).prop_map(|(name, extended)| Describe::Source { name, extended }),
        any::<bool>().prop_map(|extended| Describe::Streams { extended }),
        any::<bool>().prop_map(|extended| Describe::Tables { extended }),
        name().prop_map(Describe::Function),
        name().prop_map(Describe::Connector),
    ];
    let target = || prop_oneof![Just(QueryTarget::All), name().prop_map(QueryTarget::One)];
    let setting = || (text(), text()).prop_map(|(name, value)| Setting { name, value });
    let print = (text(), any::<bool>(), of(any::<i64>()), of(any::<i64>())).prop_map(
        |(topic, from_beginning, interval, limit)| Print { topic, from_beginning, interval, limit },
    );
    prop_oneof![
        prop_oneof![plain, detailed].prop_map(Statement::List),
        describe.prop_map(Statement::Describe),
        name().prop_map(|name| Statement::Explain(Explain::Query(name))),
        print.prop_map(Statement::Print),
        target().prop_map(Statement::Terminate),
        target().prop_map(Statement::Pause),
        target().prop_map(Statement::Resume),
        setting().prop_map(Statement::Set),
        text().prop_map(Statement::Unset),
        setting().prop_map(Statement::AlterSystem),
        ("[a-z]_[A-Z0-9]{0,3}", text()).prop_map(|(name, value)| Statement::Define(Define { name, value })),
        "[a-z]_[A-Z0-9]{0,3}".prop_map(Statement::Undefine),
    ]
}

fn assertion() -> impl Strategy<Value = Statement> {
    let schema =
        prop_oneof![(text().prop_map(Some), of(any::<i64>())), (of(text()), any::<i64>().prop_map(Some)),];
    prop_oneof![
        (any::<bool>(), text(), properties(0), of(span())).prop_map(
            |(exists, topic, properties, timeout)| {
                Statement::AssertTopic(AssertTopic { exists, topic, properties, timeout })
            }
        ),
        (any::<bool>(), schema, of(span())).prop_map(|(exists, (subject, id), timeout)| {
            Statement::AssertSchema(AssertSchema { exists, subject, id, timeout })
        }),
        (name(), vec(name(), 0..3), vec(expr(), 0..3)).prop_map(|(source, columns, values)| {
            Statement::AssertValues(AssertValues { source, columns, values })
        }),
        (name(), vec(name(), 0..3), vec(expr(), 0..3)).prop_map(|(source, columns, key)| {
            Statement::AssertTombstone(AssertTombstone { source, columns, key })
        }),
        (kind_and_columns(), name(), properties(0)).prop_map(|((kind, columns), name, properties)| {
            Statement::AssertSource(AssertSource { kind, name, columns, properties })
        }),
        text().prop_map(Statement::RunScript),
    ]
}
