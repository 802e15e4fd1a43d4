//! Expressions.
use lentic_sql_syntax::ast::{Args, BinaryOp, Expr, ExprNode, TimeUnit};
use proptest::collection::vec;
use proptest::prelude::*;

use super::name::{data_type, literal, name, text};

const OPERATORS: [BinaryOp; 14] = [
    BinaryOp::Or,
    BinaryOp::And,
    BinaryOp::Equal,
    BinaryOp::NotEqual,
    BinaryOp::Less,
    BinaryOp::LessOrEqual,
    BinaryOp::Greater,
    BinaryOp::GreaterOrEqual,
    BinaryOp::IsDistinctFrom,
    BinaryOp::Add,
    BinaryOp::Subtract,
    BinaryOp::Multiply,
    BinaryOp::Divide,
    BinaryOp::Modulo,
];

pub fn expr() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        literal().prop_map(ExprNode::Literal),
        (name(), text()).prop_map(|(type_name, text)| ExprNode::Typed { type_name, text }),
        (proptest::option::of(name()), name()).prop_map(|(source, name)| ExprNode::Column { source, name }),
    ]
    .prop_map(Expr::from);
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![operator(inner.clone()), operand(inner)].prop_map(Expr::from)
    })
}

fn operator(inner: impl Strategy<Value = Expr> + Clone + 'static) -> impl Strategy<Value = ExprNode> {
    let one = inner.clone().prop_map(Box::new);
    let two = (one.clone(), one.clone());
    let three = (one.clone(), one.clone(), one.clone());
    let escape = proptest::option::of(proptest::sample::select(vec!['!', '\'', 'é']));
    prop_oneof![
        one.clone().prop_map(ExprNode::Not),
        one.clone().prop_map(ExprNode::Negate),
        one.clone().prop_map(ExprNode::Plus),
        (proptest::sample::select(&OPERATORS[..]), two.clone())
            .prop_map(|(op, (left, right))| ExprNode::Binary { op, left, right }),
        (two, escape).prop_map(|((value, pattern), escape)| ExprNode::Like { value, pattern, escape }),
        three.prop_map(|(value, low, high)| ExprNode::Between { value, low, high }),
        (one.clone(), vec(inner, 1..3)).prop_map(|(value, items)| ExprNode::In { value, items }),
        (one, any::<bool>()).prop_map(|(value, negated)| ExprNode::IsNull { value, negated }),
    ]
}

fn operand(inner: impl Strategy<Value = Expr> + Clone + 'static) -> impl Strategy<Value = ExprNode> {
    let one = inner.clone().prop_map(Box::new);
    let two = (inner.clone(), inner.clone());
    let maybe = proptest::option::of(one.clone());
    let calls = (name(), args(inner.clone()));
    prop_oneof![
        (maybe.clone(), vec(two.clone(), 1..3), maybe)
            .prop_map(|(operand, branches, otherwise)| ExprNode::Case { operand, branches, otherwise }),
        (one.clone(), data_type()).prop_map(|(value, data_type)| ExprNode::Cast { value, data_type }),
        calls.prop_map(|(name, args)| ExprNode::Call { name, args }),
        vec(inner.clone(), 0..3).prop_map(ExprNode::Array),
        vec(two, 0..3).prop_map(ExprNode::Map),
        vec((name(), inner), 0..3).prop_map(ExprNode::Struct),
        (one.clone(), one.clone()).prop_map(|(base, index)| ExprNode::Subscript { base, index }),
        (one, name()).prop_map(|(base, field)| ExprNode::Field { base, field }),
    ]
}

/// Arguments with lambdas at the end.
fn args(inner: impl Strategy<Value = Expr> + Clone + 'static) -> impl Strategy<Value = Args> {
    let unit = proptest::sample::select(vec!["DAY", "DAYS", "MILLISECONDS", "HOUR"]);
    let unit = unit.prop_filter_map("is a unit", |word| {
        Some(ExprNode::Unit { unit: TimeUnit::of(word)?, word: word.into() }.into())
    });
    let plain = prop_oneof![5 => inner.clone(), 1 => unit];
    let lambda = (vec(name(), 1..3), inner.prop_map(Box::new))
        .prop_map(|(params, body)| ExprNode::Lambda { params, body }.into());
    prop_oneof![
        1 => Just(Args::Star),
        4 => (vec(plain, 0..3), vec(lambda, 0..2)).prop_map(|(mut args, lambdas)| {
            args.extend(lambdas);
            Args::List(args)
        }),
    ]
}
