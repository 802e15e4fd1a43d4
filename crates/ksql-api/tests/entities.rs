//! Every entity, as JSON and back.
use std::collections::BTreeMap;

use lentic_ksql_api::entity::{
    Argument, Body, CommandState, CommandStatus, Connector, ConnectorCreated, ConnectorDescription,
    ConnectorDropped, ConnectorInfo, ConnectorList, ConnectorPlugin, ConnectorPlugins, ConnectorState,
    ConnectorStatus, ConsumerOffset, CurrentStatus, ErrorText, ExecutionPlan, FieldInfo, FieldType, Function,
    FunctionDescription, FunctionList, FunctionVariant, OffsetOfTask, PropertyList, QueriesDescribed,
    QueryDescribed, QueryDescription, QueryError, QueryList, QueryTerminated, RunningQuery, SchemaAsserted,
    SchemaInfo, Setting, Source, SourceDescribed, SourceDescription, SourceOffsets, SourcesDescribed,
    Statistic, StreamList, TableList, TaskMetadata, TaskState, Topic, TopicAsserted, TopicDescription,
    TopicExtended, TopicList, TopicListExtended, TopicOffsets, TopicPartition, TypeList, Variable,
    VariableList, WarningText,
};
use lentic_ksql_api::{Entity, Warning};

/// The JSON of an entity between its statement and its warnings.
fn check(body: impl Into<Body>, kind: &str, fields: &str) {
    let entity = Entity::new("A;", body);
    let fields = if fields.is_empty() { String::new() } else { format!(",{fields}") };
    let json = format!(r#"{{"@type":"{kind}","statementText":"A;"{fields},"warnings":[]}}"#);
    assert_eq!(serde_json::to_string(&entity).expect("JSON"), json);
    let read: Entity = serde_json::from_str(&json).expect("an entity");
    assert_eq!(read, entity, "{json}");
    assert!(!matches!(read.body, Body::Other { .. }));
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn commands() {
    for (status, query_id, json) in [
        (
            CommandState::Success,
            Some(text("CSAS_X_1")),
            r#"{"status":"SUCCESS","message":"m","queryId":"CSAS_X_1"}"#,
        ),
        (CommandState::Queued, None, r#"{"status":"QUEUED","message":"m","queryId":null}"#),
    ] {
        check(
            CurrentStatus {
                command_id: text("stream/`X`/create"),
                command_status: CommandStatus { status, message: text("m"), query_id },
                command_sequence_number: 2,
            },
            "currentStatus",
            &format!(r#""commandId":"stream/`X`/create","commandStatus":{json},"commandSequenceNumber":2"#),
        );
    }
    check(
        QueryTerminated { query_id: text("q"), was_terminated: true },
        "terminate_query",
        r#""queryId":"q","wasTerminated":true"#,
    );
    check(WarningText { message: text("m") }, "warning_entity", r#""message":"m""#);
    check(ErrorText { error_message: text("m") }, "error_entity", r#""errorMessage":"m""#);
    check(ExecutionPlan { execution_plan: text("p") }, "executionPlan", r#""executionPlan":"p""#);
    check(
        TopicAsserted { topic_name: text("t"), exists: true },
        "assert_topic",
        r#""topicName":"t","exists":true"#,
    );
    check(
        SchemaAsserted { subject: Some(text("s")), id: None, exists: false },
        "assert_schema",
        r#""subject":"s","id":null,"exists":false"#,
    );
}

#[test]
fn properties() {
    let setting = Setting {
        name: text("n"),
        scope: text("KSQL"),
        value: None,
        editable: Some(true),
        level: Some(text("QUERY")),
    };
    let bare = Setting { editable: None, level: None, value: Some(text("v")), ..setting.clone() };
    check(
        PropertyList {
            properties: vec![setting, bare],
            overwritten_properties: texts(&["n"]),
            default_properties: vec![],
        },
        "properties",
        concat!(
            r#""properties":[{"name":"n","scope":"KSQL","value":null,"editable":true,"level":"QUERY"},"#,
            r#"{"name":"n","scope":"KSQL","value":"v"}],"overwrittenProperties":["n"],"defaultProperties":[]"#
        ),
    );
    check(
        VariableList { variables: vec![Variable { name: text("n"), value: text("v") }] },
        "variables",
        r#""variables":[{"name":"n","value":"v"}]"#,
    );
}

const RUNNING: &str = concat!(
    r#"{"queryString":"s","sinks":["A"],"sinkKafkaTopics":["a"],"id":"q","statusCount":{"RUNNING":1},"#,
    r#""queryType":"PERSISTENT","state":"RUNNING"}"#
);

fn running() -> RunningQuery {
    RunningQuery {
        query_string: text("s"),
        sinks: texts(&["A"]),
        sink_kafka_topics: texts(&["a"]),
        id: text("q"),
        status_count: [(text("RUNNING"), 1)].into(),
        query_type: text("PERSISTENT"),
        state: Some(text("RUNNING")),
    }
}

#[test]
fn queries() {
    check(QueryList { queries: vec![running()] }, "queries", &format!(r#""queries":[{RUNNING}]"#));
    let description = QueryDescription {
        id: text("q"),
        statement_text: text("s"),
        sources: texts(&["S"]),
        sinks: texts(&["A"]),
        overridden_properties: [(text("auto.offset.reset"), "earliest".into())].into(),
        ksql_host_query_status: [(text("h:8088"), text("RUNNING"))].into(),
        query_type: Some(text("PERSISTENT")),
        query_errors: vec![QueryError { timestamp: 1, error_message: text("e"), kind: text("USER") }],
        tasks_metadata: vec![TaskMetadata {
            task_id: text("0_1"),
            topic_offsets: vec![OffsetOfTask {
                topic_partition_entity: TopicPartition { topic: text("t"), partition: 1 },
                end_offset: 3,
                committed_offset: 2,
            }],
            time_current_idling_started: None,
        }],
        consumer_group_id: Some(text("g")),
        state: Some(text("RUNNING")),
        ..QueryDescription::default()
    };
    let json = concat!(
        r#"{"id":"q","statementText":"s","windowType":null,"fields":[],"sources":["S"],"sinks":["A"],"#,
        r#""topology":"","executionPlan":"","overriddenProperties":{"auto.offset.reset":"earliest"},"#,
        r#""ksqlHostQueryStatus":{"h:8088":"RUNNING"},"queryType":"PERSISTENT","#,
        r#""queryErrors":[{"timestamp":1,"errorMessage":"e","type":"USER"}],"#,
        r#""tasksMetadata":[{"taskId":"0_1","topicOffsets":[{"topicPartitionEntity":{"topic":"t","partition":1},"#,
        r#""endOffset":3,"committedOffset":2}],"timeCurrentIdlingStarted":null}],"#,
        r#""consumerGroupId":"g","state":"RUNNING"}"#
    );
    check(
        QueryDescribed { query_description: description.clone() },
        "queryDescription",
        &format!(r#""queryDescription":{json}"#),
    );
    check(
        QueriesDescribed { query_descriptions: vec![description] },
        "query_descriptions",
        &format!(r#""queryDescriptions":[{json}]"#),
    );
}

#[test]
fn sources() {
    let source = |kind: &str| Source {
        kind: text(kind),
        name: text("A"),
        topic: text("a"),
        key_format: text("KAFKA"),
        value_format: text("JSON"),
        is_windowed: false,
    };
    let json = |kind: &str| {
        format!(
            r#"[{{"type":"{kind}","name":"A","topic":"a","keyFormat":"KAFKA","valueFormat":"JSON","isWindowed":false}}]"#
        )
    };
    check(
        StreamList { streams: vec![source("STREAM")] },
        "streams",
        &format!(r#""streams":{}"#, json("STREAM")),
    );
    check(TableList { tables: vec![source("TABLE")] }, "tables", &format!(r#""tables":{}"#, json("TABLE")));

    let statistic = Statistic { name: text("n"), value: 1.5, timestamp: 7 };
    let description = SourceDescription {
        name: text("A"),
        window_type: Some(text("HOPPING")),
        read_queries: vec![running()],
        fields: vec![FieldInfo {
            name: text("ID"),
            schema: SchemaInfo::of("BIGINT"),
            kind: Some(FieldType::Key),
            header_key: None,
        }],
        kind: text("TABLE"),
        extended: true,
        key_format: text("KAFKA"),
        value_format: text("JSON"),
        topic: text("a"),
        partitions: 4,
        replication: 1,
        statement: text("S;"),
        query_offset_summaries: vec![SourceOffsets {
            group_id: text("g"),
            topic_summaries: vec![TopicOffsets {
                kafka_topic: text("a"),
                offsets: vec![ConsumerOffset {
                    partition: 0,
                    log_start_offset: 1,
                    log_end_offset: 9,
                    consumer_offset: 8,
                }],
            }],
        }],
        source_constraints: texts(&["B"]),
        cluster_statistics: [(text("h:1"), BTreeMap::from([(text("n"), statistic)]))].into(),
        ..SourceDescription::default()
    };
    let json = format!(
        concat!(
            r#"{{"name":"A","windowType":"HOPPING","readQueries":[{running}],"writeQueries":[],"#,
            r#""fields":[{{"name":"ID","schema":{{"type":"BIGINT","fields":null,"memberSchema":null}},"type":"KEY"}}],"#,
            r#""type":"TABLE","timestamp":"","statistics":"","errorStats":"","extended":true,"#,
            r#""keyFormat":"KAFKA","valueFormat":"JSON","topic":"a","partitions":4,"replication":1,"#,
            r#""statement":"S;","queryOffsetSummaries":[{{"groupId":"g","topicSummaries":[{{"kafkaTopic":"a","#,
            r#""offsets":[{{"partition":0,"logStartOffset":1,"logEndOffset":9,"consumerOffset":8}}]}}]}}],"#,
            r#""sourceConstraints":["B"],"#,
            r#""clusterStatistics":{{"h:1":{{"n":{{"name":"n","value":1.5,"timestamp":7}}}}}},"#,
            r#""clusterErrorStats":{{}}}}"#
        ),
        running = RUNNING
    );
    check(
        SourceDescribed { source_description: description.clone() },
        "sourceDescription",
        &format!(r#""sourceDescription":{json}"#),
    );
    check(
        SourcesDescribed { source_descriptions: vec![description] },
        "source_descriptions",
        &format!(r#""sourceDescriptions":[{json}]"#),
    );
}

#[test]
fn topics() {
    check(
        TopicList { topics: vec![Topic { name: text("t"), replica_info: vec![1, 1] }] },
        "kafka_topics",
        r#""topics":[{"name":"t","replicaInfo":[1,1]}]"#,
    );
    check(
        TopicListExtended {
            topics: vec![TopicExtended {
                name: text("t"),
                replica_info: vec![1],
                consumer_count: 2,
                consumer_group_count: 1,
            }],
        },
        "kafka_topics_extended",
        r#""topics":[{"name":"t","replicaInfo":[1],"consumerCount":2,"consumerGroupCount":1}]"#,
    );
    check(
        TopicDescription {
            name: text("T"),
            kafka_topic: text("t"),
            format: text("JSON"),
            schema_string: text("s"),
        },
        "topicDescription",
        r#""name":"T","kafkaTopic":"t","format":"JSON","schemaString":"s""#,
    );
}

#[test]
fn functions() {
    check(
        FunctionList {
            functions: vec![Function {
                name: text("ABS"),
                kind: text("SCALAR"),
                category: text("MATHEMATICAL"),
            }],
        },
        "function_names",
        r#""functions":[{"name":"ABS","type":"SCALAR","category":"MATHEMATICAL"}]"#,
    );
    check(
        FunctionDescription {
            name: text("ABS"),
            description: text("d"),
            author: text("a"),
            version: text("v"),
            path: text("internal"),
            functions: vec![FunctionVariant {
                arguments: vec![Argument {
                    name: text("x"),
                    kind: text("INT"),
                    description: text("e"),
                    is_variadic: true,
                }],
                return_type: text("INT"),
                description: text("f"),
            }],
            kind: text("SCALAR"),
        },
        "describe_function",
        concat!(
            r#""name":"ABS","description":"d","author":"a","version":"v","path":"internal","functions":[{"#,
            r#""arguments":[{"name":"x","type":"INT","description":"e","isVariadic":true}],"#,
            r#""returnType":"INT","description":"f"}],"type":"SCALAR""#
        ),
    );
}

#[test]
fn types() {
    let field = |name: &str, schema| FieldInfo { name: text(name), schema, kind: None, header_key: None };
    let nested = SchemaInfo::structure(vec![
        field("A", SchemaInfo::decimal(4, 2)),
        field("B", SchemaInfo::map(SchemaInfo::array(SchemaInfo::of("STRING")))),
    ]);
    assert_eq!(nested.to_string(), "STRUCT<A DECIMAL(4, 2), B MAP<STRING, ARRAY<STRING>>>");
    check(
        TypeList { types: [(text("T"), nested)].into() },
        "type_list",
        concat!(
            r#""types":{"T":{"type":"STRUCT","fields":[{"name":"A","schema":{"type":"DECIMAL","fields":null,"#,
            r#""memberSchema":null,"parameters":{"precision":4,"scale":2}}},"#,
            r#"{"name":"B","schema":{"type":"MAP","fields":null,"memberSchema":{"type":"ARRAY","fields":null,"#,
            r#""memberSchema":{"type":"STRING","fields":null,"memberSchema":null}}}}],"memberSchema":null}}"#
        ),
    );
}

#[test]
fn connectors() {
    check(
        ConnectorCreated {
            info: ConnectorInfo {
                name: text("c"),
                config: [(text("k"), text("v"))].into(),
                tasks: vec![],
                kind: Some(text("sink")),
            },
        },
        "connector_info",
        r#""info":{"name":"c","config":{"k":"v"},"type":"sink"}"#,
    );
    check(ConnectorDropped { connector_name: text("c") }, "drop_connector", r#""connectorName":"c""#);
    check(
        ConnectorList {
            connectors: vec![Connector {
                name: text("c"),
                kind: Some(text("source")),
                class_name: Some(text("C")),
                state: Some(text("RUNNING")),
            }],
        },
        "connector_list",
        r#""connectors":[{"name":"c","type":"source","className":"C","state":"RUNNING"}]"#,
    );
    check(
        ConnectorPlugins {
            connectors_plugins: vec![ConnectorPlugin {
                class_name: text("C"),
                kind: Some(text("source")),
                version: None,
            }],
        },
        "connector_plugins_list",
        r#""connectorsPlugins":[{"className":"C","type":"source"}]"#,
    );
    check(
        ConnectorDescription {
            connector_class: text("C"),
            status: ConnectorStatus {
                name: text("c"),
                connector: ConnectorState { state: text("RUNNING"), worker_id: text("w"), trace: None },
                tasks: vec![TaskState {
                    id: 0,
                    state: text("FAILED"),
                    worker_id: text("w"),
                    trace: Some(text("t")),
                }],
                kind: Some(text("source")),
            },
            sources: vec![],
            topics: texts(&["a"]),
        },
        "connector_description",
        concat!(
            r#""connectorClass":"C","status":{"name":"c","connector":{"state":"RUNNING","worker_id":"w"},"#,
            r#""tasks":[{"id":0,"state":"FAILED","worker_id":"w","trace":"t"}],"type":"source"},"#,
            r#""sources":[],"topics":["a"]"#
        ),
    );
}

#[test]
fn what_is_unknown_is_kept() {
    for json in [
        // A type of a later version, and a field that is otherwise than here.
        r#"{"@type":"galaxy","statementText":"A;","stars":[1,{"a":null}],"warnings":[{"message":"w"}]}"#,
        r#"{"@type":"streams","statementText":"A;","streams":7,"warnings":[]}"#,
    ] {
        let entity: Entity = serde_json::from_str(json).unwrap();
        assert!(matches!(entity.body, Body::Other { .. }), "{json}");
        assert_eq!(serde_json::to_string(&entity).unwrap(), json);
    }
    // Unknown fields of known entities are not.
    let json = r#"{"@type":"variables","statementText":"A;","variables":[],"colour":1}"#;
    let entity: Entity = serde_json::from_str(json).unwrap();
    assert_eq!(entity, Entity::new("A;", VariableList::default()));
    let warned = Entity {
        warnings: vec![Warning { message: text("w") }],
        ..Entity::new("A;", VariableList::default())
    };
    assert!(serde_json::to_string(&warned).unwrap().ends_with(r#""warnings":[{"message":"w"}]}"#));
}
