//! Findings of the checks.

use std::fmt;
use std::path::{Path, PathBuf};

/// A breach of the structure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Path from the workspace's root.
    pub(crate) path: PathBuf,
    /// Line, from 1; 0 stands for the whole file.
    pub(crate) line: usize,
    pub(crate) message: String,
}

impl Finding {
    pub(crate) fn new(path: impl AsRef<Path>, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            line,
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(out, "{}: {}", self.path.display(), self.message),
            line => write!(out, "{}:{line}: {}", self.path.display(), self.message),
        }
    }
}
