//! A file or standard input, unpacked.
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

/// Plain text, whatever the file was.
pub type Source = Box<dyn BufRead + Send>;

/// An opened input.
pub struct Opened {
    pub source: Source,
    /// Bytes of the file, packed as it is; `None`: not a file.
    pub size: Option<u64>,
    /// Bytes read of those.
    pub read: Arc<AtomicU64>,
    /// The first byte that is no space; `None`: there is none.
    pub first: Option<u8>,
}

/// Opens a file, or standard input for `-`; gzip is known by its first two bytes.
pub fn open(path: &Path) -> io::Result<Opened> {
    let read = Arc::new(AtomicU64::new(0));
    let (input, size): (Box<dyn Read + Send>, _) = if path == Path::new("-") {
        (Box::new(io::stdin()), None)
    } else {
        let file = File::open(path)?;
        let about = file.metadata()?;
        (Box::new(file), about.is_file().then_some(about.len()))
    };
    let mut packed = BufReader::with_capacity(1 << 17, Counted { input, read: Arc::clone(&read) });
    let mut source: Source = if packed.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        Box::new(BufReader::with_capacity(1 << 17, MultiGzDecoder::new(packed)))
    } else {
        Box::new(packed)
    };
    let text = source.fill_buf()?;
    let first = text.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    Ok(Opened { source, size, read, first })
}

struct Counted {
    input: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(buffer)?;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn plain_and_packed() {
        let dir = tempfile::tempdir().unwrap();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(b" {}\n").unwrap();
        let packed = packed.finish().unwrap();
        // Two members, as `cat a.gz b.gz` makes them.
        for (bytes, text) in [(b"a,b\n".to_vec(), "a,b\n"), ([&packed[..], &packed].concat(), " {}\n {}\n")] {
            let path = dir.path().join("input");
            std::fs::write(&path, &bytes).unwrap();
            let mut opened = open(&path).unwrap();
            let mut read = String::new();
            opened.source.read_to_string(&mut read).unwrap();
            assert_eq!(read, text);
            assert_eq!(opened.size, Some(bytes.len() as u64));
            assert_eq!(opened.read.load(Ordering::Relaxed), bytes.len() as u64);
            assert_eq!(opened.first, text.trim().bytes().next());
        }
    }
}
