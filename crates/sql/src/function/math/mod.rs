//! Numbers.
mod extreme;
mod logarithm;
mod rounding;
mod sign;
mod trigonometry;

use std::f64::consts::PI;

use crate::error::Result;
use crate::value::Value;

use super::{Body, Category, Function, operand};

/// All functions of this family.
pub(super) fn functions() -> Vec<Function> {
    let mut all = trigonometry::functions();
    all.extend(logarithm::functions());
    all.extend(rounding::functions());
    all.extend(sign::functions());
    all.extend(extreme::functions());
    all.push(
        Function::new("PI", Category::Math, "The number pi, as near as a DOUBLE comes to it.").overload(
            "",
            "DOUBLE",
            "",
            Body::Strict(|_| Ok(Value::Double(PI))),
        ),
    );
    all.push(
        Function::new(
            "random",
            Category::Math,
            "A random number from 0.0 on and below 1.0, another one for each row.",
        )
        .overload(
            "",
            "DOUBLE",
            "",
            Body::Bound(|site| {
                let world = site.world.clone();
                // The upper 53 bits are what a DOUBLE holds.
                Ok(Box::new(move |_| {
                    Ok(Value::Double((world.random_bits() >> 11) as f64 / (1_u64 << 53) as f64))
                }))
            }),
        ),
    );
    all
}

/// A function of one number that gives a DOUBLE.
fn unary(name: &'static str, about: &'static str, body: fn(&[Value]) -> Result<Value>) -> Function {
    let mut function = Function::new(name, Category::Math, about);
    for kind in ["INTEGER", "BIGINT", "DOUBLE"] {
        function = function.overload(&format!("value {kind}"), "DOUBLE", "", Body::Strict(body));
    }
    function.parameter("value", "The number.")
}

/// A function of two numbers of one type that gives a DOUBLE.
fn binary(
    (name, first, second): (&'static str, &str, &str),
    about: &'static str,
    body: fn(&[Value]) -> Result<Value>,
) -> Function {
    let mut function = Function::new(name, Category::Math, about);
    for kind in ["INTEGER", "BIGINT", "DOUBLE"] {
        let parameters = format!("{first} {kind}, {second} {kind}");
        function = function.overload(&parameters, "DOUBLE", "", Body::Strict(body));
    }
    function
}
