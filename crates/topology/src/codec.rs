//! A type's bytes, without its name.
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use lentic_types::FormatName;

use crate::data::{Data, DataError, WindowedKey};
use crate::{Payload, Window};

/// How payloads become bytes and back, where that is known only at run time.
pub trait Encoding: Send + Sync {
    /// Appends the bytes; `false`: it stands for Kafka's null, and nothing was appended.
    ///
    /// # Errors
    /// The payload has no bytes: a result with it can't be written.
    fn encode(&self, payload: &Payload, out: &mut Vec<u8>) -> Result<bool, DataError>;

    /// Whether it stands for something else than Kafka's null. Cheaper than its bytes, where a type knows it without them.
    ///
    /// # Errors
    /// As [`Encoding::encode`], if it takes that to know.
    fn has_bytes(&self, payload: &Payload) -> Result<bool, DataError> {
        self.encode(payload, &mut Vec::new())
    }

    /// The payload. `bytes`: `None` is Kafka's null; the result `None` is what functions see as null.
    ///
    /// # Errors
    /// The bytes are none of these payloads'.
    fn decode(&self, bytes: Option<&[u8]>) -> Result<Option<Payload>, DataError>;
}

/// How payloads of one type become bytes and back. A clone shares what it does.
#[derive(Clone)]
pub struct Codec {
    /// The format of the bytes.
    pub format: FormatName,
    /// How windows lie in them.
    pub windowed: Option<WindowedKey>,
    /// The type's name, for messages.
    pub type_name: Arc<str>,
    encoding: Arc<dyn Encoding>,
}

impl Codec {
    /// A codec of payloads that no [`Data`] is behind. `format`: what its bytes are, by which the keys of stores are put in
    /// order. `windowed`: how windows lie behind the key in its bytes, which it writes and reads itself.
    pub fn new(
        format: FormatName,
        windowed: Option<WindowedKey>,
        type_name: impl Into<Arc<str>>,
        encoding: impl Encoding + 'static,
    ) -> Self {
        Self { format, windowed, type_name: type_name.into(), encoding: Arc::new(encoding) }
    }

    /// The codec of a type.
    pub fn of<T: Data>() -> Self {
        Self::new(T::FORMAT, T::WINDOWED, std::any::type_name::<T>(), Typed::<T>(PhantomData))
    }

    /// Appends the bytes; `false`: it stands for null.
    pub fn encode(&self, payload: &Payload, out: &mut Vec<u8>) -> Result<bool, DataError> {
        self.encoding.encode(payload, out)
    }

    /// The bytes, or `None` for null.
    pub fn to_bytes(&self, payload: Option<&Payload>) -> Result<Option<Vec<u8>>, DataError> {
        let Some(payload) = payload else { return Ok(None) };
        let mut bytes = Vec::new();
        Ok(self.encode(payload, &mut bytes)?.then_some(bytes))
    }

    /// Whether there are any bytes: not for what stands for null.
    pub fn has_bytes(&self, payload: Option<&Payload>) -> Result<bool, DataError> {
        payload.map_or(Ok(false), |payload| self.encoding.has_bytes(payload))
    }

    /// The payload; `None` where the type has nothing for null.
    pub fn decode(&self, bytes: Option<&[u8]>) -> Result<Option<Payload>, DataError> {
        self.encoding.decode(bytes)
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Codec({})", self.type_name)
    }
}

/// The bytes of a type that says itself what they are.
struct Typed<T>(PhantomData<fn() -> T>);

impl<T: Data> Encoding for Typed<T> {
    fn encode(&self, payload: &Payload, out: &mut Vec<u8>) -> Result<bool, DataError> {
        let value = payload.get::<T>();
        if value.is_null() {
            return Ok(false);
        }
        value.encode(out).map(|()| true)
    }

    fn has_bytes(&self, payload: &Payload) -> Result<bool, DataError> {
        Ok(!payload.get::<T>().is_null())
    }

    fn decode(&self, bytes: Option<&[u8]>) -> Result<Option<Payload>, DataError> {
        match bytes {
            Some(bytes) => T::decode(bytes).map(|value| Some(Payload::new(value))),
            None => Ok(T::null().map(Payload::new)),
        }
    }
}

/// Puts a key and a window together, and takes them apart: what windowed operators do without knowing the key's type.
#[derive(Clone, Copy)]
pub struct WindowedKeyOf {
    /// The windowed key.
    pub join: fn(&Payload, Window) -> Payload,
    /// Its two parts.
    pub split: fn(&Payload) -> (Payload, Window),
}

impl fmt::Debug for WindowedKeyOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WindowedKeyOf")
    }
}

impl WindowedKeyOf {
    /// Of time windows.
    pub fn time<K: Clone + Send + Sync + 'static>() -> Self {
        use crate::data::Windowed;
        Self {
            join: |key, window| Payload::new(Windowed { key: key.get::<K>().clone(), window }),
            split: |key| {
                let Windowed { key, window } = key.get::<Windowed<K>>().clone();
                (Payload::new(key), window)
            },
        }
    }

    /// Of sessions.
    pub fn session<K: Clone + Send + Sync + 'static>() -> Self {
        use crate::data::Session;
        Self {
            join: |key, window| Payload::new(Session { key: key.get::<K>().clone(), window }),
            split: |key| {
                let Session { key, window } = key.get::<Session<K>>().clone();
                (Payload::new(key), window)
            },
        }
    }
}
