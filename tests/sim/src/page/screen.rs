//! The picture that a page looks at.

/// The picture on the screen: its publication and its media.
#[derive(Debug, Clone, Default)]
pub(super) struct Screen {
    pub(super) publication: String,
    pub(super) media: String,
    /// Number of transports so far.
    pub(super) transports: u32,
    /// The first live source that was shown here.
    pub(super) first_live: Option<String>,
}

impl Screen {
    /// Returns the screen of a page that comes back: no picture is on it yet.
    pub(super) fn again(before: &Self) -> Self {
        Self {
            publication: String::new(),
            media: String::new(),
            ..before.clone()
        }
    }
}
