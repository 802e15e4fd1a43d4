//! The one type of a list: IN, ARRAY\[..\], MAP(..), CASE, COALESCE.
use std::sync::Arc;

use super::typed::{Form, Typed};
use crate::coercion::{Element, ListMismatch, list_type};
use crate::types::{Field, NoCommonType, SqlType, StructType};

/// An element that does not fit: which one, and why.
pub(super) type Misfit = (usize, ListMismatch);

/// The type that the first element that is not NULL sets and the others widen; `None` if all are NULL. What stands in an
/// ARRAY, MAP or STRUCT that is written down coerces as freely as it would outside of it.
pub(super) fn list_kind<'a>(items: impl IntoIterator<Item = &'a Typed>) -> Result<Option<SqlType>, Misfit> {
    let mut common: Option<SqlType> = None;
    for (index, item) in items.into_iter().enumerate() {
        common = match common {
            None => item.kind.clone(),
            Some(common) => Some(widen(&common, item).map_err(|reason| (index, reason))?),
        };
    }
    Ok(common)
}

fn widen(common: &SqlType, item: &Typed) -> Result<SqlType, ListMismatch> {
    let nested = match (common, &item.form, &item.kind) {
        (SqlType::Array(element), Form::Array(items), _) => items
            .iter()
            .try_fold((**element).clone(), |element, item| widen(&element, item))
            .map(SqlType::array),
        (SqlType::Map(key, value), Form::Map(entries), _) => entries
            .iter()
            .try_fold(((**key).clone(), (**value).clone()), |(key, value), entry| {
                Ok((widen(&key, &entry.0)?, widen(&value, &entry.1)?))
            })
            .map(|(key, value)| SqlType::map(key, value)),
        (SqlType::Struct(common), Form::Struct(values), Some(SqlType::Struct(own))) => {
            fields(common, own, values)
        }
        _ => {
            return list_type(&[Element::Typed(common), item.element()])
                .map(|kind| kind.unwrap_or_else(|| common.clone()))
                .map_err(|misfit| misfit.reason);
        }
    };
    match (nested, &item.kind) {
        // The types that are told are those of the list's own elements.
        (Err(ListMismatch::Type(_)), Some(own)) => {
            Err(ListMismatch::Type(NoCommonType { left: common.clone(), right: own.clone() }))
        }
        (nested, _) => nested,
    }
}

fn fields(common: &StructType, own: &StructType, values: &[Typed]) -> Result<SqlType, ListMismatch> {
    let mut fields = common.fields().to_vec();
    for (field, value) in own.fields().iter().zip(values) {
        match fields.iter_mut().find(|known| known.name == field.name) {
            Some(known) => known.kind = widen(&known.kind, value)?,
            None => fields.push(Field { name: field.name.clone(), kind: field.kind.clone() }),
        }
    }
    Ok(SqlType::Struct(Arc::new(StructType::new(fields))))
}

/// What is said of an element that does not fit. Of a DECIMAL the digits do not matter.
pub(super) fn words(mismatch: &ListMismatch, shown: &str) -> String {
    match mismatch {
        ListMismatch::Type(types) => {
            format!("{types} ({shown})\nHint: You might need to add explicit type casts.")
        }
        ListMismatch::Syntax { kind, text } => {
            format!("invalid input syntax for type {}: \"{text}\".", kind.base_name())
        }
    }
}
