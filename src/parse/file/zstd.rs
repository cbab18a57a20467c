//! Zstandard, frame by frame. The library reads only one frame, and does not verify its checksum.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

/// Maximum memory of a frame. The command line tool makes frames of 8 MiB, and up to 128 MiB with its highest settings.
const MAX_WINDOW_BYTES: u64 = 128 * 1024 * 1024;

/// Magic numbers of frames without data.
const SKIPPABLE: std::ops::RangeInclusive<u32> = 0x184d_2a50..=0x184d_2a5f;

/// A decoder for the frames of a source, one after the other.
pub(in crate::parse) struct ZstdDecoder<R: BufRead> {
    state: State<R>,
}

enum State<R: BufRead> {
    Between(R),
    Inside(Box<StreamingDecoder<R, FrameDecoder>>),
    Ended,
}

impl<R: BufRead> ZstdDecoder<R> {
    pub(in crate::parse) fn new(source: R) -> Self {
        Self { state: State::Between(source) }
    }
}

impl<R: BufRead> Read for ZstdDecoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let invalid = |reason: String| io::Error::new(io::ErrorKind::InvalidData, reason);
        loop {
            self.state = match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Ok(0),
                State::Between(mut source) => {
                    if source.fill_buf()?.is_empty() {
                        return Ok(0);
                    }
                    if skip_frame(&mut source)? {
                        State::Between(source)
                    } else {
                        let decoder = StreamingDecoder::new_with_max_window_size(source, MAX_WINDOW_BYTES);
                        State::Inside(Box::new(decoder.map_err(|error| invalid(error.to_string()))?))
                    }
                }
                State::Inside(mut decoder) => {
                    let read = decoder.read(buffer).map_err(|error| invalid(error.to_string()))?;
                    if read > 0 {
                        self.state = State::Inside(decoder);
                        return Ok(read);
                    }
                    let (source, frame) = decoder.into_parts();
                    if frame
                        .get_checksum_from_data()
                        .is_some_and(|sum| Some(sum) != frame.get_calculated_checksum())
                    {
                        return Err(invalid("the checksum does not match".to_owned()));
                    }
                    State::Between(source)
                }
            };
        }
    }
}

/// Skips the next frame if it holds no data. Returns whether it did.
fn skip_frame(source: &mut impl BufRead) -> io::Result<bool> {
    let start = source.fill_buf()?;
    let word = |at: usize| Some(u32::from_le_bytes(start.get(at..at + 4)?.try_into().ok()?));
    let Some(len) = word(0).filter(|magic| SKIPPABLE.contains(magic)).and_then(|_| word(4)) else {
        return Ok(false);
    };
    source.consume(8);
    let skipped = io::copy(&mut source.take(len.into()), &mut io::sink())?;
    if skipped < u64::from(len) { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(true) }
}
