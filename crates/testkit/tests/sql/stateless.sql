--@test: rows that WHERE keeps, with new columns
CREATE STREAM flights (id STRING KEY, carrier STRING, delay INT) WITH (kafka_topic='flights', value_format='JSON');
CREATE STREAM late AS SELECT id, carrier, delay / 60 AS hours, delay % 60 FROM flights WHERE delay >= 60;
INSERT INTO flights (rowtime, id, carrier, delay) VALUES (1, 'a', 'LX', 59);
INSERT INTO flights (rowtime, id, carrier, delay) VALUES (2, 'b', 'LX', 130);
ASSERT VALUES late (rowtime, id, carrier, hours, ksql_col_0) VALUES (2, 'b', 'LX', 2, 10);

--@test: a condition that is NULL keeps nothing
CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM kept AS SELECT * FROM s WHERE v > 1 OR v < 0;
INSERT INTO s (k, v) VALUES (1, NULL);
INSERT INTO s (k, v) VALUES (2, 5);
ASSERT VALUES kept (k, v) VALUES (2, 5);

--@test: another key, which is an expression
CREATE STREAM s (k INT KEY, name STRING) WITH (kafka_topic='s', format='JSON');
CREATE STREAM keyed AS SELECT UCASE(name) AS upper, k FROM s PARTITION BY UCASE(name);
INSERT INTO s (k, name) VALUES (7, 'ann');
ASSERT STREAM keyed (upper STRING KEY, k INT) WITH (kafka_topic='KEYED', format='JSON');
ASSERT VALUES keyed (upper, k) VALUES ('ANN', 7);

--@test: a key is in the result, or the statement is refused
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: must include the key column K in its projection
CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM r AS SELECT v FROM s;

--@test: a copy of the key in the value
CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM r AS SELECT k, AS_VALUE(k) AS copy FROM s;
INSERT INTO s (k, v) VALUES (3, 1);
ASSERT VALUES r (k, copy) VALUES (3, 3);

--@test: as many rows as the longest list, the shorter one filled up with NULL
CREATE STREAM s (k INT KEY, one ARRAY<INT>, two ARRAY<INT>) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM r AS SELECT k, EXPLODE(one) AS one, EXPLODE(two) AS two FROM s;
INSERT INTO s (k, one, two) VALUES (1, ARRAY[1, 2], ARRAY[10]);
ASSERT VALUES r (k, one, two) VALUES (1, 1, 10);
ASSERT VALUES r (k, one, two) VALUES (1, 2, NULL);

--@test: the fields of a struct
CREATE STREAM s (k INT KEY, p STRUCT<x INT, y INT>) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM r AS SELECT k, p->*, p->x + p->y AS sum FROM s;
INSERT INTO s (k, p) VALUES (1, STRUCT(x := 2, y := 3));
ASSERT VALUES r (k, x, y, sum) VALUES (1, 2, 3, 5);

--@test: the time of a column, in the source and in the result
CREATE STREAM s (k INT KEY, at BIGINT, later BIGINT) WITH (kafka_topic='s', value_format='JSON', timestamp='at');
CREATE STREAM r WITH (timestamp='later') AS SELECT k, ROWTIME AS read_at, later FROM s;
INSERT INTO s (rowtime, k, at, later) VALUES (1, 1, 500, 900);
ASSERT VALUES r (rowtime, k, read_at, later) VALUES (900, 1, 500, 900);

--@test: a row of a table that stops to match is deleted, one that never did is not heard of
CREATE TABLE t (k INT PRIMARY KEY, v INT) WITH (kafka_topic='t', value_format='JSON');
CREATE TABLE r AS SELECT * FROM t WHERE v > 1;
INSERT INTO t (k, v) VALUES (1, 0);
INSERT INTO t (k, v) VALUES (2, 5);
INSERT INTO t (k, v) VALUES (2, 1);
ASSERT VALUES r (k, v) VALUES (2, 5);
ASSERT NULL VALUES r (k) KEY (2);

--@test: a misspelt column is guessed
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Did you mean 'DELAY'?
CREATE STREAM s (k INT KEY, delay INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM r AS SELECT k, delya FROM s;

--@test: a record whose time cannot be read stops a query that is told so
--@expected.message: Fatal user code error in TimestampExtractor callback for record
CREATE STREAM s (k INT KEY, t STRING) WITH (kafka_topic='s', value_format='JSON', timestamp='t', timestamp_format='yyyy-MM-dd');
SET 'ksql.timestamp.throw.on.invalid'='true';
CREATE STREAM r AS SELECT k, t FROM s;
INSERT INTO s (k, t) VALUES (1, 'tomorrow');

--@test: keys that are equal are the same bytes, however many digits they were written with
CREATE STREAM s (k INT KEY, a DECIMAL(3, 1), b DECIMAL(4, 2)) WITH (kafka_topic='s', format='JSON');
CREATE STREAM r WITH (kafka_topic='r') AS SELECT GREATEST(a, b) AS most, k FROM s PARTITION BY GREATEST(a, b);
CREATE STREAM bytes (most STRING KEY, k INT) WITH (kafka_topic='r', key_format='KAFKA', value_format='JSON');
INSERT INTO s (k, a, b) VALUES (1, 1.5, 0.25);
INSERT INTO s (k, a, b) VALUES (2, 0.5, 1.50);
ASSERT VALUES bytes (most, k) VALUES ('1.50', 1);
ASSERT VALUES bytes (most, k) VALUES ('1.50', 2);
