//! The secret of the credentials, where none is given.

use crate::exit::Failure;
use rand::RngExt;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

const FILE: &str = "turn-secret";
/// Hexadecimal digits: 32 random bytes.
const DIGITS: usize = 64;

/// Reads the secret in the data folder, made where it is absent.
pub(crate) fn open(data: &Path) -> Result<String, Failure> {
    let path = data.join(FILE);
    let fault = |why: &dyn std::fmt::Display| {
        Failure::setting(&format!("data_dir {}", path.display()), why)
    };
    let secret = read_or_make(data, &path).map_err(|error| fault(&error))?;
    let secret = secret.trim();
    if secret.len() != DIGITS {
        return Err(fault(&format!("it does not hold {DIGITS} characters")));
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
        let secret = open(folder.path()).unwrap();
        assert_eq!(open(folder.path()).unwrap(), secret);
        let mode = fs::metadata(folder.path().join(FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(folder.path().join(FILE), "short").unwrap();
        assert!(open(folder.path()).is_err());
    }
}
