//! ARRAY\[..\], MAP(..), STRUCT(..).
use lentic_sql_syntax::ast::{Expr, Name};

use super::Checker;
use crate::expr::error::Checked;
use crate::expr::typed::{Form, Typed};
use crate::function::UNTYPED_NULL;
use crate::types::SqlType;

/// Where ksqlDB's messages send those who want empty or untyped collections.
const ISSUE: &str = "(see https://github.com/confluentinc/ksql/issues/4239)";

impl Checker<'_> {
    pub(super) fn array(&mut self, expr: &Expr, items: &[Expr]) -> Checked<Typed> {
        if items.is_empty() {
            let text = "Array constructor cannot be empty. Please supply at least one element";
            return Err(self.type_error(expr, format!("{text} {ISSUE}.")));
        }
        let typed = self.all(items)?;
        let (exprs, all): (Vec<_>, Vec<_>) = items.iter().zip(&typed).unzip();
        let Some(kind) = self.list(&exprs, &all)? else {
            let text = format!("Cannot construct an array with all NULL elements {ISSUE}");
            let text = format!("{text}. As a workaround, you may cast a NULL value to the desired type.");
            return Err(self.type_error(expr, text));
        };
        Ok(Typed { kind: Some(SqlType::array(kind)), form: Form::Array(typed) })
    }

    pub(super) fn map(&mut self, expr: &Expr, entries: &[(Expr, Expr)]) -> Checked<Typed> {
        if entries.is_empty() {
            let text = "Map constructor cannot be empty. Please supply at least one key value pair";
            return Err(self.type_error(expr, format!("{text} {ISSUE}.")));
        }
        let mut typed = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            typed.push((self.typed(key)?, self.typed(value)?));
        }
        let keys: (Vec<_>, Vec<_>) = entries.iter().zip(&typed).map(|(e, t)| (&e.0, &t.0)).unzip();
        let Some(key) = self.list(&keys.0, &keys.1)? else {
            return Err(self.type_error(expr, format!("Cannot construct a map with all NULL keys {ISSUE}")));
        };
        let values: (Vec<_>, Vec<_>) = entries.iter().zip(&typed).map(|(e, t)| (&e.1, &t.1)).unzip();
        let Some(value) = self.list(&values.0, &values.1)? else {
            return Err(self.type_error(expr, format!("Cannot construct a map with all NULL values {ISSUE}")));
        };
        Ok(Typed { kind: Some(SqlType::map(key, value)), form: Form::Map(typed) })
    }

    pub(super) fn structure(&mut self, expr: &Expr, fields: &[(Name, Expr)]) -> Checked<Typed> {
        let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.text.as_str()).collect();
        names.sort_unstable();
        let twice = names.iter().zip(names.iter().skip(1)).find(|(name, next)| name == next);
        if let Some((name, _)) = twice {
            let text = format!("Duplicate field names found in STRUCT: '{name}' in {}", self.show(expr));
            return Err(self.type_error(expr, text));
        }
        let (mut kinds, mut typed) = (Vec::with_capacity(fields.len()), Vec::with_capacity(fields.len()));
        for (name, value) in fields {
            let field = self.typed(value)?;
            let kind = field.kind.clone().ok_or_else(|| self.type_error(value, UNTYPED_NULL))?;
            kinds.push((name.text.as_str(), kind));
            typed.push(field);
        }
        Ok(Typed { kind: Some(SqlType::structure(kinds)), form: Form::Struct(typed) })
    }

    fn all(&mut self, items: &[Expr]) -> Checked<Vec<Typed>> {
        items.iter().map(|item| self.typed(item)).collect()
    }
}
