use super::decode;
use super::frames::{Frame, Frames};
use super::seen::Seen;
use anyhow::{Context, Result, bail, ensure};
use fmz_client::{Events, Subscription};
use fmz_media::frame::FrameIndex;
use fmz_media::framecode::CodeError;
use std::time::Duration;

/// Most pictures of one join: 250 MB of luma in full HD.
pub(super) const PICTURES_MAX: u16 = 120;
/// Longest wait for the pictures, including the first keyframe, which comes within a second.
const PICTURES_TIMEOUT: Duration = Duration::from_secs(120);

/// Waits for `count` pictures of the first stream, decodes them, and checks that each is the frame
/// that its timestamp gives. The stream must be VP8 with a frame map and coded frame numbers, as
/// the demo's is.
pub(super) async fn receive(seen: &mut Seen, events: &mut Events, count: usize) -> Result<()> {
    seen.until(events, |seen| seen.stream.is_some()).await?;
    let mut stream = seen.stream.take().context("a stream")?;
    let mut taken = Vec::with_capacity(count);
    let taking = take(&mut stream, seen, events, count, &mut taken);
    let ended = tokio::time::timeout(PICTURES_TIMEOUT, taking).await;
    let had = || format!("after {} of {count} pictures", taken.len());
    ended
        .context("they came too slowly")
        .flatten()
        .with_context(had)?;
    let (frames, expected): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
    let judged = tokio::task::spawn_blocking(move || {
        let numbers = decode::numbers(&frames)?;
        judge(&expected, &numbers)
    });
    judged.await?
}

/// Takes decodable frames, each with its number by the maps in force at its arrival. A loop of the
/// film brings a new map.
async fn take(
    stream: &mut Subscription,
    seen: &mut Seen,
    events: &mut Events,
    count: usize,
    taken: &mut Vec<(Frame, FrameIndex)>,
) -> Result<()> {
    let mut frames = Frames::new();
    while taken.len() < count {
        let packet = tokio::select! {
            biased;
            event = events.next() => {
                seen.take(event)?;
                continue;
            }
            packet = stream.next() => packet.context("the stream ended")?,
        };
        for frame in frames.push(packet) {
            let number = seen.frame(stream.publication(), frame.timestamp);
            let number = number.with_context(|| {
                format!("no frame map says what is shown at {}", frame.timestamp)
            })?;
            taken.push((frame, number));
        }
    }
    taken.truncate(count);
    Ok(())
}

/// Checks that every picture carries the number that its RTP timestamp gives.
fn judge(expected: &[FrameIndex], numbers: &[Result<u32, CodeError>]) -> Result<()> {
    ensure!(
        expected.len() == numbers.len(),
        "{} pictures of {} frames",
        numbers.len(),
        expected.len()
    );
    for (at, (by_time, number)) in expected.iter().zip(numbers).enumerate() {
        match number {
            Ok(number) if *number == by_time.0 => {}
            Ok(number) => bail!("picture {at} is frame {number}, and {by_time} by its time"),
            Err(error) => bail!("picture {at}, frame {by_time} by its time: {error}"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(expected: &[u32], numbers: &[Result<u32, CodeError>]) -> Option<String> {
        let expected = expected.iter().copied().map(FrameIndex).collect::<Vec<_>>();
        let error = judge(&expected, numbers).err()?;
        Some(error.to_string())
    }

    #[test]
    fn pictures_are_the_frames_that_their_time_says() {
        assert_eq!(
            complaint(&[46, 47, 0, 1], &[Ok(46), Ok(47), Ok(0), Ok(1)]),
            None
        );
        assert_eq!(
            complaint(&[46, 47], &[Ok(46), Ok(46)]).unwrap(),
            "picture 1 is frame 46, and 47 by its time"
        );
        assert_eq!(
            complaint(&[7], &[Err(CodeError::NoMarkers)]).unwrap(),
            "picture 0, frame 7 by its time: there is no frame code in the picture"
        );
        assert_eq!(
            complaint(&[7, 8], &[Ok(7)]).unwrap(),
            "1 pictures of 2 frames"
        );
    }
}
