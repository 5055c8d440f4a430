//! The bare cost of a conversion: inflating, hashing, compressing and writing the members of wheels,
//! as many wheels at once as there are cores, and nothing else.
//!
//! usage: floor FOLDER zstd:LEVEL: prints the wall seconds for all wheels of the folder

#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use sha2::{Digest, Sha256};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().filter(|text| !text.starts_with("--")).collect();
    let [_, folder, level] = &arguments[..] else {
        // `cargo bench` and `cargo test --benches` start it without any.
        println!("usage: floor FOLDER zstd:LEVEL");
        return Ok(());
    };
    let level: i32 = level.trim_start_matches("zstd:").parse().map_err(io::Error::other)?;
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut wheels: Vec<PathBuf> = entries.collect::<io::Result<_>>()?;
    wheels.retain(|path| path.extension().is_some_and(|name| name == "whl"));
    wheels.sort_by_key(|path| std::cmp::Reverse(fs::metadata(path).map_or(0, |found| found.len())));

    let out = tempfile::tempdir()?;
    let (start, next) = (Instant::now(), AtomicUsize::new(0));
    let work = || -> io::Result<()> {
        while let Some(wheel) = wheels.get(next.fetch_add(1, Ordering::Relaxed)) {
            convert(wheel, &out.path().join(wheel.file_name().unwrap_or_default()), level)?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        work()?;
        others.into_iter().try_for_each(|other| other.join().expect("a worker panicked"))
    })?;
    println!("{:.3}", start.elapsed().as_secs_f64());
    Ok(())
}

/// Each member is inflated, hashed and compressed; the packed bytes are hashed and written.
fn convert(wheel: &Path, to: &Path, level: i32) -> io::Result<()> {
    let mut archive = zip::ZipArchive::new(BufReader::new(File::open(wheel)?))?;
    let out = Hashed { out: BufWriter::new(File::create(to)?), hash: Sha256::new() };
    let mut packed = zstd::Encoder::new(out, level)?;
    let mut bytes = Vec::new();
    for at in 0..archive.len() {
        bytes.clear();
        archive.by_index(at)?.read_to_end(&mut bytes)?;
        std::hint::black_box(Sha256::digest(&bytes));
        packed.write_all(&bytes)?;
    }
    let mut out = packed.finish()?;
    std::hint::black_box(out.hash.finalize());
    out.out.flush()
}

struct Hashed<W> {
    out: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.hash.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
