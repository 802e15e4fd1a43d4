//! What statements change in the catalog.
use std::sync::Arc;

use lentic_sql_syntax::ast::{AlterSource, CreateType, DropNamed, DropSource, SourceKind};

use super::{Catalog, Formats, Origin, Place, Schema, Source, kind_name, sql_type};
use crate::Refusal;
use lentic_sql_syntax::nearest;

/// What became of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Changed {
    /// The catalog is another one than before.
    Yes,
    /// The statement said what to do then: nothing. The text is for the user.
    No(String),
}

impl Catalog {
    /// `CREATE TYPE`
    pub fn create_type(&mut self, create: &CreateType) -> Result<Changed, Refusal> {
        let name = create.name.text.as_str();
        let kind = sql_type(&create.data_type, self)?;
        if self.add_type(name, kind.clone()) {
            return Ok(Changed::Yes);
        }
        let known = self.custom_type(name).map(ToString::to_string).unwrap_or_default();
        let text =
            format!("Cannot register custom type '{name}' since it is already registered with type: {known}");
        if create.if_not_exists {
            Ok(Changed::No(text))
        } else {
            Err(Refusal::new(text).at(create.name.at.0))
        }
    }

    /// `DROP TYPE`
    pub fn drop_type(&mut self, drop: &DropNamed) -> Result<Changed, Refusal> {
        let name = drop.name.text.as_str();
        if self.remove_type(name) {
            return Ok(Changed::Yes);
        }
        let text = format!("Type {name} does not exist");
        if drop.if_exists {
            return Ok(Changed::No(text));
        }
        let near = nearest(name, self.custom_types().map(|(name, _)| &**name));
        Err(Refusal::new(text).at(drop.name.at.0).near(near))
    }

    /// `DROP STREAM|TABLE`; what was dropped. Whether queries read or write it is not looked at here.
    pub fn drop_source(&mut self, drop: &DropSource) -> Result<Result<Arc<Source>, Changed>, Refusal> {
        let name = drop.name.text.as_str();
        let Some(known) = self.source(name) else {
            let text = format!("Source {name} does not exist.");
            if drop.if_exists {
                return Ok(Err(Changed::No(text)));
            }
            return Err(Refusal::new(text).at(drop.name.at.0).near(self.near_source(name)));
        };
        if known.kind != drop.kind {
            return Err(other_kind(known.kind, "DROP", drop.kind).at(drop.name.at.0));
        }
        if drop.delete_topic && known.origin == (Origin::Declared { read_only: true }) {
            let text = format!("Cannot delete topic for read-only source: {name}");
            return Err(Refusal::new(text).at(drop.name.at.0));
        }
        let gone = self.remove(name).map(Ok);
        gone.ok_or_else(|| Refusal::new(format!("Source {name} does not exist.")))
    }

    /// `ALTER STREAM|TABLE`: columns behind the others.
    pub fn alter_source(&mut self, alter: &AlterSource) -> Result<Arc<Source>, Refusal> {
        let name = alter.name.text.as_str();
        let refused = |text: String| Refusal::new(text).at(alter.name.at.0);
        let known = self
            .source(name)
            .ok_or_else(|| refused(format!("Source {name} does not exist.")).near(self.near_source(name)))?;
        if known.kind != alter.kind {
            return Err(other_kind(known.kind, "ALTER", alter.kind).at(alter.name.at.0));
        }
        match known.origin {
            Origin::Query => {
                let text = "ALTER command is not supported for CREATE ... AS statements.";
                return Err(refused(text.to_owned()));
            }
            Origin::Declared { read_only: true } => {
                let kind = kind_name(known.kind);
                return Err(refused(format!(
                    "Cannot alter {kind} '{name}': ALTER operations are not supported on source {kind}s."
                )));
            }
            Origin::Declared { read_only: false } => {}
        }
        let mut columns = known.schema.columns().to_vec();
        for added in &alter.added {
            let column =
                super::columns::one(added, self).map_err(|refusal| refusal.within(added.name.at.0))?;
            if column.place != Place::Value {
                let text = format!(
                    "Cannot add the column `{}`: only columns of the value can be added",
                    column.name
                );
                return Err(Refusal::new(text).at(added.name.at.0));
            }
            if columns.iter().any(|before| before.name == column.name) {
                let text = format!(
                    "Cannot add column `{}` to schema. A column with the same name already exists.",
                    column.name
                );
                return Err(Refusal::new(text).at(added.name.at.0));
            }
            columns.push(column);
        }
        let schema = Schema::new(columns)?;
        // They carry the new columns, too, or refuse.
        let formats = Formats::new(&known.properties, &schema, known.wraps_single_values)?;
        let altered = Source { schema, formats, ..(**known).clone() };
        self.add(altered, true)?;
        self.source(name).cloned().ok_or_else(|| refused(format!("Source {name} does not exist.")))
    }
}

fn other_kind(known: SourceKind, verb: &str, said: SourceKind) -> Refusal {
    let (known, said) = (kind_name(known).to_uppercase(), kind_name(said).to_uppercase());
    Refusal::new(format!("Incompatible data source type is {known}, but statement was {verb} {said}"))
}

#[cfg(test)]
mod tests {
    use lentic_sql_syntax::ast::Statement;
    use lentic_sql_syntax::parse_statement;

    use super::super::Defaults;
    use super::*;

    /// Runs statements one after the other; what the last one said, or the schema of `S`.
    fn run(statements: &[&str]) -> String {
        let mut catalog = Catalog::default();
        let mut told = String::new();
        for text in statements {
            let statement = parse_statement(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let outcome = match &statement {
                Statement::CreateSource(create) => {
                    Source::declared(create, text, &catalog, &Defaults::default())
                        .and_then(|source| catalog.add(source, create.or_replace))
                        .map(|()| Changed::Yes)
                }
                Statement::CreateType(create) => catalog.create_type(create),
                Statement::DropType(drop) => catalog.drop_type(drop),
                Statement::DropSource(drop) => catalog
                    .drop_source(drop)
                    .map(|dropped| dropped.map_or_else(|said| said, |_| Changed::Yes)),
                Statement::AlterSource(alter) => catalog.alter_source(alter).map(|_| Changed::Yes),
                other => panic!("{other}"),
            };
            told = match outcome {
                Ok(Changed::Yes) => String::new(),
                Ok(Changed::No(text)) => text,
                Err(refusal) => return format!("refused: {refusal}"),
            };
        }
        match catalog.source("S") {
            Some(source) if told.is_empty() => source.schema.to_string(),
            _ => told,
        }
    }

    const STREAM: &str = "CREATE STREAM s (k INT KEY) WITH (kafka_topic='t', format='json')";
    const READ_ONLY: &str = "CREATE SOURCE STREAM s (k INT KEY) WITH (kafka_topic='t', format='json')";

    #[test]
    fn statement_by_statement() {
        for (statements, expected) in [
            (&[STREAM, "ALTER STREAM s ADD v INT, ADD w DATE"][..], "`K` INTEGER KEY, `V` INTEGER, `W` DATE"),
            (&[STREAM, "ALTER STREAM s ADD v INT, ADD k INT"], "refused: Cannot add column `K` to schema."),
            (
                &[STREAM, "ALTER TABLE s ADD v INT"],
                "refused: Incompatible data source type is STREAM, but statement was ALTER TABLE",
            ),
            (&[READ_ONLY, "ALTER STREAM s ADD v INT"], "refused: Cannot alter stream 'S'"),
            (&["ALTER STREAM s ADD v INT"], "refused: Source S does not exist."),
            (&[STREAM, STREAM], "refused: Cannot add stream 'S': A stream with the same name already exists"),
            (&[STREAM, "DROP STREAM s", STREAM], "`K` INTEGER KEY"),
            (
                &[STREAM, "DROP TABLE s"],
                "refused: Incompatible data source type is STREAM, but statement was DROP TABLE",
            ),
            (
                &[READ_ONLY, "DROP STREAM s DELETE TOPIC"],
                "refused: Cannot delete topic for read-only source: S",
            ),
            (&["DROP STREAM s"], "refused: Source S does not exist."),
            (&["DROP STREAM IF EXISTS s"], "Source S does not exist."),
            (
                &["CREATE TYPE a AS INT", "CREATE TYPE a AS DATE"],
                "refused: Cannot register custom type 'A' since it is already registered with type: INTEGER",
            ),
            (
                &["CREATE TYPE a AS INT", "CREATE TYPE IF NOT EXISTS a AS DATE"],
                "Cannot register custom type 'A'",
            ),
            (&["CREATE TYPE a AS INT", "DROP TYPE a", "DROP TYPE a"], "refused: Type A does not exist"),
            (&["DROP TYPE IF EXISTS a"], "Type A does not exist"),
        ] {
            let told = run(statements);
            assert!(told.starts_with(expected), "{statements:?}: {told}");
        }
    }
}
