--@test: a query goes on with its rows as another one
CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE TABLE r AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;
INSERT INTO s (k, v) VALUES (1, 1);
ASSERT VALUES r (k, n) VALUES (1, 1);
CREATE OR REPLACE TABLE r AS SELECT k, COUNT(*) AS n FROM s WHERE v > 5 GROUP BY k;
INSERT INTO s (k, v) VALUES (1, 2);
INSERT INTO s (k, v) VALUES (1, 9);
ASSERT VALUES r (k, n) VALUES (1, 2);

--@test: a stream that others read is not dropped
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Cannot drop S.
CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM r AS SELECT * FROM s;
DROP STREAM s;

--@test: what was dropped can be made again
CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM r AS SELECT * FROM s;
DROP STREAM r;
CREATE STREAM r AS SELECT k, v + 1 AS more FROM s;
INSERT INTO s (k, v) VALUES (1, 1);
ASSERT VALUES r (k, more) VALUES (1, 2);
