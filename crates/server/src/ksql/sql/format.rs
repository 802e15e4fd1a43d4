//! The formats of rows.
mod csv;
mod document;
mod lines;
mod text;

use crate::error::{Code, Error, Result};
use crate::http::negotiate;
use crate::ksql::query::Answer;

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// `{"columns":[{"name":..,"type":..}],"rows":[[..],..]}`
    Document,
    /// An object a line.
    Lines,
    /// Names, and then values.
    Csv,
    /// A table to look at.
    Text,
}

impl Format {
    const ALL: [Self; 4] = [Self::Document, Self::Lines, Self::Csv, Self::Text];

    /// What a client wants; `None`: it does not say.
    pub(super) fn accepted(accept: Option<&str>) -> Result<Option<Self>> {
        let Some(accept) = accept.filter(|accept| !accept.trim().is_empty() && accept.trim() != "*/*") else {
            return Ok(None);
        };
        let offered = ["application/json", "application/x-ndjson", "text/csv", "text/plain"];
        match negotiate(Some(accept), &offered) {
            Some(index) => Ok(Some(Self::ALL[index])),
            None => Err(Error::new(
                Code::NotAcceptable,
                "rows are answered as application/json, application/x-ndjson, text/csv or text/plain",
            )),
        }
    }

    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Document => "application/json",
            Self::Lines => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Text => "text/plain; charset=utf-8",
        }
    }

    /// Who writes it.
    pub(super) fn answer(self) -> Box<dyn Answer> {
        match self {
            Self::Document => Box::<document::Document>::default(),
            Self::Lines => Box::new(lines::Lines),
            Self::Csv => Box::new(csv::Csv),
            Self::Text => Box::<text::Text>::default(),
        }
    }
}
