//! Results as plain objects, so that JavaScript has nothing to free.

use fmz_annotation::{Lost, Received};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r"
/** What a message from the server changed. */
export interface Received {
  /** How many objects may look different. */
  changed: number;
  /** Batches are missing before this one. */
  gap: boolean;
}

/** Own changes that cannot be committed any more and were dropped. */
export interface Lost {
  /** Numbers of dropped batches. */
  batches: BigUint64Array;
  /** Dropped ops that were in no batch yet. */
  queuedOps: number;
}
";

#[wasm_bindgen]
extern "C" {
    /// `Received` of the TypeScript section.
    #[wasm_bindgen(js_name = Object, typescript_type = "Received")]
    pub type JsReceived;

    #[wasm_bindgen(constructor, js_class = "Object")]
    fn new() -> JsReceived;

    #[wasm_bindgen(method, setter)]
    fn set_changed(this: &JsReceived, changed: usize);

    #[wasm_bindgen(method, setter)]
    fn set_gap(this: &JsReceived, gap: bool);

    /// `Lost` of the TypeScript section.
    #[wasm_bindgen(js_name = Object, typescript_type = "Lost")]
    pub type JsLost;

    #[wasm_bindgen(constructor, js_class = "Object")]
    fn new() -> JsLost;

    #[wasm_bindgen(method, setter)]
    fn set_batches(this: &JsLost, batches: Vec<u64>);

    #[wasm_bindgen(method, setter, js_name = queuedOps)]
    fn set_queued_ops(this: &JsLost, ops: usize);

    /// A `Uint8Array`.
    #[wasm_bindgen(js_name = Uint8Array, typescript_type = "Uint8Array")]
    pub type JsBytes;

    #[wasm_bindgen(static_method_of = JsBytes, js_class = "Uint8Array", js_name = from)]
    fn copy_of(bytes: &[u8]) -> JsBytes;
}

impl From<Received> for JsReceived {
    fn from(received: Received) -> Self {
        let result = Self::new();
        result.set_changed(received.changed.len());
        result.set_gap(received.gap.is_some());
        result
    }
}

impl From<Lost> for JsLost {
    fn from(lost: Lost) -> Self {
        let result = Self::new();
        result.set_batches(lost.batches);
        result.set_queued_ops(lost.queued_ops);
        result
    }
}

/// Copies bytes out of this module's memory.
pub(crate) fn bytes(bytes: &[u8]) -> JsBytes {
    JsBytes::copy_of(bytes)
}
