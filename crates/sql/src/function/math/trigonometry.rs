//! Angles.
use crate::value::Value;

use super::{Function, binary, operand::double, unary};

macro_rules! of_one {
    ($($name:literal $about:literal $function:expr;)*) => {
        vec![$(unary($name, $about, |arguments| {
            let function: fn(f64) -> f64 = $function;
            double(arguments, 0).map(|number| Value::Double(function(number)))
        })),*]
    };
}

pub(super) fn functions() -> Vec<Function> {
    let mut all = of_one! {
        "ACOS" "The angle in radians that has this cosine; NaN outside -1 to 1." f64::acos;
        "ASIN" "The angle in radians that has this sine; NaN outside -1 to 1." f64::asin;
        "ATAN" "The angle in radians that has this tangent." f64::atan;
        "COS" "The cosine of an angle in radians." f64::cos;
        "COSH" "The hyperbolic cosine." f64::cosh;
        "COT" "The cotangent of an angle in radians; infinite for 0." |angle| 1.0 / angle.tan();
        "SIN" "The sine of an angle in radians." f64::sin;
        "SINH" "The hyperbolic sine." f64::sinh;
        "TAN" "The tangent of an angle in radians." f64::tan;
        "TANH" "The hyperbolic tangent." f64::tanh;
        "DEGREES" "Radians as degrees." |radians| radians * DEGREES_PER_RADIAN;
        "RADIANS" "Degrees as radians." |degrees| degrees * RADIANS_PER_DEGREE;
    };
    let about = "The angle in radians between the x axis and the line to the point (x, y).";
    let atan2 = binary(("ATAN2", "y", "x"), about, |arguments| {
        Ok(Value::Double(double(arguments, 0)?.atan2(double(arguments, 1)?)))
    });
    all.push(atan2.parameter("y", "How far up the point is.").parameter("x", "How far right the point is."));
    all
}

// Java multiplies by these constants.
const DEGREES_PER_RADIAN: f64 = 57.295_779_513_082_32;
const RADIANS_PER_DEGREE: f64 = 0.017_453_292_519_943_295;
