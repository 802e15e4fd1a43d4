//! Where the rows of a query go: a new stream or table, or one that is there.
use std::sync::Arc;

use lentic_sql_syntax::ast::{CreateAs, InsertQuery, SourceKind};

use super::flow::Handle;
use super::project::Projection;
use super::{Analysis, codec, time};
use crate::catalog::{
    Column, Formats, Origin, Place, Properties, Schema, Source, SourceWindow, Use, kind_name,
    timestamp_column,
};
use crate::serde::{Format, FormatName};
use crate::{Refusal, SqlType};

/// What the sources give the result where its own properties are silent.
pub(super) struct Inherited {
    pub(super) value_format: Format,
    pub(super) window: Option<SourceWindow>,
    pub(super) partitions: Option<u32>,
    pub(super) replicas: Option<i16>,
}

impl Analysis<'_> {
    /// `CREATE STREAM|TABLE ... AS`
    pub(super) fn create(
        &self,
        create: &CreateAs,
        projection: &Projection,
        inherited: &Inherited,
    ) -> Result<Source, Refusal> {
        let kind = match projection.handle {
            Handle::Stream(_) => SourceKind::Stream,
            Handle::Table(_) => SourceKind::Table,
        };
        if kind != create.kind {
            let (is, other) = (kind_name(kind).to_uppercase(), kind_name(create.kind).to_uppercase());
            return Err(Refusal::new(format!(
                "Invalid result type. Your SELECT query produces a {is}. Please use CREATE {is} AS SELECT statement instead of \
                 CREATE {other} AS SELECT."
            )));
        }
        let mut properties = Properties::of(&create.properties, Use::CreateAs)?;
        let schema = schema(projection)?;
        if projection.key.is_empty() {
            if properties.key_format.as_deref().is_some_and(|name| name != "NONE")
                && !create.properties.iter().any(|property| property.name.text.eq_ignore_ascii_case("FORMAT"))
            {
                return Err(Refusal::new("Key format specified for stream without key columns."));
            }
            properties.key_format = Some("NONE".to_owned());
        } else if properties.key_format.is_none() {
            give(
                projection.key_format,
                &mut properties.key_format,
                &mut properties.key_delimiter,
                &mut properties.key_nullable,
            );
        }
        if properties.value_format.is_none() {
            give(
                inherited.value_format,
                &mut properties.value_format,
                &mut properties.value_delimiter,
                &mut properties.value_nullable,
            );
        }
        let name = create.name.text.as_str();
        let prefix = self.settings.get("ksql.output.topic.name.prefix").unwrap_or_default();
        properties.topic.get_or_insert_with(|| format!("{prefix}{name}"));
        properties.partitions = properties.partitions.or(inherited.partitions);
        properties.replicas = properties.replicas.or(inherited.replicas);
        properties.window = inherited.window;
        let wraps_single_values = self.settings.defaults().wraps_single_values;
        let formats = Formats::new(&properties, &schema, wraps_single_values)
            .map_err(|refusal| self.with_statement(&refusal))?;
        let timestamp = timestamp_column(&properties, &schema)?;
        Ok(Source {
            name: name.into(),
            kind,
            schema,
            properties,
            formats,
            wraps_single_values,
            timestamp,
            origin: Origin::Query,
            statement: self.request.statement.into(),
        })
    }

    /// `INSERT INTO`
    pub(super) fn insert(&self, insert: &InsertQuery, projection: &Projection) -> Result<Source, Refusal> {
        let name = insert.into.text.as_str();
        let at = insert.into.at.0;
        let Some(target) = self.catalog.source(name) else {
            let text = format!("Line: {}, Col: {}: Source `{name}` does not exist.", at.line, at.column);
            return Err(Refusal::new(text).at(at).near(self.catalog.near_source(name)));
        };
        if target.kind == SourceKind::Table {
            let text = format!("INSERT INTO can only be used to insert into a stream. {name} is a table.");
            return Err(Refusal::new(text).at(at));
        }
        if target.origin == (Origin::Declared { read_only: true }) {
            return Err(Refusal::new(format!("Cannot insert into read-only stream: {name}")).at(at));
        }
        if target.schema.headers().next().is_some() {
            return Err(
                Refusal::new(format!("Cannot insert into {name} because it has header columns")).at(at)
            );
        }
        let result = schema(projection)?;
        let columns = |schema: &Schema| -> Vec<(Arc<str>, SqlType, bool)> {
            let key = schema.key().chain(schema.value());
            key.map(|column| (Arc::clone(&column.name), column.kind.clone(), column.place == Place::Key))
                .collect()
        };
        let (found, wanted) = (columns(&result), columns(&target.schema));
        if found != wanted {
            return Err(Refusal::new(format!(
                "Incompatible schema between results and sink.\nResult schema is {result}\nSink schema is {}",
                target.schema
            )));
        }
        Ok((**target).clone())
    }

    /// Writes the rows to the topic.
    pub(super) fn write(&self, projection: &Projection, sink: &Source) -> Result<(), Refusal> {
        let formats = &sink.formats;
        let key = codec::key(&formats.key, &formats.key_columns, sink.properties.window)?;
        let value = codec::row(&formats.value, &formats.value_columns)?;
        let mut stream = match &projection.handle {
            Handle::Stream(stream) => stream.clone(),
            Handle::Table(table) => table.to_stream(),
        };
        if let Some(timestamp) = &sink.timestamp {
            let fails = self.reading().fails_on_bad_times;
            stream = stream.retime(time::retimer(timestamp, &sink.schema, fails, &self.log)?);
        }
        stream.with_codecs(key, value).to(sink.properties.topic.as_deref().unwrap_or_default());
        Ok(())
    }
}

/// A format and its properties, where nothing else was asked for.
fn give(
    format: Format,
    name: &mut Option<String>,
    delimiter: &mut Option<String>,
    nullable: &mut Option<String>,
) {
    *name = Some(format.name.name().to_owned());
    if delimiter.is_none() && format.name == FormatName::Delimited {
        *delimiter = format.delimiter.map(|delimiter| match delimiter.as_char() {
            ' ' => "SPACE".to_owned(),
            '\t' => "TAB".to_owned(),
            other => other.to_string(),
        });
    }
    if nullable.is_none() {
        *nullable = format.nullable.map(|nullable| nullable.name().to_owned());
    }
}

/// The columns of the result.
pub(super) fn schema(projection: &Projection) -> Result<Schema, Refusal> {
    let column = |place: Place| {
        move |(name, kind): &(Arc<str>, SqlType)| Column {
            name: Arc::clone(name),
            kind: kind.clone(),
            place: place.clone(),
        }
    };
    let key = projection.key.iter().map(column(Place::Key));
    let value: Vec<Column> = projection.values.iter().map(column(Place::Value)).collect();
    for (index, column) in value.iter().enumerate() {
        let is_double = |other: &Column| other.name == column.name;
        if value[..index].iter().any(is_double) || projection.key.iter().any(|(name, _)| *name == column.name)
        {
            return Err(Refusal::new(format!("Duplicate value columns found in schema: {column}")));
        }
    }
    Schema::new(key.chain(value.clone()).collect())
}
