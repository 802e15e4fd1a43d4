//! What is made of a text and worth keeping: a compiled pattern, a format, a zone.
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;
use crate::value::Value;

use super::Argument;

/// Makes something of a text, once for a constant and again only when another text comes.
pub(super) struct Cached<T> {
    make: fn(&str) -> Result<T>,
    constant: Option<Result<Arc<T>>>,
    last: Mutex<Option<(Arc<str>, Arc<T>)>>,
}

impl<T> Cached<T> {
    /// For the text of an argument.
    pub(super) fn new(make: fn(&str) -> Result<T>, argument: Option<&Argument>) -> Self {
        let constant = argument.and_then(|argument| argument.constant.as_ref()).and_then(Value::as_str);
        Self { make, constant: constant.map(|text| make(text).map(Arc::new)), last: Mutex::new(None) }
    }

    /// What is made of the text, which is the constant if there is one.
    pub(super) fn get(&self, text: &Arc<str>) -> Result<Arc<T>> {
        if let Some(constant) = &self.constant {
            return constant.clone();
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((known, made)) if known == text => Ok(made.clone()),
            _ => {
                let made = Arc::new((self.make)(text)?);
                *last = Some((text.clone(), made.clone()));
                Ok(made)
            }
        }
    }
}
