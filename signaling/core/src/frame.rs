//! A client's frame, read once.

use fmz_annotation::Ops;
use fmz_proto::{FromClient, WireError};

/// Reads and checks a client's frame, and converts its ops to the document's own type: behind this,
/// nothing checks or converts them again. It needs no room, so call it on the connection's task.
///
/// # Errors
/// [`WireError`] if the frame is too large or no message, or if a field is out of range.
pub fn read_client(frame: &[u8]) -> Result<FromClient<Ops>, WireError> {
    fmz_proto::read_client(frame)?.try_map(Ops::read)
}
