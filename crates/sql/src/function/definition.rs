//! Functions as data.
use std::fmt;

use crate::error::Result;
use crate::types::SqlType;
use crate::value::Value;

use super::{CallError, Evaluator, Lambda, Shape, Site, signature};

/// A scalar function: its overloads, and what DESCRIBE FUNCTION says of it.
#[derive(Debug)]
pub struct Function {
    pub(super) name: &'static str,
    pub(super) category: Category,
    pub(super) about: &'static str,
    pub(super) overloads: Vec<Overload>,
}

/// What a function is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Arrays.
    Array,
    /// Maps.
    Map,
    /// Functions that take lambdas.
    Lambda,
    /// Functions that choose among values.
    Conditional,
    /// Bytes to numbers.
    Conversion,
    /// DATE, TIME, TIMESTAMP.
    DateTime,
    /// JSON in text.
    Json,
    /// Numbers.
    Math,
    /// Regular expressions.
    Regex,
    /// Text and bytes.
    String,
    /// URLs.
    Url,
    /// Aggregates.
    Aggregate,
    /// Functions that give several rows.
    Table,
    /// All others.
    Other,
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Array => "ARRAY",
            Self::Map => "MAP",
            Self::Lambda => "LAMBDA",
            Self::Conditional => "CONDITIONAL",
            Self::Conversion => "CONVERSIONS",
            Self::DateTime => "DATE / TIME",
            Self::Json => "JSON",
            Self::Math => "MATHEMATICAL",
            Self::Regex => "REGULAR EXPRESSION",
            Self::String => "STRING",
            Self::Url => "URL",
            Self::Aggregate => "AGGREGATE",
            Self::Table => "TABLE",
            Self::Other => "OTHER",
        })
    }
}

/// One list of parameters that a function takes.
#[derive(Debug)]
pub struct Overload {
    pub(super) parameters: Vec<Parameter>,
    pub(super) returns: Returns,
    pub(super) about: &'static str,
    pub(super) body: Body,
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub(super) name: Box<str>,
    pub(super) shape: Shape,
    pub(super) variadic: bool,
    pub(super) about: &'static str,
}

/// What comes out.
#[derive(Debug)]
pub enum Returns {
    /// A type, with letters that the arguments bind.
    Shape(Shape),
    /// A type that the arguments' types decide by a rule; `None` stands for NULL.
    Computed(fn(&[Option<SqlType>]) -> Result<SqlType, CallError>),
}

/// How it is called.
pub enum Body {
    /// Not with NULL among the arguments: then the result is NULL.
    Strict(fn(&[Value]) -> Result<Value>),
    /// With NULLs too.
    Lenient(fn(&[Value]) -> Result<Value>),
    /// With something prepared for each place of call, and not with NULL.
    BoundStrict(fn(&Site<'_>) -> Result<Evaluator>),
    /// With something prepared for each place of call, and with NULLs too.
    Bound(fn(&Site<'_>) -> Result<Evaluator>),
    /// With lambdas beside the values; NULLs too.
    Lambda(fn(&[Value], &[&Lambda<'_>]) -> Result<Value>),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Strict(_) => "Strict",
            Self::Lenient(_) => "Lenient",
            Self::BoundStrict(_) => "BoundStrict",
            Self::Bound(_) => "Bound",
            Self::Lambda(_) => "Lambda",
        })
    }
}

impl Function {
    /// A function without overloads yet. `name` is printed in messages in the case given here, and found in any.
    pub fn new(name: &'static str, category: Category, about: &'static str) -> Self {
        Self { name, category, about, overloads: Vec::new() }
    }

    /// With an overload that returns a fixed type, or one that letters name: `list ARRAY<T>` and `T`.
    #[must_use]
    pub fn overload(mut self, parameters: &str, returns: &str, about: &'static str, body: Body) -> Self {
        let (parameters, returns) =
            (signature::parameters(parameters), Returns::Shape(signature::shape(returns)));
        self.overloads.push(Overload { parameters, returns, about, body });
        self
    }

    /// With an overload whose result's type is computed.
    #[must_use]
    pub fn computed(
        mut self,
        parameters: &str,
        returns: fn(&[Option<SqlType>]) -> Result<SqlType, CallError>,
        about: &'static str,
        body: Body,
    ) -> Self {
        let (parameters, returns) = (signature::parameters(parameters), Returns::Computed(returns));
        self.overloads.push(Overload { parameters, returns, about, body });
        self
    }

    /// With what the parameter of this name is, in every overload so far.
    #[must_use]
    pub fn parameter(mut self, name: &str, about: &'static str) -> Self {
        let all = self.overloads.iter_mut().flat_map(|overload| &mut overload.parameters);
        signature::describe(all, name, about);
        self
    }

    /// Its name, as messages print it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it is about.
    pub fn category(&self) -> Category {
        self.category
    }

    /// What it does.
    pub fn about(&self) -> &'static str {
        self.about
    }

    /// Whether a word among its arguments may be a unit of time.
    pub(crate) fn takes_unit(&self) -> bool {
        let mut parameters = self.overloads.iter().flat_map(Overload::parameters);
        parameters.any(|parameter| *parameter.shape() == Shape::Interval)
    }

    /// Its overloads, in the order of definition.
    pub fn overloads(&self) -> &[Overload] {
        &self.overloads
    }
}

impl Overload {
    /// Its parameters.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// What comes out; `None` if that depends on the arguments by a rule.
    pub fn returns(&self) -> Option<&Shape> {
        if let Returns::Shape(shape) = &self.returns { Some(shape) } else { None }
    }

    /// What it does beyond the function's own text; may be empty.
    pub fn about(&self) -> &'static str {
        self.about
    }
}

impl Parameter {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its type.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Whether any number of arguments may stand for it, none included.
    pub fn is_variadic(&self) -> bool {
        self.variadic
    }

    /// What it is; may be empty.
    pub fn about(&self) -> &'static str {
        self.about
    }
}

/// As the list of valid alternatives has it: `ARRAY<T> list`.
impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{} {}", self.shape, if self.variadic { "..." } else { "" }, self.name)
    }
}
