//! What each entity looks like on a page of 80 columns.
use super::super::table::Page;
use super::blocks;

fn check(json: &str, expected: &str) {
    let entity = serde_json::from_str(json).unwrap();
    let mut text = String::new();
    for block in blocks(&entity) {
        block.render(Page { room: Some(80), wrap: true }, &mut text);
    }
    assert_eq!(text.trim_end(), expected.trim_matches('\n'), "{json}\n{text}");
}

#[test]
fn statements() {
    check(
        r#"{"@type":"currentStatus","commandId":"stream/`A`/create",
            "commandStatus":{"status":"SUCCESS","message":"Stream created","queryId":null},
            "commandSequenceNumber":1,"warnings":[{"message":"careful"}]}"#,
        "Stream created\nWARNING: careful",
    );
    check(
        r#"{"@type":"currentStatus","commandId":"c","commandStatus":{"status":"QUEUED","message":"Statement written"}}"#,
        "QUEUED: Statement written",
    );
    check(r#"{"@type":"warning_entity","message":"It exists"}"#, "WARNING: It exists");
    check(r#"{"@type":"terminate_query","queryId":"q","wasTerminated":false}"#, "Query q was not running.");
    check(r#"{"@type":"assert_topic","topicName":"t","exists":true}"#, "Topic t exists.");
    check(
        r#"{"@type":"assert_schema","subject":"s","id":3,"exists":false}"#,
        "Schema of subject s with id 3 does not exist.",
    );
    check(r#"{"@type":"executionPlan","executionPlan":"a\n  b"}"#, "a\n  b");
}

#[test]
fn lists() {
    check(
        r#"{"@type":"streams","streams":[
            {"type":"STREAM","name":"FLIGHTS","topic":"flights","keyFormat":"KAFKA","valueFormat":"JSON","isWindowed":false},
            {"type":"STREAM","name":"B","topic":"b","keyFormat":"AVRO","valueFormat":"AVRO","isWindowed":true}]}"#,
        "
 STREAM  | TOPIC   | KEY FORMAT | VALUE FORMAT | WINDOWED
---------+---------+------------+--------------+----------
 FLIGHTS | flights | KAFKA      | JSON         | no
 B       | b       | AVRO       | AVRO         | yes",
    );
    check(r#"{"@type":"tables","tables":[]}"#, "There are no tables.");
    check(
        r#"{"@type":"kafka_topics","topics":[{"name":"a","replicaInfo":[1,1,1]},{"name":"bcd","replicaInfo":[1,2]}]}"#,
        "
 TOPIC | PARTITIONS | REPLICAS
-------+------------+----------
 a     |          3 | 1
 bcd   |          2 | 1, 2",
    );
    check(
        r#"{"@type":"kafka_topics_extended","topics":[{"name":"a","replicaInfo":[1],"consumerCount":2,"consumerGroupCount":1}]}"#,
        "
 TOPIC | PARTITIONS | REPLICAS | CONSUMERS | CONSUMER GROUPS
-------+------------+----------+-----------+-----------------
 a     |          1 | 1        |         2 |               1",
    );
    check(
        r#"{"@type":"queries","queries":[{"queryString":"CREATE TABLE T AS SELECT id, COUNT(*)\nFROM s GROUP BY id EMIT CHANGES;",
            "sinks":["T"],"sinkKafkaTopics":["T"],"id":"CTAS_T_1","statusCount":{"RUNNING":2},"queryType":"PERSISTENT","state":"RUNNING"}]}"#,
        "
 ID       | TYPE       | STATUS    | SINK | TOPIC | QUERY
----------+------------+-----------+------+-------+-----------------------------
 CTAS_T_1 | PERSISTENT | RUNNING:2 | T    | T     | CREATE TABLE T AS SELECT
          |            |           |      |       | id, COUNT(*) FROM s GROUP
          |            |           |      |       | BY id EMIT CHANGES;",
    );
    check(
        r#"{"@type":"function_names","functions":[{"name":"ABS","type":"SCALAR","category":"MATHEMATICAL"},{"name":"SUM","type":"AGGREGATE","category":""}]}"#,
        "
 FUNCTION | TYPE      | CATEGORY
----------+-----------+--------------
 ABS      | SCALAR    | MATHEMATICAL
 SUM      | AGGREGATE |",
    );
    check(
        r#"{"@type":"properties","properties":[{"name":"a","scope":"KSQL","value":"1"},{"name":"b","scope":"KSQL","value":"2"},
            {"name":"c","scope":"KAFKA","value":null}],"overwrittenProperties":["a"],"defaultProperties":["c"]}"#,
        "
 PROPERTY | SCOPE | SET BY  | VALUE
----------+-------+---------+-------
 a        | KSQL  | session | 1
 b        | KSQL  | server  | 2
 c        | KAFKA |         | NULL",
    );
    check(
        r#"{"@type":"variables","variables":[{"name":"format","value":"JSON"}]}"#,
        "
 VARIABLE | VALUE
----------+-------
 format   | JSON",
    );
    check(
        r#"{"@type":"type_list","types":{"T":{"type":"ARRAY","memberSchema":{"type":"STRING"}}}}"#,
        "
 TYPE | SCHEMA
------+---------------
 T    | ARRAY<STRING>",
    );
    check(
        r#"{"@type":"connector_list","connectors":[{"name":"c","type":"sink","className":"C","state":"RUNNING"}]}"#,
        "
 CONNECTOR | TYPE | CLASS | STATUS
-----------+------+-------+---------
 c         | sink | C     | RUNNING",
    );
}

#[test]
fn descriptions() {
    let fields = r#"[{"name":"ID","schema":{"type":"BIGINT"},"type":"KEY"},{"name":"H","schema":{"type":"BYTES"},"type":"HEADER","headerKey":"h"},
        {"name":"V","schema":{"type":"DECIMAL","parameters":{"precision":4,"scale":2}}}]"#;
    check(
        &format!(
            r#"{{"@type":"sourceDescription","sourceDescription":{{"name":"S","type":"STREAM","fields":{fields}}}}}"#
        ),
        "
Name : S
 FIELD | TYPE          |
-------+---------------+------------
 ID    | BIGINT        | key
 H     | BYTES         | header 'h'
 V     | DECIMAL(4, 2) |",
    );
    check(
        &format!(
            r#"{{"@type":"sourceDescription","sourceDescription":{{"name":"T","type":"TABLE","windowType":"HOPPING","fields":{fields},
            "extended":true,"keyFormat":"KAFKA","valueFormat":"JSON","topic":"t","partitions":4,"replication":1,
            "statement":"CREATE TABLE T\nAS SELECT 1;","readQueries":[],
            "writeQueries":[{{"queryString":"SELECT 1;","id":"CTAS_T_1","state":"RUNNING"}}],
            "queryOffsetSummaries":[{{"groupId":"g","topicSummaries":[{{"kafkaTopic":"t","offsets":[
                {{"partition":0,"logStartOffset":1,"logEndOffset":9,"consumerOffset":7}}]}}]}}],
            "clusterStatistics":{{"h:1":{{"total-messages":{{"name":"total-messages","value":9.0,"timestamp":1}}}}}}}}}}"#
        ),
        "
Name         : T
Type         : TABLE
Window       : HOPPING
Key format   : KAFKA
Value format : JSON
Topic        : t (partitions: 4, replicas: 1)
Statement    : CREATE TABLE T
               AS SELECT 1;
 FIELD | TYPE          |
-------+---------------+-------------
 ID    | BIGINT        | primary key
 H     | BYTES         | header 'h'
 V     | DECIMAL(4, 2) |

Queries that write it
 ID       | STATUS  | QUERY
----------+---------+-----------
 CTAS_T_1 | RUNNING | SELECT 1;

Statistics
 HOST | STATISTIC      | VALUE
------+----------------+-------
 h:1  | total-messages |     9

Consumers of its topic
 GROUP | TOPIC | PARTITION | START | END | OFFSET | LAG
-------+-------+-----------+-------+-----+--------+-----
 g     | t     |         0 |     1 |   9 |      7 |   2",
    );
    check(
        r#"{"@type":"queryDescription","queryDescription":{"id":"CTAS_T_1","statementText":"S;","sources":["A"],"sinks":["T"],
            "queryType":"PERSISTENT","state":"RUNNING","overriddenProperties":{"auto.offset.reset":"earliest"},
            "ksqlHostQueryStatus":{"h:1":"RUNNING"},"topology":"Topologies:\n   Sub\n",
            "queryErrors":[{"timestamp":5,"errorMessage":"e","type":"USER"}],
            "tasksMetadata":[{"taskId":"0_1","topicOffsets":[{"topicPartitionEntity":{"topic":"a","partition":1},"endOffset":3,"committedOffset":2}]}]}}"#,
        "
ID        : CTAS_T_1
Type      : PERSISTENT
Status    : RUNNING
Reads     : A
Writes    : T
Statement : S;

Properties
 PROPERTY          | VALUE
-------------------+----------
 auto.offset.reset | earliest

Servers
 HOST | STATUS
------+---------
 h:1  | RUNNING

Tasks
 TASK | TOPIC | PARTITION | COMMITTED | END
------+-------+-----------+-----------+-----
 0_1  | a     |         1 |         2 |   3

Errors
 TIME (MS) | TYPE | ERROR
-----------+------+-------
         5 | USER | e

Topology
Topologies:
   Sub",
    );
    check(
        r#"{"@type":"describe_function","name":"LPAD","description":"Pads.","author":"Lentic","version":"","path":"internal","type":"SCALAR",
            "functions":[{"arguments":[{"name":"text","type":"STRING","description":"what is padded","isVariadic":false},
                {"name":"","type":"INT","description":"","isVariadic":true}],"returnType":"STRING","description":"Pads it."}]}"#,
        "
Name       : LPAD
Type       : SCALAR
Author     : Lentic
Overview   : Pads.
Comes from : internal

Call    : LPAD(text STRING, INT...)
Returns : STRING
Does    : Pads it.
 ARGUMENT | MEANS
----------+----------------
 text     | what is padded",
    );
    check(
        r#"{"@type":"connector_description","connectorClass":"C","status":{"name":"c","connector":{"state":"RUNNING","worker_id":"w"},
            "tasks":[{"id":0,"state":"FAILED","worker_id":"w","trace":"t"}],"type":"source"},
            "sources":[{"name":"S","type":"STREAM","topic":"a"}],"topics":["a"]}"#,
        "
Name   : c
Class  : C
Type   : source
Status : RUNNING
Worker : w
Topics : a

Tasks
 TASK | STATUS | WORKER | TRACE
------+--------+--------+-------
    0 | FAILED | w      | t

Over its topics
 STREAM OR TABLE | TOPIC | TYPE
-----------------+-------+--------
 S               | a     | STREAM",
    );
}

#[test]
fn what_is_unknown_is_json() {
    check(
        r#"{"@type":"galaxy","statementText":"A;","stars":[1],"warnings":[]}"#,
        "{\n  \"@type\": \"galaxy\",\n  \"stars\": [\n    1\n  ]\n}",
    );
}
