//! What travels between operators: a value whose type only its makers and takers know.
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// A key or a value, type-erased and shared. The builders of a topology are typed, so that a payload is only ever asked for
/// what it was made of.
#[derive(Clone)]
pub struct Payload(Arc<dyn Any + Send + Sync>);

impl Payload {
    /// Wraps a value.
    pub fn new<T: Any + Send + Sync>(value: T) -> Self {
        Self(Arc::new(value))
    }

    /// The value.
    ///
    /// # Panics
    /// If it is of another type, which is a bug of whoever built the topology.
    pub fn get<T: Any>(&self) -> &T {
        self.0.downcast_ref().unwrap_or_else(|| panic!("a payload is no {}", std::any::type_name::<T>()))
    }

    /// The value, if it is of this type.
    pub fn try_get<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }

    /// The value, to be changed in place; `None` where it is shared.
    ///
    /// # Panics
    /// As [`Payload::get`].
    pub fn get_mut<T: Any>(&mut self) -> Option<&mut T> {
        let value = Arc::get_mut(&mut self.0)?;
        let of_type = value.downcast_mut();
        Some(of_type.unwrap_or_else(|| panic!("a payload is no {}", std::any::type_name::<T>())))
    }

    /// The value, copied only where it is shared.
    ///
    /// # Panics
    /// As [`Payload::get`].
    pub fn take<T: Any + Send + Sync + Clone>(self) -> T {
        let value = self.0.downcast::<T>().ok();
        let value = value.unwrap_or_else(|| panic!("a payload is no {}", std::any::type_name::<T>()));
        Arc::unwrap_or_clone(value)
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Payload")
    }
}
