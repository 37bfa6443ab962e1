//! Why the server failed to start.

use std::{io, net::SocketAddr, path::PathBuf};

/// Says why a server could not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The error of the system.
        source: io::Error,
    },
    /// No address was given.
    #[error("there is no address to listen on")]
    NoAddress,
    /// A file in the data folder cannot be used.
    #[error("{} cannot be used: {text}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        text: String,
    },
    /// A metric of the same name is registered already.
    #[error("metrics cannot be registered: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The name of a room has other characters than letters, digits, `-` and `_`, or is too long.
    #[error("{0:?} is no room name: 1 to 64 letters, digits, - or _ are allowed")]
    RoomName(String),
    /// The store did not take the room.
    #[error(transparent)]
    Catalog(#[from] fmz_store::CatalogError),
    /// Serving ended.
    #[error("serving ended: {0}")]
    Serve(#[from] io::Error),
}

impl ServerError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Listen { .. } => "listen",
            Self::NoAddress => "no_address",
            Self::File { .. } => "file",
            Self::Metrics(_) => "metrics",
            Self::RoomName(_) => "room_name",
            Self::Catalog(error) => error.code(),
            Self::Serve(_) => "serve",
        }
    }
}
