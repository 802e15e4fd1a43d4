//! A compiled expression to a value.
use super::frame::{Frame, NULL};
use super::node::{Like, Membership, Node, Range, Switch};
use crate::arithmetic::negate;
use crate::error::Result;
use crate::value::Value;

impl Node {
    /// The value; an error is to be told, and the value is NULL then.
    pub fn eval(&self, frame: &Frame<'_>) -> Result<Value> {
        if let Some(value) = self.borrow(frame) {
            return Ok(value.clone());
        }
        let mut slots = (Value::Null, Value::Null);
        match self {
            Self::Constant(value) => Ok(value.clone()),
            Self::Column(index) => Ok(frame.column(*index).clone()),
            Self::Parameter { depth, index } => Ok(frame.parameter(*depth, *index).clone()),
            Self::Not(_) | Self::And(_) | Self::Or(_) | Self::IsNull { .. } | Self::Compare(..) => {
                self.test(frame).map(Value::from)
            }
            Self::Between(_) | Self::In(_) | Self::Like(_) => self.test(frame).map(Value::from),
            Self::Case { branches, otherwise } => {
                for (when, then) in branches {
                    if when.test(frame)? == Some(true) {
                        return then.eval(frame);
                    }
                }
                otherwise.eval(frame)
            }
            Self::Switch(switch) => switch.eval(frame),
            Self::Arithmetic(arithmetic, pair) => {
                let [left, right] = &**pair;
                arithmetic.apply(left.read(frame, &mut slots.0)?, right.read(frame, &mut slots.1)?)
            }
            Self::Negate(value) => negate(value.read(frame, &mut slots.0)?),
            Self::Cast(cast, value) => cast.apply(value.read(frame, &mut slots.0)?),
            Self::Array(items) => Ok(Value::Array(items.iter().map(|item| item.part(frame)).collect())),
            Self::Struct(fields) => Ok(Value::Struct(fields.iter().map(|field| field.part(frame)).collect())),
            Self::Map(entries) => {
                Ok(Value::map(entries.iter().map(|(key, value)| (key.part(frame), value.part(frame)))))
            }
            Self::Element(pair) => {
                let [base, index] = &**pair;
                let base = base.read(frame, &mut slots.0)?;
                Ok(element(base, index.read(frame, &mut slots.1)?).clone())
            }
            Self::Entry(pair) => {
                let [base, key] = &**pair;
                let base = base.read(frame, &mut slots.0)?;
                Ok(entry(base, key.read(frame, &mut slots.1)?).clone())
            }
            Self::Field { base, index } => Ok(field(base.read(frame, &mut slots.0)?, *index).clone()),
            Self::Call(call) => call.eval(frame),
        }
    }

    /// The truth of a BOOLEAN; `None` is NULL. AND and OR follow SQL's logic of three values, and their right side is looked
    /// at only if it matters.
    pub fn test(&self, frame: &Frame<'_>) -> Result<Option<bool>> {
        let mut slots = (Value::Null, Value::Null);
        Ok(match self {
            Self::Not(value) => value.test(frame)?.map(|truth| !truth),
            Self::And(pair) => match pair[0].test(frame)? {
                Some(false) => Some(false),
                left => match pair[1].test(frame)? {
                    Some(true) => left,
                    Some(false) => Some(false),
                    None => None,
                },
            },
            Self::Or(pair) => match pair[0].test(frame)? {
                Some(true) => Some(true),
                left => match pair[1].test(frame)? {
                    Some(false) => left,
                    Some(true) => Some(true),
                    None => None,
                },
            },
            Self::IsNull { value, negated } => Some(value.read(frame, &mut slots.0)?.is_null() != *negated),
            Self::Compare(comparer, pair) => {
                let [left, right] = &**pair;
                Some(comparer.holds(left.read(frame, &mut slots.0)?, right.read(frame, &mut slots.1)?)?)
            }
            Self::Between(range) => Some(range.holds(frame)?),
            Self::In(list) => Some(list.holds(frame)?),
            Self::Like(like) => like.test(frame)?,
            other => other.read(frame, &mut slots.0)?.as_boolean(),
        })
    }

    /// The value as part of another that has a place for NULL: an error here does not spoil the whole.
    pub fn part(&self, frame: &Frame<'_>) -> Value {
        self.eval(frame).unwrap_or_else(|error| {
            (frame.report)(error);
            Value::Null
        })
    }

    /// The value where it is, or in `slot` if it has to be made.
    pub fn read<'a>(&'a self, frame: &Frame<'a>, slot: &'a mut Value) -> Result<&'a Value> {
        match self.borrow(frame) {
            Some(value) => Ok(value),
            None => {
                *slot = self.eval(frame)?;
                Ok(slot)
            }
        }
    }

    /// The value where it is, if it is anywhere.
    fn borrow<'a>(&'a self, frame: &Frame<'a>) -> Option<&'a Value> {
        match self {
            Self::Constant(value) => Some(value),
            Self::Column(index) => Some(frame.column(*index)),
            Self::Parameter { depth, index } => Some(frame.parameter(*depth, *index)),
            Self::Field { base, index } => Some(field(base.borrow(frame)?, *index)),
            Self::Element(pair) => Some(element(pair[0].borrow(frame)?, pair[1].borrow(frame)?)),
            Self::Entry(pair) => Some(entry(pair[0].borrow(frame)?, pair[1].borrow(frame)?)),
            _ => None,
        }
    }
}

impl Range {
    fn holds(&self, frame: &Frame<'_>) -> Result<bool> {
        let mut slots = (Value::Null, Value::Null, Value::Null);
        let value = self.value.read(frame, &mut slots.0)?;
        let (low, high) = (&self.low, &self.high);
        Ok(low.0.holds(value, low.1.read(frame, &mut slots.1)?)?
            && high.0.holds(value, high.1.read(frame, &mut slots.2)?)?)
    }
}

impl Membership {
    /// NULL is in no list.
    fn holds(&self, frame: &Frame<'_>) -> Result<bool> {
        let mut slot = Value::Null;
        let value = self.value.read(frame, &mut slot)?;
        if value.is_null() {
            return Ok(false);
        }
        if self.constants.binary_search(value).is_ok() {
            return Ok(true);
        }
        for other in &self.others {
            let mut slot = Value::Null;
            if other.read(frame, &mut slot)? == value {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Like {
    fn test(&self, frame: &Frame<'_>) -> Result<Option<bool>> {
        let mut slots = (Value::Null, Value::Null);
        let value = self.value.read(frame, &mut slots.0)?;
        let text = self.text.read(frame, &mut slots.1)?;
        let both = value.as_str().zip(text.as_str());
        Ok(both.map(|(value, text)| self.pattern.matches(value, text)))
    }
}

impl Switch {
    fn eval(&self, frame: &Frame<'_>) -> Result<Value> {
        let mut slot = Value::Null;
        let operand = self.operand.read(frame, &mut slot)?;
        for (comparer, when, then) in &self.branches {
            let mut slot = Value::Null;
            if comparer.holds(operand, when.read(frame, &mut slot)?)? {
                return then.eval(frame);
            }
        }
        self.otherwise.eval(frame)
    }
}

/// The first element is at 1, the last one at -1, and NULL everywhere else.
fn element<'a>(array: &'a Value, place: &Value) -> &'a Value {
    let Some((values, place)) = array.as_array().zip(place.as_bigint()) else { return &NULL };
    let index = match usize::try_from(place) {
        Ok(place) => place.checked_sub(1),
        Err(_) => usize::try_from(place.unsigned_abs()).ok().and_then(|back| values.len().checked_sub(back)),
    };
    index.and_then(|index| values.get(index)).unwrap_or(&NULL)
}

fn entry<'a>(map: &'a Value, key: &Value) -> &'a Value {
    map.as_map().and_then(|map| map.get(key)).unwrap_or(&NULL)
}

fn field(structure: &Value, index: usize) -> &Value {
    structure.as_struct().and_then(|fields| fields.get(index)).unwrap_or(&NULL)
}
