--@test: every record changes the row of its group
CREATE STREAM s (k INT KEY, g STRING, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE TABLE r AS SELECT g, COUNT(*) AS n, SUM(v) AS total, AVG(v) AS mean FROM s GROUP BY g;
INSERT INTO s (k, g, v) VALUES (1, 'a', 2);
INSERT INTO s (k, g, v) VALUES (2, 'b', 7);
INSERT INTO s (k, g, v) VALUES (3, 'a', 4);
ASSERT VALUES r (g, n, total, mean) VALUES ('a', 1, 2, 2.0E0);
ASSERT VALUES r (g, n, total, mean) VALUES ('b', 1, 7, 7.0E0);
ASSERT VALUES r (g, n, total, mean) VALUES ('a', 2, 6, 3.0E0);

--@test: HAVING deletes a row that it let through before
CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE TABLE r AS SELECT k, SUM(v) AS total FROM s GROUP BY k HAVING SUM(v) > 2;
INSERT INTO s (k, v) VALUES (1, 1);
INSERT INTO s (k, v) VALUES (1, 2);
INSERT INTO s (k, v) VALUES (1, -1);
ASSERT VALUES r (k, total) VALUES (1, 3);
ASSERT NULL VALUES r (k) KEY (1);

--@test: a group that is an expression, and an expression of groups
CREATE STREAM s (k INT KEY, name STRING) WITH (kafka_topic='s', value_format='JSON');
CREATE TABLE r AS SELECT SUBSTRING(name, 1, 1) AS first, LCASE(SUBSTRING(name, 1, 1)) AS small, COUNT(*) AS n FROM s GROUP BY SUBSTRING(name, 1, 1);
INSERT INTO s (k, name) VALUES (1, 'Ann');
ASSERT VALUES r (first, small, n) VALUES ('A', 'a', 1);

--@test: a table's rows leave their group
CREATE TABLE t (k INT PRIMARY KEY, g STRING, v INT) WITH (kafka_topic='t', value_format='JSON');
CREATE TABLE r AS SELECT g, COUNT(*) AS n, SUM(v) AS total FROM t GROUP BY g;
INSERT INTO t (k, g, v) VALUES (1, 'a', 5);
INSERT INTO t (k, g, v) VALUES (2, 'a', 6);
INSERT INTO t (k, g, v) VALUES (1, 'b', 7);
ASSERT VALUES r (g, n, total) VALUES ('a', 1, 5);
ASSERT VALUES r (g, n, total) VALUES ('a', 2, 11);
ASSERT VALUES r (g, n, total) VALUES ('a', 1, 6);
ASSERT VALUES r (g, n, total) VALUES ('b', 1, 7);

--@test: windows one after the other, and a late record
CREATE STREAM s (k STRING KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE TABLE r AS SELECT k, COUNT(*) AS n, WINDOWSTART AS begun FROM s WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 0 SECONDS) GROUP BY k;
INSERT INTO s (rowtime, k, v) VALUES (1000, 'a', 1);
INSERT INTO s (rowtime, k, v) VALUES (12000, 'a', 1);
INSERT INTO s (rowtime, k, v) VALUES (2000, 'a', 1);
INSERT INTO s (rowtime, k, v) VALUES (13000, 'a', 1);
ASSERT VALUES r (k, n, begun) VALUES ('a', 1, 0);
ASSERT VALUES r (k, n, begun) VALUES ('a', 1, 10000);
ASSERT VALUES r (k, n, begun) VALUES ('a', 2, 10000);

--@test: sessions meet
CREATE STREAM s (k STRING KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE TABLE r AS SELECT k, COUNT(*) AS n FROM s WINDOW SESSION (5 SECONDS) GROUP BY k;
INSERT INTO s (rowtime, k, v) VALUES (1000, 'a', 1);
INSERT INTO s (rowtime, k, v) VALUES (9000, 'a', 1);
INSERT INTO s (rowtime, k, v) VALUES (5000, 'a', 1);
ASSERT VALUES r (k, n) VALUES ('a', 1);
ASSERT VALUES r (k, n) VALUES ('a', 1);
ASSERT NULL VALUES r (k) KEY ('a');
ASSERT NULL VALUES r (k) KEY ('a');
ASSERT VALUES r (k, n) VALUES ('a', 3);

--@test: an aggregate over a table that cannot take rows back
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: cannot be applied to a table source, only to a stream source
CREATE TABLE t (k INT PRIMARY KEY, g STRING, v INT) WITH (kafka_topic='t', value_format='JSON');
CREATE TABLE r AS SELECT g, MAX(v) AS most FROM t GROUP BY g;

--@test: a column that is neither group nor aggregate
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Non-aggregate SELECT expression(s) not part of GROUP BY: V
CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE TABLE r AS SELECT k, v, COUNT(*) FROM s GROUP BY k;

--@test: an argument may be called like a unit of time
CREATE STREAM s (k INT KEY, day STRING, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE TABLE r AS SELECT k, MAX(day) AS latest FROM s GROUP BY k;
INSERT INTO s (k, day, v) VALUES (1, 'friday', 1);
ASSERT VALUES r (k, latest) VALUES (1, 'friday');

--@test: windows of a join have no bounds where they are made
--@expected.message: SELECT column 'WINDOWSTART' cannot be resolved.
CREATE STREAM s (k INT, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE TABLE t (k INT PRIMARY KEY, v INT) WITH (kafka_topic='t', value_format='JSON');
CREATE TABLE r AS SELECT s.k, WINDOWSTART AS begun, COUNT(*) AS n FROM s JOIN t ON s.k = t.k WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY s.k;

--@test: a column called like a unit of time has to be a group as others have
--@expected.message: not part of GROUP BY: LCASE(`DAY`)
CREATE STREAM s (k INT KEY, day STRING) WITH (kafka_topic='s', value_format='JSON');
CREATE TABLE r AS SELECT k, LCASE(day) AS d, COUNT(*) AS n FROM s GROUP BY k;

--@test: units of time and columns called like them, in groups that move
CREATE STREAM s (k INT KEY, day STRING, hour STRING, t TIMESTAMP) WITH (kafka_topic='s', value_format='JSON');
CREATE TABLE r AS SELECT LCASE(day) AS d, MAX(hour) AS h, MAX(TIMESTAMPADD(DAYS, 1, t)) AS t FROM s GROUP BY LCASE(day);
INSERT INTO s (k, day, hour, t) VALUES (1, 'FRIDAY', 'nine', '2023-11-14T00:00:00');
INSERT INTO s (k, day, hour, t) VALUES (2, 'friday', 'ten', '2023-11-13T00:00:00');
ASSERT VALUES r (d, h, t) VALUES ('friday', 'nine', '2023-11-15T00:00:00');
ASSERT VALUES r (d, h, t) VALUES ('friday', 'ten', '2023-11-15T00:00:00');
