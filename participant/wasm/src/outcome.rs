//! Results as plain objects, so that JavaScript has nothing to free.

use fmz_participant::{Channel, Event, Path, Transmit};
use fmz_proto::v1::ServerMessage;
use fmz_proto::{Message, v1};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A frame to send. */
export interface Sent {
  readonly way: "socket" | "ops" | "live";
  readonly frame: Uint8Array;
}

/** An event for the page. Messages are protobuf bodies. */
export type Told =
  | { readonly kind: "welcomed"; readonly body: Uint8Array }
  | { readonly kind: "message"; readonly body: Uint8Array }
  /** A snapshot replaced the document. */
  | { readonly kind: "loaded" }
  /** Objects changed: `takeChanges` has them. */
  | { readonly kind: "changed" }
  /** This page's ops were refused, or cannot be committed (`lost`); they are taken back. */
  | { readonly kind: "refused"; readonly code: string; readonly text: string }
  | { readonly kind: "roundTrip"; readonly ms: number }
  /** The server counts as dead. */
  | { readonly kind: "silent" };

/** An author, as the page shows it. */
export interface Author {
  readonly author: number;
  readonly name: string;
  readonly identity: string;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// `Sent` of the TypeScript section.
    #[wasm_bindgen(js_name = Object, typescript_type = "Sent")]
    pub type JsSent;

    #[wasm_bindgen(constructor, js_class = "Object")]
    fn new() -> JsSent;

    #[wasm_bindgen(method, setter)]
    fn set_way(this: &JsSent, way: &str);

    #[wasm_bindgen(method, setter)]
    fn set_frame(this: &JsSent, frame: Vec<u8>);

    /// `Told` of the TypeScript section.
    #[wasm_bindgen(js_name = Object, typescript_type = "Told")]
    pub type JsTold;

    #[wasm_bindgen(constructor, js_class = "Object")]
    fn new() -> JsTold;

    #[wasm_bindgen(method, setter)]
    fn set_kind(this: &JsTold, kind: &str);

    #[wasm_bindgen(method, setter)]
    fn set_body(this: &JsTold, body: Vec<u8>);

    #[wasm_bindgen(method, setter)]
    fn set_code(this: &JsTold, code: &str);

    #[wasm_bindgen(method, setter)]
    fn set_text(this: &JsTold, text: &str);

    #[wasm_bindgen(method, setter)]
    fn set_ms(this: &JsTold, ms: f64);

    /// `Author` of the TypeScript section.
    #[wasm_bindgen(js_name = Object, typescript_type = "Author")]
    pub type JsAuthor;

    #[wasm_bindgen(constructor, js_class = "Object")]
    fn new() -> JsAuthor;

    #[wasm_bindgen(method, setter)]
    fn set_author(this: &JsAuthor, author: u32);

    #[wasm_bindgen(method, setter)]
    fn set_name(this: &JsAuthor, name: &str);

    #[wasm_bindgen(method, setter)]
    fn set_identity(this: &JsAuthor, identity: &str);
}

/// Returns the name of a path.
pub(crate) fn way(path: Path) -> &'static str {
    match path {
        Path::Socket => "socket",
        Path::Channel(Channel::Ops) => "ops",
        Path::Channel(Channel::Live) => "live",
    }
}

impl From<Transmit> for JsSent {
    fn from(Transmit { path, frame }: Transmit) -> Self {
        let sent = Self::new();
        sent.set_way(way(path));
        sent.set_frame(frame.into());
        sent
    }
}

/// Converts an event for the page; `None` if the page has no use for it.
pub(crate) fn told(event: Event) -> Option<JsTold> {
    let told = JsTold::new();
    let kind = match event {
        Event::Welcomed(welcome) => {
            told.set_body(welcome.encode_to_vec());
            "welcomed"
        }
        Event::Message(message) => {
            let message = Some(*message);
            told.set_body(ServerMessage { message }.encode_to_vec());
            "message"
        }
        Event::Loaded => "loaded",
        Event::Changed(_) => "changed",
        Event::Refused {
            rejected: v1::Rejected { code, text, .. },
            ..
        } => {
            told.set_code(&code);
            told.set_text(&text);
            "refused"
        }
        Event::Lost(_) => {
            told.set_code("lost");
            told.set_text("");
            "refused"
        }
        Event::RoundTrip(time) => {
            told.set_ms(time.as_secs_f64() * 1000.0);
            "roundTrip"
        }
        Event::Silent => "silent",
        _ => return None,
    };
    told.set_kind(kind);
    Some(told)
}

/// Converts an author for the page.
pub(crate) fn author(number: u32, author: &fmz_annotation::Author) -> JsAuthor {
    let result = JsAuthor::new();
    result.set_author(number);
    result.set_name(author.name());
    result.set_identity(author.identity());
    result
}
