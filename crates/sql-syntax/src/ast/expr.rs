//! Expressions.
use super::{DataType, Literal, Name, TimeUnit};
use crate::position::At;

/// An expression and where its first word stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it says.
    pub node: ExprNode,
    /// Where it stands.
    pub at: At,
}

/// What an expression says.
///
/// `NOT LIKE`, `NOT BETWEEN`, `NOT IN` and `IS NOT DISTINCT FROM` are [`ExprNode::Not`] over the other, and `a || b` is a
/// call of `CONCAT`, as in ksqlDB's messages.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprNode {
    /// A value.
    Literal(Literal),
    /// `DATE '2020-01-01'`: the name of a type before text.
    Typed {
        /// The type.
        type_name: Name,
        /// The text.
        text: String,
    },
    /// `column`, `source.column`, or a parameter of a lambda.
    Column {
        /// What stands before the point.
        source: Option<Name>,
        /// The column.
        name: Name,
    },
    /// A word that names a unit of time and is a whole argument of a call, as in `TIMESTAMPADD(DAYS, 1, ts)`. Where the function
    /// takes no unit, it is a column: only the function tells.
    Unit {
        /// The unit.
        unit: TimeUnit,
        /// The word as a name.
        word: Name,
    },
    /// `NOT x`
    Not(Box<Expr>),
    /// `-x`; a minus before a number is part of the number.
    Negate(Box<Expr>),
    /// `+x`
    Plus(Box<Expr>),
    /// `left op right`
    Binary {
        /// The operator.
        op: BinaryOp,
        /// The operand before it.
        left: Box<Expr>,
        /// The operand after it.
        right: Box<Expr>,
    },
    /// `value LIKE pattern [ESCAPE escape]`
    Like {
        /// What is matched.
        value: Box<Expr>,
        /// With `%` and `_`.
        pattern: Box<Expr>,
        /// The character that takes the meaning of the next one away.
        escape: Option<char>,
    },
    /// `value BETWEEN low AND high`
    Between {
        /// What is compared.
        value: Box<Expr>,
        /// The least.
        low: Box<Expr>,
        /// The greatest.
        high: Box<Expr>,
    },
    /// `value IN (items)`; there is at least one.
    In {
        /// What is looked for.
        value: Box<Expr>,
        /// Where.
        items: Vec<Expr>,
    },
    /// `value IS [NOT] NULL`
    IsNull {
        /// What is looked at.
        value: Box<Expr>,
        /// With `NOT`.
        negated: bool,
    },
    /// `CASE [operand] WHEN .. THEN .. [ELSE ..] END`; there is at least one branch.
    Case {
        /// What the conditions are compared with.
        operand: Option<Box<Expr>>,
        /// Condition and result.
        branches: Vec<(Expr, Expr)>,
        /// The result if no condition holds.
        otherwise: Option<Box<Expr>>,
    },
    /// `CAST(value AS type)`
    Cast {
        /// What is converted.
        value: Box<Expr>,
        /// Into what.
        data_type: DataType,
    },
    /// `name(arguments)`
    Call {
        /// The function.
        name: Name,
        /// What it is called with.
        args: Args,
    },
    /// `x => body`, `(x, y) => body`: only among the last arguments of a call.
    Lambda {
        /// The parameters.
        params: Vec<Name>,
        /// What they are in.
        body: Box<Expr>,
    },
    /// `ARRAY[items]`
    Array(Vec<Expr>),
    /// `MAP(key := value, ...)`
    Map(Vec<(Expr, Expr)>),
    /// `STRUCT(field := value, ...)`
    Struct(Vec<(Name, Expr)>),
    /// `base[index]`
    Subscript {
        /// An array or map.
        base: Box<Expr>,
        /// The place or key.
        index: Box<Expr>,
    },
    /// `base->field`
    Field {
        /// A struct.
        base: Box<Expr>,
        /// The field.
        field: Name,
    },
}

/// What a function is called with.
#[derive(Clone, Debug, PartialEq)]
pub enum Args {
    /// `(*)`
    Star,
    /// `(a, b)`, lambdas last.
    List(Vec<Expr>),
}

/// An operator between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `OR`
    Or,
    /// `AND`
    And,
    /// `=`
    Equal,
    /// `<>`, `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `IS DISTINCT FROM`
    IsDistinctFrom,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
}

impl BinaryOp {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Or => "OR",
            Self::And => "AND",
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::IsDistinctFrom => "IS DISTINCT FROM",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        }
    }
}

impl ExprNode {
    /// The node at a place.
    pub fn at(self, at: impl Into<At>) -> Expr {
        Expr { node: self, at: at.into() }
    }
}

impl From<ExprNode> for Expr {
    /// An expression that stands nowhere.
    fn from(node: ExprNode) -> Self {
        node.at(At::default())
    }
}
