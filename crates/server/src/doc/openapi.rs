//! The OpenAPI document, from the handlers' and documents' own descriptions.
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, Ref, Required, ResponseBuilder, SecurityRequirement};

use crate::api;
use crate::error::Code;
use crate::http::{ANSWER_HEADERS, REQUEST_HEADERS};
use crate::routes::Route;

#[derive(OpenApi)]
#[openapi(
    info(title = "Lentic", description = "Rows of tables over Kafka topics.", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    paths(
        crate::rows::paths::get, crate::rows::paths::head, crate::rows::paths::put, crate::rows::paths::delete,
        crate::rows::paths::scan, crate::rows::paths::get_many, crate::rows::paths::write_many,
        crate::rows::paths::count, crate::rows::paths::load, crate::watch::paths::watch,
        crate::tables::paths::list, crate::tables::paths::create, crate::tables::paths::attach, crate::tables::paths::get,
        crate::tables::paths::alter, crate::tables::paths::drop, crate::tables::paths::route,
        crate::tables::paths::guess, crate::cluster::paths::cluster, crate::cluster::paths::alter, crate::cluster::paths::drain,
        crate::health::paths::status, crate::health::paths::healthz,
        crate::health::paths::readyz, crate::metrics::metrics, crate::doc::openapi_json, crate::doc::docs, crate::ksql::sql::sql,
    ),
    components(schemas(api::Failed, api::Row)),
    tags(
        (name = "Rows", description = "Reading and writing rows"),
        (name = "Watch", description = "Following changes"),
        (name = "SQL", description = "Statements and queries"),
        (name = "Tables", description = "Declarations and how they are doing"),
        (name = "Node", description = "Health, metrics, documentation"),
    )
)]
struct Document;

/// The document, with what all endpoints have in common.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    document.info.description = Some(description());
    if let Some(components) = &mut document.components {
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.security_schemes.insert("bearer".to_owned(), bearer.into());
    }
    document.security =
        Some(vec![SecurityRequirement::default(), SecurityRequirement::new("bearer", [""; 0])]);
    let failed = ResponseBuilder::new()
        .description(
            "An error; its code is also in the header Lentic-Error. The description above lists the codes.",
        )
        .content("application/json", Content::new(Some(Ref::from_schema_name("Failed"))))
        .build();
    for route in Route::ALL.iter().copied().filter(|route| *route != Route::Other && !route.is_ksql()) {
        let Some(operation) = operation(&mut document, route) else { continue };
        // The handlers' names are those of their modules: only the routes' are unique.
        operation.operation_id = Some(camel_case(route));
        operation.responses.responses.insert("default".to_owned(), failed.clone().into());
        // Demands of freshness are for reads; the time is for all.
        let reads = matches!(
            route,
            Route::GetRow | Route::HeadRow | Route::Scan | Route::GetRows | Route::CountRows | Route::Watch
        );
        for (name, meaning) in REQUEST_HEADERS.iter().filter(|(name, _)| reads || *name == "Lentic-Timeout") {
            let parameter = ParameterBuilder::new()
                .name(*name)
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .description(Some(*meaning))
                .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
                .build();
            operation.parameters.get_or_insert_default().push(parameter.into());
        }
    }
    document
}

fn operation(document: &mut utoipa::openapi::OpenApi, route: Route) -> Option<&mut Operation> {
    let path = document.paths.paths.get_mut(route.path())?;
    match route.method() {
        "GET" => path.get.as_mut(),
        "HEAD" => path.head.as_mut(),
        "PUT" => path.put.as_mut(),
        "POST" => path.post.as_mut(),
        "PATCH" => path.patch.as_mut(),
        "DELETE" => path.delete.as_mut(),
        _ => None,
    }
}

/// `GetRow` as `getRow`.
fn camel_case(route: Route) -> String {
    let name = format!("{route:?}");
    name[..1].to_ascii_lowercase() + &name[1..]
}

/// As JSON.
pub(crate) fn json(document: &utoipa::openapi::OpenApi) -> String {
    document.to_pretty_json().expect("the document has string keys only")
}

/// What all endpoints have in common, in Markdown.
fn description() -> String {
    use std::fmt::Write as _;
    let mut text = String::from(
        "Rows of tables over Kafka topics.\n\nUnknown query parameters, unknown fields of JSON bodies and unknown \
         `Lentic-*` request headers are errors.\n\nAnswers carry:\n",
    );
    for (name, meaning) in ANSWER_HEADERS {
        let _ = writeln!(text, "- `{name}`: {meaning}");
    }
    text.push_str("\nErrors are `{\"error\":{\"code\",\"message\",\"hint\"}}`:\n");
    for code in Code::ALL {
        let _ = writeln!(text, "- {} `{}`: {}", code.status(), code.as_str(), code.meaning());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_described() {
        let document: serde_json::Value = serde_json::from_str(&json(&openapi())).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
        let mut ids = std::collections::BTreeSet::new();
        for route in Route::ALL.iter().filter(|route| **route != Route::Other && !route.is_ksql()) {
            let operation = &document["paths"][route.path()][route.method().to_ascii_lowercase()];
            assert!(operation["responses"]["default"].is_object(), "{} {}", route.method(), route.path());
            assert!(operation["summary"].is_string(), "{} {}", route.method(), route.path());
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{operation}");
        }
        let operations: usize =
            document["paths"].as_object().unwrap().values().map(|p| p.as_object().unwrap().len()).sum();
        assert_eq!(operations, ids.len());
        assert!(document["components"]["schemas"]["Failed"].is_object());
    }
}
