//! A type's bytes, without its name.
use std::fmt;

use lentic_types::FormatName;

use crate::data::{Data, DataError, WindowedKey};
use crate::{Payload, Window};

/// How payloads of one type become bytes and back.
#[derive(Clone, Copy)]
pub struct Codec {
    /// The format of the bytes.
    pub format: FormatName,
    /// How windows lie in them.
    pub windowed: Option<WindowedKey>,
    /// The type's name, for messages.
    pub type_name: &'static str,
    encode: fn(&Payload, &mut Vec<u8>) -> Result<bool, DataError>,
    decode: fn(Option<&[u8]>) -> Result<Option<Payload>, DataError>,
}

impl Codec {
    /// The codec of a type.
    pub fn of<T: Data>() -> Self {
        Self {
            format: T::FORMAT,
            windowed: T::WINDOWED,
            type_name: std::any::type_name::<T>(),
            encode: encode::<T>,
            decode: decode::<T>,
        }
    }

    /// Appends the bytes; `false`: it stands for null.
    pub fn encode(&self, payload: &Payload, out: &mut Vec<u8>) -> Result<bool, DataError> {
        (self.encode)(payload, out)
    }

    /// The bytes, or `None` for null.
    pub fn to_bytes(&self, payload: Option<&Payload>) -> Result<Option<Vec<u8>>, DataError> {
        let Some(payload) = payload else { return Ok(None) };
        let mut bytes = Vec::new();
        Ok(self.encode(payload, &mut bytes)?.then_some(bytes))
    }

    /// The payload; `None` where the type has nothing for null.
    pub fn decode(&self, bytes: Option<&[u8]>) -> Result<Option<Payload>, DataError> {
        (self.decode)(bytes)
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Codec({})", self.type_name)
    }
}

fn encode<T: Data>(payload: &Payload, out: &mut Vec<u8>) -> Result<bool, DataError> {
    let value = payload.get::<T>();
    if value.is_null() {
        return Ok(false);
    }
    value.encode(out).map(|()| true)
}

fn decode<T: Data>(bytes: Option<&[u8]>) -> Result<Option<Payload>, DataError> {
    match bytes {
        Some(bytes) => T::decode(bytes).map(|value| Some(Payload::new(value))),
        None => Ok(T::null().map(Payload::new)),
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
