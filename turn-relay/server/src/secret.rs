//! The secret that the relay makes for itself, and keeps.

use rand::RngExt;
use std::fmt::Display;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const FILE: &str = "turn-secret";
/// Hexadecimal digits: 32 random bytes.
const DIGITS: usize = 64;

/// The file of the secret that cannot be used, and the reason.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be used: {text}", path.display())]
pub struct SecretError {
    /// The file.
    pub path: PathBuf,
    /// Reason why it cannot be used.
    pub text: String,
}

/// Reads the secret in the data folder. If there is none, makes one that only this user can read.
///
/// # Errors
/// [`SecretError`] if it cannot be read or made, or is not as this function writes it.
pub fn open_secret(data: &Path) -> Result<String, SecretError> {
    let path = data.join(FILE);
    let unusable = |why: &dyn Display| SecretError {
        path: path.clone(),
        text: why.to_string(),
    };
    let secret = read_or_make(data, &path).map_err(|error| unusable(&error))?;
    let secret = secret.trim();
    if secret.len() != DIGITS {
        let text = format!("it must hold {DIGITS} hexadecimal digits");
        return Err(unusable(&text));
    }
    Ok(secret.to_owned())
}

fn read_or_make(data: &Path, path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => make(data, path),
        read => read,
    }
}

fn make(data: &Path, path: &Path) -> io::Result<String> {
    fs::create_dir_all(data)?;
    let bytes: [u8; DIGITS / 2] = rand::rng().random();
    let secret: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_secret_is_made_once_and_kept_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let secret = open_secret(folder.path()).unwrap();
        assert_eq!(open_secret(folder.path()).unwrap(), secret);
        let mode = fs::metadata(folder.path().join(FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(folder.path().join(FILE), "short").unwrap();
        let refused = open_secret(folder.path()).unwrap_err().to_string();
        assert!(refused.ends_with("it must hold 64 hexadecimal digits"));
        assert!(!refused.contains("short"));
    }
}
