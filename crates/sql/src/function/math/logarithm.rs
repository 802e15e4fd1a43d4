//! Powers, roots and logarithms.
use crate::value::Value;

use super::{Body, Function, binary, operand::double, unary};

pub(super) fn functions() -> Vec<Function> {
    vec![
        unary("exp", "The number e to this power.", |a| Ok(Value::Double(double(a, 0)?.exp()))),
        unary("ln", "The logarithm to the base e; -Infinity for 0, NaN below.", |a| {
            Ok(Value::Double(double(a, 0)?.ln()))
        }),
        unary("sqrt", "The square root; NaN below 0.", |a| Ok(Value::Double(double(a, 0)?.sqrt()))),
        unary("CBRT", "The cube root.", |a| Ok(Value::Double(double(a, 0)?.cbrt()))),
        power(),
        log(),
    ]
}

fn power() -> Function {
    let about = "One number to the power of another; Infinity where no DOUBLE is large enough.";
    binary(("POWER", "base", "exponent"), about, |a| Ok(Value::Double(raise(double(a, 0)?, double(a, 1)?))))
        .parameter("base", "What is raised.")
        .parameter("exponent", "To which power.")
}

/// Java has no answer for 1 to the power of NaN or infinity, where C has 1.
fn raise(base: f64, exponent: f64) -> f64 {
    let unknown = exponent.is_nan() || (base.abs() == 1.0 && exponent.is_infinite());
    if unknown { f64::NAN } else { base.powf(exponent) }
}

fn log() -> Function {
    let about = "The logarithm to a base, 10 if none is given; -Infinity for 0, NaN below 0 and where the base is 1 or not \
                 positive.";
    let mut function = unary("LOG", about, |a| Ok(Value::Double(double(a, 0)?.log10())));
    for kind in ["INTEGER", "BIGINT", "DOUBLE"] {
        let parameters = format!("base {kind}, value {kind}");
        function = function.overload(
            &parameters,
            "DOUBLE",
            "To any base.",
            Body::Strict(|a| {
                let (base, value) = (double(a, 0)?, double(a, 1)?);
                let exists = base > 0.0 && base != 1.0;
                Ok(Value::Double(if exists { value.ln() / base.ln() } else { f64::NAN }))
            }),
        );
    }
    function.parameter("base", "The base.").parameter("value", "The number.")
}
