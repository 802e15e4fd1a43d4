//! `base[index]` and `base->field`.
use lentic_sql_syntax::ast::{Expr, Name};

use super::Checker;
use crate::coercion::{Mode, can_coerce};
use crate::expr::error::Checked;
use crate::expr::node::Node;
use crate::expr::scope::nearest;
use crate::expr::typed::Typed;
use crate::types::SqlType;

impl Checker<'_> {
    pub(super) fn subscript(&mut self, expr: &Expr, base: &Expr, index: &Expr) -> Checked<Typed> {
        let (base_typed, index_typed) = (self.typed(base)?, self.typed(index)?);
        match base_typed.kind.clone() {
            Some(SqlType::Array(element)) => {
                if !matches!(index_typed.kind, None | Some(SqlType::Integer | SqlType::Bigint)) {
                    let (index, kind) = (self.show(index), index_typed.kind_text());
                    let text = format!("An array is subscripted by INTEGER, but {index} is {kind}.");
                    return Err(self.type_error(expr, text));
                }
                let pair = Box::new([self.finished(base, base_typed)?, self.finished(index, index_typed)?]);
                Ok(Typed::node(Node::Element(pair).folded(), (*element).clone()))
            }
            Some(SqlType::Map(key, value)) => {
                let mode = if index_typed.is_literal() { Mode::Lax } else { Mode::Strict };
                if index_typed.kind.as_ref().is_some_and(|kind| !can_coerce(kind, &key, mode)) {
                    let (index, kind) = (self.show(index), index_typed.kind_text());
                    let text =
                        format!("A map with keys of {key} is subscripted by {index}, which is {kind}.");
                    return Err(self.type_error(expr, text));
                }
                let key = self.coerced(index, index_typed, &key)?;
                let pair = Box::new([self.finished(base, base_typed)?, key]);
                Ok(Typed::node(Node::Entry(pair).folded(), (*value).clone()))
            }
            _ => {
                let (base, kind) = (self.show(base), base_typed.kind_text());
                let text = format!("Only ARRAY and MAP have subscripts, but {base} is {kind}.");
                Err(self.type_error(expr, text))
            }
        }
    }

    pub(super) fn field(&mut self, expr: &Expr, base: &Expr, field: &Name) -> Checked<Typed> {
        let typed = self.typed(base)?;
        let Some(SqlType::Struct(structure)) = typed.kind.clone() else {
            let (base, kind) = (self.show(base), typed.kind_text());
            return Err(self.type_error(expr, format!("Expected STRUCT type, got: {kind} ({base})")));
        };
        let Some(index) = structure.position(&field.text) else {
            let names: Vec<Name> = structure.fields().iter().map(|field| Name::new(&*field.name)).collect();
            let near = nearest(&field.text, &names).map(|near| format!(" Did you mean '{near}'?"));
            let text = format!("Could not find field '{}' in '{}'.", field.text, self.show(base));
            return Err(self.type_error(expr, text + &near.unwrap_or_default()));
        };
        let kind = structure.fields()[index].kind.clone();
        let base = Box::new(self.finished(base, typed)?);
        Ok(Typed::node(Node::Field { base, index }.folded(), kind))
    }
}
