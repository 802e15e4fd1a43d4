//! The compiled form of an expression.
use super::comparer::Comparer;
use super::frame::Frame;
use super::pattern::Pattern;
use crate::arithmetic::Arithmetic;
use crate::cast::Cast;
use crate::function::Call;
use crate::value::Value;

/// What is evaluated for every row. Types have been checked, names are places, constants are values.
#[derive(Debug)]
pub(super) enum Node {
    Constant(Value),
    Column(usize),
    /// Of the lambda that is `depth` lambdas further out.
    Parameter {
        depth: usize,
        index: usize,
    },
    Not(Box<Node>),
    And(Box<[Node; 2]>),
    Or(Box<[Node; 2]>),
    IsNull {
        value: Box<Node>,
        negated: bool,
    },
    Compare(Comparer, Box<[Node; 2]>),
    Between(Box<Range>),
    In(Box<Membership>),
    Like(Box<Like>),
    /// The result of the first condition that holds.
    Case {
        branches: Box<[(Node, Node)]>,
        otherwise: Box<Node>,
    },
    /// The result of the first value that equals the operand.
    Switch(Box<Switch>),
    Arithmetic(Arithmetic, Box<[Node; 2]>),
    Negate(Box<Node>),
    Cast(Box<Cast>, Box<Node>),
    Array(Box<[Node]>),
    Map(Box<[(Node, Node)]>),
    Struct(Box<[Node]>),
    /// `array[place]`
    Element(Box<[Node; 2]>),
    /// `map[key]`
    Entry(Box<[Node; 2]>),
    Field {
        base: Box<Node>,
        index: usize,
    },
    Call(Box<CallNode>),
}

/// `value BETWEEN low AND high`
#[derive(Debug)]
pub(super) struct Range {
    pub value: Node,
    pub low: (Comparer, Node),
    pub high: (Comparer, Node),
}

/// `value IN (..)`, all of one type.
#[derive(Debug)]
pub(super) struct Membership {
    pub value: Node,
    /// The constants, sorted and without NULL.
    pub constants: Box<[Value]>,
    pub others: Box<[Node]>,
}

/// `value LIKE pattern`
#[derive(Debug)]
pub(super) struct Like {
    pub value: Node,
    pub text: Node,
    pub pattern: Pattern,
}

/// `CASE operand WHEN value THEN result ..`
#[derive(Debug)]
pub(super) struct Switch {
    pub operand: Node,
    pub branches: Box<[(Comparer, Node, Node)]>,
    pub otherwise: Node,
}

/// A call; the lambdas stand apart from the values.
#[derive(Debug)]
pub(super) struct CallNode {
    pub call: Call,
    pub arguments: Box<[Node]>,
    pub lambdas: Box<[Node]>,
}

impl Node {
    /// The value, if it is a constant.
    pub fn constant(&self) -> Option<&Value> {
        if let Self::Constant(value) = self { Some(value) } else { None }
    }

    /// A constant in place of a node all of whose operands are constants. What fails stays as it is, so that the error comes
    /// with every row and not with the statement, as in ksqlDB. Functions are never called in advance: they may look at the
    /// clock.
    #[must_use]
    pub fn folded(self) -> Self {
        if !self.is_over_constants() {
            return self;
        }
        let failed = std::cell::Cell::new(false);
        let report = |_| failed.set(true);
        let value = self.eval(&Frame { row: &[], parameters: None, report: &report });
        match value {
            Ok(value) if !failed.get() => Self::Constant(value),
            _ => self,
        }
    }

    fn is_over_constants(&self) -> bool {
        let all = |nodes: &[Self]| nodes.iter().all(Self::is_constant);
        match self {
            Self::Constant(_) | Self::Column(_) | Self::Parameter { .. } | Self::Call(_) => false,
            Self::Not(value) | Self::Negate(value) | Self::Cast(_, value) => value.is_constant(),
            Self::IsNull { value, .. } | Self::Field { base: value, .. } => value.is_constant(),
            Self::And(pair) | Self::Or(pair) | Self::Compare(_, pair) | Self::Arithmetic(_, pair) => {
                all(&**pair)
            }
            Self::Element(pair) | Self::Entry(pair) => all(&**pair),
            Self::Between(range) => {
                range.value.is_constant() && range.low.1.is_constant() && range.high.1.is_constant()
            }
            Self::In(list) => list.value.is_constant() && all(&list.others),
            Self::Like(like) => like.value.is_constant() && like.text.is_constant(),
            Self::Case { branches, otherwise } => {
                otherwise.is_constant()
                    && branches.iter().all(|(when, then)| when.is_constant() && then.is_constant())
            }
            Self::Switch(switch) => {
                let constant =
                    |(_, when, then): &(Comparer, Self, Self)| when.is_constant() && then.is_constant();
                switch.operand.is_constant()
                    && switch.otherwise.is_constant()
                    && switch.branches.iter().all(constant)
            }
            Self::Array(items) | Self::Struct(items) => all(items),
            Self::Map(entries) => entries.iter().all(|(key, value)| key.is_constant() && value.is_constant()),
        }
    }

    fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }
}
