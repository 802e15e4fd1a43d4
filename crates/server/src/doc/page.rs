//! `/docs`: the OpenAPI document as a page, without scripts and without a network.
use std::fmt::Write as _;

use serde_json::Value;
use utoipa::openapi::OpenApi;

use crate::error::Code;
use crate::http::{ANSWER_HEADERS, REQUEST_HEADERS};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}\
code{font:14px ui-monospace,monospace}h2{margin-top:2.5rem}h3{margin:1.8rem 0 .3rem}\
table{border-collapse:collapse;width:100%}td,th{border-top:1px solid #ddd;padding:.3rem .6rem .3rem 0;text-align:left;vertical-align:top}\
.m{display:inline-block;min-width:4.5rem;font-weight:bold;color:#06c}\
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}td,th{border-color:#444}.m{color:#6af}}";

/// The page.
pub(crate) fn page(document: &OpenApi) -> String {
    let document = serde_json::to_value(document).unwrap_or_default();
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Lentic</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body>\
         <h1>Lentic {}</h1><p>Rows of tables over Kafka topics. The same for programs: \
         <a href=\"/openapi.json\">/openapi.json</a>. Unknown query parameters, unknown fields of JSON bodies and \
         unknown <code>Lentic-*</code> request headers are errors.</p>",
        env!("CARGO_PKG_VERSION")
    );
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = tag["name"].as_str().unwrap_or_default();
        let _ = write!(html, "<h2>{}</h2>", escape(tag["description"].as_str().unwrap_or(name)));
        for (path, methods) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in methods.as_object().into_iter().flatten() {
                if operation["tags"][0].as_str() == Some(name) {
                    endpoint(&mut html, method, path, operation);
                }
            }
        }
    }
    rows(
        &mut html,
        "Headers of requests",
        ["Header", "Meaning"],
        REQUEST_HEADERS.iter().map(|(name, meaning)| [*name, *meaning]),
    );
    rows(
        &mut html,
        "Headers of answers",
        ["Header", "Meaning"],
        ANSWER_HEADERS.iter().map(|(name, meaning)| [*name, *meaning]),
    );
    html.push_str("<p>Errors are <code>{\"error\":{\"code\",\"message\",\"hint\"}}</code>:</p>");
    let statuses: Vec<_> = Code::ALL.iter().map(|code| code.status().to_string()).collect();
    let codes = Code::ALL.iter().zip(&statuses);
    rows(
        &mut html,
        "Errors",
        ["Code", "Status", "Meaning", "What to do"],
        codes.map(|(code, status)| [code.as_str(), status, code.meaning(), code.hint()]),
    );
    html.push_str("</body></html>\n");
    html
}

fn endpoint(html: &mut String, method: &str, path: &str, operation: &Value) {
    let text = |field: &str| escape(operation[field].as_str().unwrap_or_default());
    let _ = write!(
        html,
        "<h3><span class=\"m\">{}</span> <code>{}</code></h3><p>{} {}</p>",
        method.to_ascii_uppercase(),
        escape(path),
        text("summary"),
        text("description").replace("\n\n", "</p><p>")
    );
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let shown: Vec<_> = parameters
        .filter(|parameter| !parameter["name"].as_str().is_some_and(|name| name.starts_with("Lentic-")))
        .collect();
    if !shown.is_empty() {
        html.push_str("<table>");
        for parameter in shown {
            let part = |field: &str| escape(parameter[field].as_str().unwrap_or_default());
            let _ = write!(
                html,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
                part("name"),
                part("in"),
                part("description")
            );
        }
        html.push_str("</table>");
    }
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        if status != "default" {
            let description = escape(response["description"].as_str().unwrap_or_default());
            let _ = write!(html, "<p><code>{status}</code> {description}</p>");
        }
    }
}

fn rows<'a, const N: usize>(
    html: &mut String,
    title: &str,
    headings: [&str; N],
    rows: impl Iterator<Item = [&'a str; N]>,
) {
    let _ = write!(html, "<h2>{title}</h2><table><tr>");
    for heading in headings {
        let _ = write!(html, "<th>{heading}</th>");
    }
    html.push_str("</tr>");
    for row in rows {
        html.push_str("<tr>");
        for (index, cell) in row.into_iter().enumerate() {
            let cell = escape(cell);
            let _ = if index == 0 {
                write!(html, "<td><code>{cell}</code></td>")
            } else {
                write!(html, "<td>{cell}</td>")
            };
        }
        html.push_str("</tr>");
    }
    html.push_str("</table>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
