//! DATE, TIME and TIMESTAMP.
mod add;
mod epoch;
mod format;
mod parse;
mod zone;

use crate::error::Result;
use crate::pattern::{Pattern, Zone};
use crate::value::Value;

use super::cached::Cached;
use super::{Body, Category, Function, Site, operand};
use operand::shared_text;

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

/// The pattern of a call's second argument, and the time zone of its third: UTC if there is none.
struct Zoned {
    patterns: Cached<Pattern>,
    zones: Cached<Zone>,
    utc: Zone,
}

impl Zoned {
    fn new(site: &Site<'_>) -> Self {
        Self {
            patterns: Cached::new(pattern, site.arguments.get(1)),
            zones: Cached::new(time_zone, site.arguments.get(2)),
            utc: Zone::utc(),
        }
    }

    fn with<T>(&self, arguments: &[Value], act: impl FnOnce(&Pattern, &Zone) -> Result<T>) -> Result<T> {
        let pattern = self.patterns.get(shared_text(arguments, 1)?)?;
        let named = arguments.len() > 2;
        let zone = if named { Some(self.zones.get(shared_text(arguments, 2)?)?) } else { None };
        act(&pattern, zone.as_deref().unwrap_or(&self.utc))
    }
}

const FORMAT: &str = "The pattern, of the letters that Java's DateTimeFormatter has.";
const ZONE: &str = "The time zone, UTC if there is none: a region like `Europe/London`, or an offset.";
