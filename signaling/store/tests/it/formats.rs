//! Folders of every format: what older builds wrote opens, what newer ones wrote is left alone.

use crate::read_all;
use fmz_store::{Catalog, Disk, FORMAT, Loss, OpenError, OpenReport, SnapshotStore, last_revision};
use std::{fs, path::Path};
use tempfile::TempDir;

/// Formats of which a folder is kept.
fn kept() -> Vec<u32> {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats");
    let names = fs::read_dir(kept).unwrap().map(|entry| {
        let name = entry.unwrap().file_name();
        name.into_string().unwrap()
    });
    names.filter_map(|name| name.parse().ok()).collect()
}

/// A copy of the folder that a build of a format wrote.
fn written_by(format: u32) -> TempDir {
    let copy = TempDir::new().unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats");
    copy_all(&kept.join(format.to_string()).join("log"), copy.path());
    copy
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (
            entry.as_ref().unwrap().path(),
            to.join(entry.unwrap().file_name()),
        );
        match from.is_dir() {
            true => copy_all(&from, &to),
            false => drop(fs::copy(from, to).unwrap()),
        }
    }
}

fn note(format: u32) -> String {
    let text = format!("format {format}");
    format!("{text} {:08x}\n", crc32fast::hash(text.as_bytes()))
}

fn noted(folder: &TempDir) -> String {
    fs::read_to_string(folder.path().join("format")).unwrap()
}

#[tokio::test]
async fn format1_the_folder_of_every_format_opens_with_all_it_holds() {
    let formats = kept();
    assert!((1..FORMAT).all(|format| formats.contains(&format)));
    for format in formats {
        let folder = written_by(format);
        for _ in 0..2 {
            let disk = Disk::open(folder.path()).unwrap();
            assert_eq!(disk.report(), OpenReport::default(), "format {format}");
            assert_eq!(disk.rooms().await.unwrap().len(), 1);
            let batches = read_all(&disk, "dailies").await;
            let expected = fs::read_to_string(
                Path::new(env!("CARGO_MANIFEST_DIR"))
                    .join(format!("tests/formats/{format}/expected.txt")),
            );
            let head = last_revision(batches.last().unwrap());
            assert!(
                expected.unwrap().contains(&format!("revision {head}\n")),
                "{head}"
            );
            assert_eq!(disk.snapshots("dailies").await.unwrap().len(), 1);
            assert_eq!(noted(&folder), note(FORMAT), "whatever opens it notes it");
        }
    }
}

#[tokio::test]
async fn format2_a_newer_folder_is_refused_in_one_line_and_left_as_it_is() {
    let folder = TempDir::new().unwrap();
    drop(Disk::open(folder.path()).unwrap());
    let newer = note(FORMAT + 1);
    fs::write(folder.path().join("format"), &newer).unwrap();
    let before = listed(folder.path());
    let error = Disk::open(folder.path()).unwrap_err();
    assert!(matches!(&error, OpenError::Newer { found, .. } if *found == FORMAT + 1));
    assert_eq!(error.code(), "newer_format");
    let expected = format!(
        "{} was written by a newer fmz: format {}; this one reads up to {FORMAT}",
        folder.path().display(),
        FORMAT + 1
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(listed(folder.path()), before);
}

fn listed(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[tokio::test]
async fn format3_a_note_that_is_damaged_is_told_and_written_again() {
    let whole = note(FORMAT);
    let hurt = [
        String::new(),
        whole[..whole.len() - 1].into(),
        note(FORMAT + 1).replace(&(FORMAT + 1).to_string(), "9"),
        format!("{whole}{whole}"),
        "format 99999999999 00000000\n".into(),
    ];
    for text in hurt {
        let folder = written_by(1);
        fs::write(folder.path().join("format"), &text).unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        assert_eq!(disk.report().losses.first, [Loss::Format], "{text:?}");
        assert!(!read_all(&disk, "dailies").await.is_empty());
        assert_eq!(noted(&folder), whole);
    }
}
