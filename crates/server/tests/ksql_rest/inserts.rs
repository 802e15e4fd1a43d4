//! `POST /inserts-stream`, which takes HTTP/2.
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::endpoint::Server;

fn insert(server: &Server, accept: &str, body: &str) -> (u16, String) {
    insert_as(server, None, accept, body)
}

/// The same as somebody: the value of the header `authorization`.
pub(crate) fn insert_as(server: &Server, who: Option<&str>, accept: &str, body: &str) -> (u16, String) {
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http::<Full<Bytes>>();
    let request = hyper::Request::post(format!("http://{}/inserts-stream", server.address()));
    let request = who.into_iter().fold(request, |request, who| request.header("authorization", who));
    let request =
        request.header("accept", accept).body(Full::new(Bytes::from(body.to_owned()))).expect("a request");
    server.runtime().block_on(async {
        let response = client.request(request).await.expect("an answer");
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        (status, String::from_utf8_lossy(&body).into_owned())
    })
}

#[test]
fn rows_are_acknowledged() {
    let server = Server::start();
    server.ksql(
        "CREATE STREAM s (k INT KEY, v STRING, at DATE) WITH (kafka_topic='s', value_format='json', partitions=1);\
         CREATE TABLE t (k INT PRIMARY KEY, v STRING) WITH (kafka_topic='t', value_format='json', partitions=1);",
    );
    let lines = "application/vnd.ksqlapi.delimited.v1";
    for (accept, body, status, expected) in [
        (
            lines,
            "{\"target\":\"s\"}\n{\"k\":1,\"v\":\"a\",\"at\":\"2021-01-31\"}\n{\"K\":2}",
            200,
            "{\"seq\":0,\"status\":\"ok\"}\n{\"seq\":1,\"status\":\"ok\"}\n",
        ),
        (
            "application/json",
            "{\"target\":\"S\"}\n{\"k\":3}\n{\"k\":4}\n",
            200,
            "[{\"seq\":0,\"status\":\"ok\"},{\"seq\":1,\"status\":\"ok\"}]",
        ),
        (
            lines,
            "{\"target\":\"t\"}\n{\"v\":\"a\"}\n",
            200,
            "{\"@type\":\"generic_error\",\"error_code\":40000,\"message\":\"Key field must be specified: K\",\"seq\":0,\
             \"status\":\"error\"}\n",
        ),
        (
            lines,
            "{\"target\":\"s\"}\nno\n{\"k\":5}\n",
            200,
            "{\"@type\":\"generic_error\",\"error_code\":40000,\"message\":\"Invalid JSON in inserts stream\",\"seq\":0,\
             \"status\":\"error\"}\n",
        ),
        (
            lines,
            "{\"target\":\"nothing\"}\n",
            400,
            "{\"@type\":\"generic_error\",\"error_code\":40001,\"message\":\"Cannot insert values into an unknown stream/table: NOTHING\"}",
        ),
    ] {
        let found = insert(&server, accept, body);
        assert_eq!((found.0, found.1.as_str()), (status, expected), "{body}");
    }
    let query = "SELECT k, v, at FROM s EMIT CHANGES LIMIT 4;";
    let (_, rows) = server.ask("POST", "/v1/sql", &[("accept", "text/csv")], query);
    assert_eq!(rows, "K,V,AT\r\n1,a,2021-01-31\r\n2,,\r\n3,,\r\n4,,\r\n");
    server.stop();
}
