//! All endpoints in one table: the router, the metrics' labels and the documentation's completeness come from it.
use std::sync::Arc;

use axum::Router;
use axum::http::Method;
use axum::response::{IntoResponse as _, Response as AxumResponse};
use axum::routing::{MethodFilter, on};

use crate::call::Call;
use crate::error::{Code, Error, Result};
use crate::http::Response;
use crate::state::State;
use crate::{cluster, doc, health, ksql, metrics, rows, tables, watch};

/// Where WebSockets are opened: the router's own extractor does that.
const SOCKET: &str = "/ws/query";

macro_rules! routes {
    (own { $($route:ident $method:ident $path:literal $handler:path;)* } ksql { $($sql:ident $sql_method:ident $sql_path:literal $sql_handler:path;)* }) => {
        /// An endpoint.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Route {
            /// `GET` of one row; this and the next three are read from the raw path, before the router.
            GetRow,
            HeadRow,
            PutRow,
            DeleteRow,
            $($route,)*
            $($sql,)*
            /// Answers to what is no endpoint.
            Other,
        }

        impl Route {
            pub(crate) const ALL: &'static [Self] =
                &[Self::GetRow, Self::HeadRow, Self::PutRow, Self::DeleteRow, $(Self::$route,)* $(Self::$sql,)* Self::Other];

            pub(crate) fn method(self) -> &'static str {
                match self {
                    Self::GetRow => "GET",
                    Self::HeadRow => "HEAD",
                    Self::PutRow => "PUT",
                    Self::DeleteRow => "DELETE",
                    $(Self::$route => stringify!($method),)*
                    $(Self::$sql => stringify!($sql_method),)*
                    Self::Other => "*",
                }
            }

            pub(crate) fn path(self) -> &'static str {
                match self {
                    Self::GetRow | Self::HeadRow | Self::PutRow | Self::DeleteRow => {
                        "/v1/tables/{table}/rows/{key}"
                    }
                    $(Self::$route => $path,)*
                    $(Self::$sql => $sql_path,)*
                    Self::Other => "*",
                }
            }
        }

        impl Route {
            /// Whether it is one of ksqlDB's API, which is documented elsewhere.
            pub(crate) fn is_ksql(self) -> bool {
                matches!(self, $(Self::$sql)|*)
            }

            /// The endpoint of a query, which is looked for before the router.
            pub(crate) fn of_query(method: &Method, path: &str) -> Option<Self> {
                let routes = [Self::QueryStream, Self::Query, Self::Sql];
                routes.into_iter().find(|route| *method == Method::POST && route.path() == path)
            }

            /// Whether its answer may have no end: such requests are counted by themselves, or they would leave no place for
            /// others.
            pub(crate) fn is_endless(self) -> bool {
                matches!(self, Self::Watch | Self::Query | Self::QueryStream | Self::InsertsStream | Self::Sql)
            }
        }

        /// Everything but the single rows.
        pub(crate) fn router(state: &Arc<State>) -> Router {
            Router::new()
                $(.route($path, on(MethodFilter::$method, |call: Call| async move {
                    labelled(Route::$route, $handler(call).await)
                })))*
                $(.route($sql_path, on(MethodFilter::$sql_method, |call: Call| async move {
                    labelled(Route::$sql, $sql_handler(call).await)
                })))*
                .route(SOCKET, axum::routing::get(ksql::web_socket))
                .method_not_allowed_fallback(|| async { labelled(Route::Other, Err(Error::plain(Code::MethodNotAllowed))) })
                .fallback(|| async { labelled(Route::Other, Err(Error::plain(Code::NotFound))) })
                .with_state(Arc::clone(state))
        }
    };
}

routes! {
    own {
    Scan GET "/v1/tables/{table}/rows" rows::scan;
    GetRows POST "/v1/tables/{table}/rows:get" rows::get_many;
    WriteRows POST "/v1/tables/{table}/rows:write" rows::write_many;
    CountRows GET "/v1/tables/{table}/rows:count" rows::count;
    LoadRows POST "/v1/tables/{table}/rows:load" rows::load;
    Watch GET "/v1/tables/{table}/watch" watch::watch;
    ListTables GET "/v1/tables" tables::list;
    CreateTable POST "/v1/tables" tables::create;
    AttachTables POST "/v1/tables:attach" tables::attach;
    GetTable GET "/v1/tables/{table}" tables::get;
    AlterTable PATCH "/v1/tables/{table}" tables::alter;
    DropTable DELETE "/v1/tables/{table}" tables::drop;
    RouteKey GET "/v1/tables/{table}/route" tables::route;
    GuessTopic GET "/v1/topics/{topic}/guess" tables::guess;
    Status GET "/v1/status" health::status;
    Cluster GET "/v1/cluster" cluster::cluster;
    AlterCluster PATCH "/v1/cluster" cluster::alter;
    Drain POST "/v1/node:drain" cluster::drain;
    Healthz GET "/healthz" health::healthz;
    Readyz GET "/readyz" health::readyz;
    Metrics GET "/metrics" metrics::metrics;
    OpenApi GET "/openapi.json" doc::openapi_json;
    Docs GET "/docs" doc::docs;
    Sql POST "/v1/sql" ksql::sql;
    }
    ksql {
        Ksql POST "/ksql" ksql::ksql;
        Query POST "/query" ksql::query;
        QueryStream POST "/query-stream" ksql::query_stream;
        InsertsStream POST "/inserts-stream" ksql::inserts_stream;
        CloseQuery POST "/close-query" ksql::close_query;
        Terminate POST "/ksql/terminate" ksql::terminate;
        Root GET "/" ksql::root;
        Info GET "/info" ksql::info;
        Healthcheck GET "/healthcheck" ksql::health;
        ChcLive GET "/chc/live" ksql::alive;
        ChcReady GET "/chc/ready" ksql::alive;
        CommandStatuses GET "/status" ksql::statuses;
        CommandStatus GET "/status/{type}/{entity}/{action}" ksql::status;
        IsValidProperty GET "/is_valid_property/{property}" ksql::is_valid_property;
        Metadata GET "/v1/metadata" ksql::metadata;
        MetadataId GET "/v1/metadata/id" ksql::metadata_id;
        ClusterStatus GET "/clusterStatus" ksql::cluster_status;
        Heartbeat POST "/heartbeat" ksql::heartbeat;
        Lag POST "/lag" ksql::lag;
    }
}

fn labelled(route: Route, answer: Result<Response>) -> AxumResponse {
    let mut response = match answer {
        Ok(response) => response.map(axum::body::Body::new),
        Err(error) => error.into_response(),
    };
    response.extensions_mut().insert(route);
    response
}
