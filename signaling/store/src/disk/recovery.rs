//! Reading a folder back after the process died, whichever way it died.

use super::{
    folder::Folder,
    index::{Index, Place},
    segment::{self, End, HEADER_BYTES},
};
use crate::OpenError;
use fmz_proto::{Message, v1::StoredRecord};
use std::{fs, io};

/// Where writing goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tail {
    pub(super) segment: u32,
    pub(super) bytes: u64,
}

/// Reads all segments in order and cuts a torn tail.
pub(super) fn recover(folder: &Folder) -> Result<(Index, Tail), OpenError> {
    let numbers = folder.segments()?;
    let mut index = Index::default();
    let mut tail = Tail {
        segment: 0,
        bytes: 0,
    };
    for (position, number) in numbers.iter().enumerate() {
        let last = position + 1 == numbers.len();
        if *number != tail.segment + 1 {
            return Err(damaged(
                folder,
                tail.segment + 1,
                0,
                "the segment is not there",
            ));
        }
        tail = read_segment(folder, *number, tail.bytes, last, &mut index)?;
    }
    if tail.segment == 0 {
        tail = create(folder, 1, 0)?;
    }
    Ok((index, tail))
}

fn read_segment(
    folder: &Folder,
    number: u32,
    previous_bytes: u64,
    last: bool,
    index: &mut Index,
) -> Result<Tail, OpenError> {
    let bytes =
        fs::read(folder.segment_path(number)).map_err(|error| unusable(folder, number, error))?;
    let header = segment::header(number, previous_bytes);
    if last && bytes.len() <= HEADER_BYTES && bytes != header {
        // The header is synced before any record follows, so nothing acknowledged is in here.
        return create(folder, number, previous_bytes);
    }
    if !bytes.starts_with(&header) {
        return Err(damaged(
            folder,
            number,
            0,
            "header, or the length of the segment before it",
        ));
    }
    let mut misfit = None;
    let end = segment::scan(&bytes, |offset, found| {
        let place = Place {
            segment: number,
            offset: offset as u64,
            length: (found.end - offset) as u32,
        };
        let good = StoredRecord::decode(found.body).is_ok_and(|record| index.add(record, place));
        if !good && misfit.is_none() {
            misfit = Some(offset);
        }
    });
    if let Some(offset) = misfit {
        return Err(damaged(
            folder,
            number,
            offset,
            "a record does not follow the one before it",
        ));
    }
    let good = match end {
        End::Clean => bytes.len(),
        End::Torn(offset) if last => {
            let cut = bytes.len() - offset;
            tracing::warn!(
                segment = number,
                offset,
                cut,
                "cut an unfinished write off the log"
            );
            folder
                .cut_segment(number, &bytes, offset)
                .map_err(|error| unusable(folder, number, error))?;
            offset
        }
        End::Torn(offset) | End::Damaged(offset) => {
            return Err(damaged(folder, number, offset, "checksum"));
        }
    };
    Ok(Tail {
        segment: number,
        bytes: good as u64,
    })
}

fn create(folder: &Folder, number: u32, previous_bytes: u64) -> Result<Tail, OpenError> {
    folder
        .create_segment(number, previous_bytes)
        .map_err(|error| unusable(folder, number, error))?;
    Ok(Tail {
        segment: number,
        bytes: HEADER_BYTES as u64,
    })
}

fn unusable(folder: &Folder, number: u32, source: io::Error) -> OpenError {
    OpenError::Unusable {
        path: folder.segment_path(number),
        source,
    }
}

fn damaged(folder: &Folder, number: u32, offset: usize, what: &'static str) -> OpenError {
    OpenError::Damaged {
        path: folder.segment_path(number),
        offset: offset as u64,
        what,
    }
}
