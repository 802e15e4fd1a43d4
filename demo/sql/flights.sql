-- A dashboard of delays: flights as they are told of, joined with the names of their carriers, by carrier and hour.
--
-- It reads the topics that `lentic load` fills, `airlines` and `flights` (see demo/demo.sh):
--
--   lentic sql -f demo/sql/flights.sql

-- Also what was loaded before.
SET 'auto.offset.reset' = 'earliest';

CREATE TABLE IF NOT EXISTS carriers (carrier STRING PRIMARY KEY, name STRING)
  WITH (KAFKA_TOPIC = 'airlines', VALUE_FORMAT = 'JSON');

-- A flight that was cancelled has no delay.
CREATE STREAM IF NOT EXISTS flights (id STRING KEY, carrier STRING, origin STRING, dest STRING, dep_delay INT, time_hour STRING)
  WITH (KAFKA_TOPIC = 'flights', VALUE_FORMAT = 'JSON');

-- Joined as they come, so that names are known that were loaded before; from here on the time of a flight is its hour, which is
-- long ago: the topic must not drop it for that.
CREATE STREAM IF NOT EXISTS departures
  WITH (KAFKA_TOPIC = 'departures', VALUE_FORMAT = 'JSON', RETENTION_MS = -1,
        TIMESTAMP = 'time_hour', TIMESTAMP_FORMAT = 'yyyy-MM-dd''T''HH:mm:ssX') AS
  SELECT f.carrier AS carrier, c.name AS name, f.origin AS origin, f.dest AS dest, f.dep_delay AS delay, f.time_hour AS time_hour
  FROM flights f LEFT JOIN carriers c ON f.carrier = c.carrier
  WHERE f.dep_delay IS NOT NULL
  EMIT CHANGES;

CREATE TABLE IF NOT EXISTS delays
  WITH (KAFKA_TOPIC = 'delays', VALUE_FORMAT = 'JSON') AS
  SELECT carrier, LATEST_BY_OFFSET(name) AS name, COUNT(*) AS flights, AVG(delay) AS average, MAX(delay) AS worst
  FROM departures WINDOW TUMBLING (SIZE 1 HOUR)
  GROUP BY carrier
  EMIT CHANGES;
