//! The shared document for JavaScript.
