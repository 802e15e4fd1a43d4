//! AS_VALUE and GEO_DISTANCE.
use std::f64::consts::PI;

use crate::error::{EvaluationError, Result};
use crate::value::Value;

use super::operand::{any, double};
use super::{Body, Category, Function};

/// All functions of this family.
pub(super) fn functions() -> Vec<Function> {
    vec![as_value(), geo_distance()]
}

fn as_value() -> Function {
    let about = "A copy of a key column that stands in the value of the row.";
    Function::new("as_value", Category::Other, about)
        .overload("keyColumn T", "T", "", Body::Lenient(|a| any(a, 0).cloned()))
        .parameter("keyColumn", "The key column.")
}

fn geo_distance() -> Function {
    let about = "How far two points on the Earth are from each other, along a great circle.";
    Function::new("geo_distance", Category::Other, about)
        .overload(
            "lat1 DOUBLE, lon1 DOUBLE, lat2 DOUBLE, lon2 DOUBLE",
            "DOUBLE",
            "In kilometres.",
            Body::Strict(|a| distance(a, KM)),
        )
        .overload(
            "lat1 DOUBLE, lon1 DOUBLE, lat2 DOUBLE, lon2 DOUBLE, units STRING",
            "DOUBLE",
            "",
            Body::Lenient(|a| {
                if a.iter().take(4).any(Value::is_null) {
                    return Ok(Value::Null);
                }
                match any(a, 4)?.as_str().map(str::to_ascii_lowercase).as_deref() {
                    None => distance(a, KM),
                    Some(unit) if unit.starts_with("km") || unit.starts_with('k') => distance(a, KM),
                    Some(unit) if unit.starts_with("mi") => distance(a, MILES),
                    Some(_) => Err(EvaluationError::new("units of GEO_DISTANCE are miles or kilometers")),
                }
            }),
        )
        .parameter("lat1", "The first point's latitude in degrees.")
        .parameter("lon1", "The first point's longitude in degrees.")
        .parameter("lat2", "The second point's latitude in degrees.")
        .parameter("lon2", "The second point's longitude in degrees.")
        .parameter("units", "`KM`, also if NULL, or `MI`.")
}

/// The Earth's mean radius.
const KM: f64 = 6371.0;
const MILES: f64 = 3959.0;

/// By the haversine formula.
fn distance(arguments: &[Value], radius: f64) -> Result<Value> {
    let (lat1, lon1) = (double(arguments, 0)?, double(arguments, 1)?);
    let (lat2, lon2) = (double(arguments, 2)?, double(arguments, 3)?);
    if [lat1, lat2].iter().any(|lat| !(-90.0..=90.0).contains(lat)) {
        return Err(EvaluationError::new("a latitude is between -90 and 90 degrees"));
    }
    if [lon1, lon2].iter().any(|lon| !(-180.0..=180.0).contains(lon)) {
        return Err(EvaluationError::new("a longitude is between -180 and 180 degrees"));
    }
    // The order of the operations decides the last digit, which ksqlDB's users see.
    let radians = |degrees: f64| degrees / 180.0 * PI;
    let (latitude, longitude) = ((radians(lat2 - lat1) / 2.0).sin(), (radians(lon2 - lon1) / 2.0).sin());
    let cosines = longitude * longitude * radians(lat1).cos() * radians(lat2).cos();
    let chord = latitude * latitude + cosines;
    Ok(Value::Double(radius * 2.0 * chord.sqrt().asin()))
}
