//! Which overload a call means.
use std::fmt;
use std::sync::Arc;

use crate::types::SqlType;

use super::shape::Bindings;
use super::{Argument, Call, Function, Overload, Parameter, Returns, Shape, Site, World};

/// What is known of an argument when the overload is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgumentType {
    /// A literal NULL, which may stand anywhere.
    Null,
    /// An expression of this type.
    Value(SqlType),
    /// A lambda of so many parameters.
    Lambda(usize),
    /// A unit of time.
    Interval,
}

impl fmt::Display for ArgumentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Value(kind) => kind.fmt(f),
            Self::Lambda(_) => f.write_str("LAMBDA"),
            Self::Interval => f.write_str("INTERVALUNIT"),
        }
    }
}

/// What is said of a NULL that would have to say its type.
pub(crate) const UNTYPED_NULL: &str =
    "Can't infer a type of null. Please explicitly cast it to a required type, e.g. CAST(null AS VARCHAR).";

/// A call that means no overload, or more than one. The words are ksqlDB's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError(String);

impl CallError {
    /// With these words.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CallError {}

/// What overloads are chosen among: scalar functions, aggregates and table functions alike.
pub(crate) trait Candidate {
    /// Its parameters.
    fn parameters(&self) -> &[Parameter];
}

impl Candidate for Overload {
    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }
}

/// The overload that takes arguments of these types as they are, or else with coercion. Fewer generic parameters win, then
/// one without variadic parameters; what is still equal is ambiguous.
pub(crate) fn choose<'a, C: Candidate>(
    name: &str,
    overloads: &'a [C],
    arguments: &[ArgumentType],
) -> Result<(&'a C, Match), CallError> {
    for coerce in [false, true] {
        let fitting = overloads.iter().filter_map(|overload| {
            let found = fit(overload.parameters(), arguments, coerce)?;
            Some((rank(overload.parameters()), overload, found))
        });
        let mut fitting: Vec<_> = fitting.collect();
        fitting.sort_by_key(|(rank, ..)| *rank);
        match fitting.as_slice() {
            [] => {}
            [(first, ..), (second, ..), ..] if first == second => {
                let text = "cannot be resolved due to ambiguous method parameters";
                return Err(CallError(format!("Function '{name}' {text} {}.", list(arguments))));
            }
            _ => {
                let (_, overload, found) = fitting.swap_remove(0);
                return Ok((overload, found));
            }
        }
    }
    let alternatives: Vec<String> = overloads
        .iter()
        .map(|overload| {
            let parameters: Vec<String> = overload.parameters().iter().map(ToString::to_string).collect();
            format!("\n{name}({})", parameters.join(", "))
        })
        .collect();
    let refused = format!("Function '{name}' does not accept parameters {}.", list(arguments));
    Err(CallError(format!("{refused}\nValid alternatives are:{}", alternatives.concat())))
}

/// How arguments fit a list of parameters.
#[derive(Clone, Debug)]
pub(crate) struct Match {
    /// For each argument which parameter it stands for.
    places: Vec<usize>,
    bindings: Bindings,
}

impl Match {
    /// The type that each argument is to be coerced to; `None` where there is none.
    pub(crate) fn targets(
        &self,
        parameters: &[Parameter],
        arguments: &[ArgumentType],
    ) -> Vec<Option<SqlType>> {
        let targets = self.places.iter().zip(arguments).map(|(place, argument)| {
            let own = if let ArgumentType::Value(kind) = argument { Some(kind) } else { None };
            parameters[*place].shape.fill(&self.bindings, own).filter(|_| own.is_some())
        });
        targets.collect()
    }

    /// The first argument that stands for this parameter or a later one; behind the last if there is none.
    pub(crate) fn first_of(&self, parameter: usize) -> usize {
        self.places.iter().position(|place| *place >= parameter).unwrap_or(self.places.len())
    }

    /// A shape with the letters replaced by what the arguments have bound them to.
    pub(crate) fn fill(&self, shape: &Shape) -> Option<SqlType> {
        shape.fill(&self.bindings, None)
    }
}

fn rank(parameters: &[Parameter]) -> (usize, bool) {
    let generics = parameters.iter().map(|parameter| parameter.shape.generics()).sum();
    (generics, parameters.iter().any(|parameter| parameter.variadic))
}

fn fit(parameters: &[Parameter], arguments: &[ArgumentType], coerce: bool) -> Option<Match> {
    let places = places(parameters, arguments.len())?;
    let mut bindings = Bindings::default();
    let fits = places
        .iter()
        .zip(arguments)
        .all(|(place, argument)| parameters[*place].shape.accepts(argument, coerce, &mut bindings));
    fits.then_some(Match { places, bindings })
}

/// Which parameter each argument stands for; the variadic one takes what the others leave.
fn places(parameters: &[Parameter], count: usize) -> Option<Vec<usize>> {
    let Some(variadic) = parameters.iter().position(|parameter| parameter.variadic) else {
        return (parameters.len() == count).then(|| (0..count).collect());
    };
    let repeated = (count + 1).checked_sub(parameters.len())?;
    let before = 0..variadic;
    Some(
        before.chain(std::iter::repeat_n(variadic, repeated)).chain(variadic + 1..parameters.len()).collect(),
    )
}

fn list(arguments: &[ArgumentType]) -> String {
    let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    format!("({})", arguments.join(", "))
}

/// A call whose overload is known.
#[derive(Debug)]
pub struct Resolved<'a> {
    name: &'static str,
    overload: &'a Overload,
    arguments: Vec<ArgumentType>,
    found: Match,
}

impl Function {
    /// Chooses the overload for arguments of these types.
    pub fn resolve(&self, arguments: &[ArgumentType]) -> Result<Resolved<'_>, CallError> {
        let (overload, found) = choose(self.name, &self.overloads, arguments)?;
        Ok(Resolved { name: self.name, overload, arguments: arguments.to_vec(), found })
    }
}

impl Resolved<'_> {
    /// The overload.
    pub fn overload(&self) -> &Overload {
        self.overload
    }

    /// The type that each argument is to be coerced to; `None` for literal NULLs, lambdas and units.
    pub fn targets(&self) -> Vec<Option<SqlType>> {
        self.found.targets(&self.overload.parameters, &self.arguments)
    }

    /// The types of the parameters of the lambda that is argument `index`, once all lambdas before it have their result's type
    /// ([`Self::set_lambda_result`]).
    pub fn lambda_parameters(&self, index: usize) -> Result<Vec<SqlType>, CallError> {
        let Shape::Lambda(parameters, _) = self.shape(index)? else { return Err(self.no_lambda(index)) };
        parameters.iter().map(|shape| self.found.fill(shape).ok_or_else(|| self.unknown())).collect()
    }

    /// Tells what type the lambda that is argument `index` results in; the type that it has to be coerced to comes back.
    pub fn set_lambda_result(&mut self, index: usize, kind: &SqlType) -> Result<SqlType, CallError> {
        let Shape::Lambda(_, result) = self.shape(index)?.clone() else { return Err(self.no_lambda(index)) };
        if !result.accepts_type(kind, true, &mut self.found.bindings) {
            let text = format!("Function '{}' does not accept a lambda that returns {kind}.", self.name);
            return Err(CallError(text));
        }
        self.found.fill(&result).ok_or_else(|| self.unknown())
    }

    /// The type of the result, once all lambdas have theirs.
    pub fn returns(&self) -> Result<SqlType, CallError> {
        match &self.overload.returns {
            Returns::Shape(shape) => self.found.fill(shape).ok_or_else(|| self.unknown()),
            Returns::Computed(rule) => rule(&self.targets()),
        }
    }

    /// The call at one place. `constants` are the arguments that are known before there is a row, lambdas left out.
    pub fn bind(&self, constants: &[Argument], world: &Arc<dyn World>) -> Result<Call, CallError> {
        let targets = self.targets();
        let values =
            targets.iter().zip(&self.arguments).filter(|(_, kind)| !matches!(kind, ArgumentType::Lambda(_)));
        let arguments: Vec<Argument> = values
            .enumerate()
            .map(|(index, (target, _))| Argument {
                kind: target.clone(),
                ..constants.get(index).cloned().unwrap_or_default()
            })
            .collect();
        let returns = self.returns()?;
        Ok(Call::new(&self.overload.body, &Site { arguments: &arguments, returns: &returns, world }))
    }

    fn shape(&self, index: usize) -> Result<&Shape, CallError> {
        let place = self.found.places.get(index).ok_or_else(|| self.no_lambda(index))?;
        Ok(&self.overload.parameters[*place].shape)
    }

    fn no_lambda(&self, index: usize) -> CallError {
        CallError(format!("Argument {} of function '{}' is no lambda.", index + 1, self.name))
    }

    fn unknown(&self) -> CallError {
        CallError(UNTYPED_NULL.to_owned())
    }
}
