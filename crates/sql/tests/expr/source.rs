//! One row with columns of every type.
use std::sync::Arc;

use lentic_sql::cast::Cast;
use lentic_sql::expr::{Checked, Clause, Compiled, Compiler, Environment, Scope};
use lentic_sql::function::{Registry, World};
use lentic_sql::{SqlType, Value};
use lentic_sql_syntax::ast::{DataType, Expr, Name};
use lentic_sql_syntax::{parse_expr, parse_type};

use super::cases::Still;

/// Name, type, value; texts are cast to their type.
const COLUMNS: [(&str, &str, &str); 24] = [
    ("I", "INT", "7"),
    ("J", "INT", "-3"),
    ("L", "BIGINT", "10000000000"),
    ("D", "DOUBLE", "2.5"),
    ("E", "DECIMAL(4, 2)", "12.50"),
    ("S", "STRING", "foo"),
    ("X", "STRING", "12"),
    ("B", "BOOLEAN", "true"),
    ("DATE_C", "DATE", "2020-02-10"),
    ("TIME_C", "TIME", "08:31:44"),
    ("TS", "TIMESTAMP", "2020-02-10T08:31:44"),
    ("ROWTIME", "BIGINT", "1581323504001"),
    ("AI", "ARRAY<INT>", "ARRAY[1, 2, 3]"),
    ("AL", "ARRAY<BIGINT>", "ARRAY[1, 2, 3]"),
    ("AS_C", "ARRAY<STRING>", "ARRAY['b', 'a']"),
    ("M", "MAP<STRING, INT>", "MAP('a' := 1, 'bc' := 2)"),
    ("MA", "MAP<STRING, ARRAY<INT>>", "MAP('a' := ARRAY[1, 2], 'bcd' := ARRAY[5, -7])"),
    ("ST", "STRUCT<F0 BIGINT, `f1` STRING>", "STRUCT(F0 := 1, `f1` := 'x')"),
    ("NI", "INT", ""),
    ("NS", "STRING", ""),
    ("NB", "BOOLEAN", ""),
    ("NA", "ARRAY<INT>", ""),
    ("NST", "STRUCT<F0 BIGINT>", ""),
    ("DAYS", "INT", "2"),
];

pub struct Source {
    pub registry: Registry,
    world: Arc<dyn World>,
    scope: Scope,
    row: Vec<Value>,
}

impl Source {
    pub fn new() -> Self {
        let kinds =
            COLUMNS.map(|(name, kind, _)| (Name::new(name), sql_type(&parse_type(kind).unwrap()).unwrap()));
        let scope = Scope::of_source(&Name::new("T"), kinds.iter().map(|(name, kind)| (name, kind)));
        let mut source =
            Self { registry: Registry::standard(), world: Arc::new(Still), scope, row: Vec::new() };
        for ((_, _, text), (_, kind)) in COLUMNS.iter().zip(&kinds) {
            let value = match kind {
                _ if text.is_empty() => Value::Null,
                kind if kind.is_nested() => {
                    source.compile_as(text, kind).unwrap().unwrap().eval(&[]).unwrap()
                }
                kind => Cast::new(&SqlType::String, kind).unwrap().apply(&(*text).into()).unwrap(),
            };
            source.row.push(value);
        }
        source
    }

    pub fn row(&self) -> &[Value] {
        &self.row
    }

    pub fn compile(&self, clause: Clause, text: &str) -> Checked<Compiled> {
        self.compile_in(&self.scope, clause, text)
    }

    pub fn compile_in(&self, scope: &Scope, clause: Clause, text: &str) -> Checked<Compiled> {
        let expr = parse_expr(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        self.compile_expr_in(scope, clause, &expr)
    }

    pub fn compile_expr_in(&self, scope: &Scope, clause: Clause, expr: &Expr) -> Checked<Compiled> {
        Compiler::new(self.environment(), scope, clause).compile(expr)
    }

    pub fn compile_as(&self, text: &str, kind: &SqlType) -> Checked<Result<Compiled, Option<SqlType>>> {
        let expr = parse_expr(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        Compiler::new(self.environment(), &self.scope, Clause::Values).compile_as(&expr, kind)
    }

    /// Where in the row a column is.
    pub fn place(&self, name: &str) -> usize {
        self.scope.resolve(None, &Name::new(name)).unwrap().index
    }

    fn environment(&self) -> Environment<'_> {
        Environment { registry: &self.registry, world: &self.world, types: &sql_type }
    }
}

fn sql_type(written: &DataType) -> Result<SqlType, String> {
    Ok(match written {
        DataType::Decimal { precision, scale } => {
            SqlType::decimal(*precision as u32, *scale as u32).ok_or("digits")?
        }
        DataType::Array(element) => SqlType::array(sql_type(element)?),
        DataType::Map(key, value) => SqlType::map(sql_type(key)?, sql_type(value)?),
        DataType::Struct(fields) => {
            let fields =
                fields.iter().map(|field| Ok((field.name.text.as_str(), sql_type(&field.data_type)?)));
            SqlType::structure(fields.collect::<Result<Vec<_>, String>>()?)
        }
        DataType::Named(name) => return Err(format!("Cannot resolve unknown type: {name}")),
        simple => SqlType::named(&simple.to_string()).ok_or("a simple type")?,
    })
}
