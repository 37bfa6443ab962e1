//! Errors as JavaScript sees them: an `Error` with a `code`.

use fmz_annotation::OpError;
use fmz_participant::ProtocolError;
use fmz_proto::{Message, WireError};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// The `Error` of JavaScript.
    type Error;

    #[wasm_bindgen(constructor)]
    fn new(message: &str) -> Error;

    #[wasm_bindgen(method, setter)]
    fn set_code(this: &Error, code: &str);
}

/// A failure that is thrown in JavaScript: a stable code, and a text for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    code: &'static str,
    message: String,
}

impl From<OpError> for Failure {
    fn from(error: OpError) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
        }
    }
}

impl From<ProtocolError> for Failure {
    fn from(error: ProtocolError) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
        }
    }
}

impl From<WireError> for Failure {
    fn from(error: WireError) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
        }
    }
}

impl From<Failure> for JsValue {
    fn from(failure: Failure) -> Self {
        let error = Error::new(&failure.message);
        error.set_code(failure.code);
        error.into()
    }
}

/// Reads a protobuf body.
pub(crate) fn decode<M: Message + Default>(body: &[u8]) -> Result<M, Failure> {
    M::decode(body).map_err(|_| WireError::Malformed("not a protobuf message").into())
}
