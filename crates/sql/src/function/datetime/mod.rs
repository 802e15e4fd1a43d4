//! DATE, TIME and TIMESTAMP.
mod add;
mod epoch;
mod format;
mod parse;
mod zone;

use crate::error::Result;
use crate::pattern::{Pattern, Zone};

use super::cached::Cached;
use super::{Body, Category, Function, operand};

/// All functions of this family.
pub(super) fn functions() -> Vec<Function> {
    let families = [add::functions, epoch::functions, format::functions, parse::functions, zone::functions];
    families.iter().flat_map(|family| family()).collect()
}

/// For [`Cached`].
fn pattern(text: &str) -> Result<Pattern> {
    Ok(Pattern::new(text)?)
}

/// For [`Cached`].
fn time_zone(name: &str) -> Result<Zone> {
    Ok(Zone::named(name)?)
}

const FORMAT: &str = "The pattern, of the letters that Java's DateTimeFormatter has.";
const ZONE: &str = "The time zone, UTC if there is none: a region like `Europe/London`, or an offset.";
