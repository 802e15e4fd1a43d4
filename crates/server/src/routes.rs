//! All endpoints in one table: the router, the metrics' labels and the documentation's completeness come from it.
use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse as _, Response as AxumResponse};
use axum::routing::{MethodFilter, on};

use crate::call::Call;
use crate::error::{Code, Error, Result};
use crate::http::Response;
use crate::state::State;
use crate::{cluster, doc, health, metrics, rows, tables, watch};

macro_rules! routes {
    ($($route:ident $method:ident $path:literal $handler:path;)*) => {
        /// An endpoint.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Route {
            /// `GET` of one row; this and the next three are read from the raw path, before the router.
            GetRow,
            HeadRow,
            PutRow,
            DeleteRow,
            $($route,)*
            /// Answers to what is no endpoint.
            Other,
        }

        impl Route {
            pub(crate) const ALL: &'static [Self] =
                &[Self::GetRow, Self::HeadRow, Self::PutRow, Self::DeleteRow, $(Self::$route,)* Self::Other];

            pub(crate) fn method(self) -> &'static str {
                match self {
                    Self::GetRow => "GET",
                    Self::HeadRow => "HEAD",
                    Self::PutRow => "PUT",
                    Self::DeleteRow => "DELETE",
                    $(Self::$route => stringify!($method),)*
                    Self::Other => "*",
                }
            }

            pub(crate) fn path(self) -> &'static str {
                match self {
                    Self::GetRow | Self::HeadRow | Self::PutRow | Self::DeleteRow => {
                        "/v1/tables/{table}/rows/{key}"
                    }
                    $(Self::$route => $path,)*
                    Self::Other => "*",
                }
            }
        }

        /// Everything but the single rows.
        pub(crate) fn router(state: &Arc<State>) -> Router {
            Router::new()
                $(.route($path, on(MethodFilter::$method, |call: Call| async move {
                    labelled(Route::$route, $handler(call).await)
                })))*
                .method_not_allowed_fallback(|| async { labelled(Route::Other, Err(Error::plain(Code::MethodNotAllowed))) })
                .fallback(|| async { labelled(Route::Other, Err(Error::plain(Code::NotFound))) })
                .with_state(Arc::clone(state))
        }
    };
}

routes! {
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
}

fn labelled(route: Route, answer: Result<Response>) -> AxumResponse {
    let mut response = match answer {
        Ok(response) => response.map(axum::body::Body::new),
        Err(error) => error.into_response(),
    };
    response.extensions_mut().insert(route);
    response
}
