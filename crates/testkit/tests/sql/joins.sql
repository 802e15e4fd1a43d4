--@test: streams, within a time
CREATE STREAM l (k INT KEY, v STRING) WITH (kafka_topic='l', value_format='JSON');
CREATE STREAM r (k INT KEY, w STRING) WITH (kafka_topic='r', value_format='JSON');
CREATE STREAM j AS SELECT l.k AS k, v, w FROM l JOIN r WITHIN 10 SECONDS ON l.k = r.k;
INSERT INTO l (rowtime, k, v) VALUES (0, 1, 'x');
INSERT INTO r (rowtime, k, w) VALUES (20000, 1, 'far');
INSERT INTO r (rowtime, k, w) VALUES (9000, 1, 'near');
ASSERT VALUES j (rowtime, k, v, w) VALUES (9000, 1, 'x', 'near');

--@test: without a grace period a record without a partner is told at once
CREATE STREAM l (k INT KEY, v STRING) WITH (kafka_topic='l', value_format='JSON');
CREATE STREAM r (k INT KEY, w STRING) WITH (kafka_topic='r', value_format='JSON');
CREATE STREAM j AS SELECT l.k AS k, v, w FROM l LEFT JOIN r WITHIN 10 SECONDS ON l.k = r.k;
INSERT INTO l (rowtime, k, v) VALUES (0, 1, 'x');
INSERT INTO r (rowtime, k, w) VALUES (1000, 1, 'y');
ASSERT VALUES j (rowtime, k, v, w) VALUES (0, 1, 'x', NULL);
ASSERT VALUES j (rowtime, k, v, w) VALUES (1000, 1, 'x', 'y');

--@test: with one, when its time is over
CREATE STREAM l (k INT KEY, v STRING) WITH (kafka_topic='l', value_format='JSON');
CREATE STREAM r (k INT KEY, w STRING) WITH (kafka_topic='r', value_format='JSON');
CREATE STREAM j AS SELECT l.k AS k, v, w FROM l LEFT JOIN r WITHIN 10 SECONDS GRACE PERIOD 1 SECOND ON l.k = r.k;
INSERT INTO l (rowtime, k, v) VALUES (0, 1, 'alone');
INSERT INTO l (rowtime, k, v) VALUES (60000, 2, 'later');
ASSERT VALUES j (rowtime, k, v, w) VALUES (0, 1, 'alone', NULL);

--@test: a stream with the rows of a table, by a column that is not its key
CREATE TABLE c (id STRING PRIMARY KEY, name STRING) WITH (kafka_topic='c', value_format='JSON');
CREATE STREAM f (id INT KEY, carrier STRING) WITH (kafka_topic='f', value_format='JSON');
CREATE STREAM j AS SELECT f.carrier, f.id, c.name FROM f LEFT JOIN c ON f.carrier = c.id;
INSERT INTO c (id, name) VALUES ('LX', 'Swiss');
INSERT INTO f (id, carrier) VALUES (1, 'LX');
INSERT INTO f (id, carrier) VALUES (2, 'XX');
ASSERT VALUES j (carrier, f_id, name) VALUES ('LX', 1, 'Swiss');
ASSERT VALUES j (carrier, f_id, name) VALUES ('XX', 2, NULL);

--@test: tables by their keys, all rows
CREATE TABLE l (k INT PRIMARY KEY, v STRING) WITH (kafka_topic='l', value_format='JSON');
CREATE TABLE r (k INT PRIMARY KEY, w STRING) WITH (kafka_topic='r', value_format='JSON');
CREATE TABLE j AS SELECT ROWKEY, v, w FROM l FULL JOIN r ON l.k = r.k;
INSERT INTO l (k, v) VALUES (1, 'x');
INSERT INTO r (k, w) VALUES (2, 'y');
INSERT INTO r (k, w) VALUES (1, 'z');
ASSERT VALUES j (rowkey, v, w) VALUES (1, 'x', NULL);
ASSERT VALUES j (rowkey, v, w) VALUES (2, NULL, 'y');
ASSERT VALUES j (rowkey, v, w) VALUES (1, 'x', 'z');

--@test: tables by a foreign key
CREATE TABLE orders (id INT PRIMARY KEY, customer STRING) WITH (kafka_topic='o', value_format='JSON');
CREATE TABLE customers (id STRING PRIMARY KEY, name STRING) WITH (kafka_topic='c', value_format='JSON');
CREATE TABLE j AS SELECT o.id, name FROM orders o JOIN customers c ON o.customer = c.id;
INSERT INTO orders (id, customer) VALUES (1, 'a');
INSERT INTO customers (id, name) VALUES ('a', 'Ann');
INSERT INTO customers (id, name) VALUES ('a', 'Anna');
ASSERT VALUES j (o_id, name) VALUES (1, 'Ann');
ASSERT VALUES j (o_id, name) VALUES (1, 'Anna');

--@test: three sources
CREATE STREAM s (k INT KEY, v STRING) WITH (kafka_topic='s', value_format='JSON');
CREATE TABLE t (k INT PRIMARY KEY, w STRING) WITH (kafka_topic='t', value_format='JSON');
CREATE TABLE u (k INT PRIMARY KEY, x STRING) WITH (kafka_topic='u', value_format='JSON');
CREATE STREAM j AS SELECT s.k AS k, v, w, x FROM s JOIN t ON s.k = t.k LEFT JOIN u ON s.k = u.k;
INSERT INTO t (k, w) VALUES (1, 'two');
INSERT INTO s (k, v) VALUES (1, 'one');
ASSERT VALUES j (k, v, w, x) VALUES (1, 'one', 'two', NULL);

--@test: windows have to be the same
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Can not join windowed source to non-windowed source.
CREATE STREAM l (k INT KEY, v INT) WITH (kafka_topic='l', value_format='JSON', window_type='session');
CREATE STREAM r (k INT KEY, w INT) WITH (kafka_topic='r', value_format='JSON');
CREATE STREAM j AS SELECT l.k, v, w FROM l JOIN r WITHIN 1 SECOND ON l.k = r.k;
