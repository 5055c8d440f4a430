//! Signatures of packages: they are in a header of their own, which has room for them.
//! Source: rpm's manual, "RPM v4 package format" and "Signatures and digests"; rpm 4.18, lib/header.c.

use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    io::{BufReader, Seek, SeekFrom, Write},
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};

use super::guard::{LEAD, read};
use crate::base::signing::{is_rsa, issuer};

/// Tags of the header: its region, the signature of an RSA key and that of any other, all of them
/// in Base64, what versions before 4 had, and the room.
const REGION: u32 = 62;
const OTHER: u32 = 267;
const RSA: u32 = 268;
const ALL: u32 = 278;
const OLD: [u32; 2] = [259, 262];
const ROOM: u32 = 1008;

/// Types of entries. Source: `rpmTagType`.
const NULL_TERMINATED: u32 = 6;
const BYTES: u32 = 7;
const TEXTS: u32 = 8;
const TRANSLATED: u32 = 9;

/// The bytes of an entry of the index, and of what stands before it.
const ENTRY: usize = 16;

/// The part of a package that is signed.
pub(crate) fn signed_part(path: &Path) -> Result<Vec<u8>, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let beginning = read(&mut BufReader::new(file))?;
    Ok(beginning.bytes[beginning.header..].to_vec())
}

/// Puts a signature into a package, in the place of an older one of the same key. Nothing behind it
/// moves.
pub(crate) fn put(path: &Path, signature: &[u8]) -> Result<(), String> {
    let failed = |error: std::io::Error| error.to_string();
    let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
    let beginning = read(&mut BufReader::new(&file))?;
    let old = &beginning.bytes[LEAD..beginning.header];
    let new = with(old, signature)?;
    file.seek(SeekFrom::Start(LEAD as u64)).and_then(|_| file.write_all(&new)).map_err(failed)?;
    file.sync_all().map_err(failed)
}

/// What an entry holds: its type, its count and its bytes.
type Data = (u32, u32, Vec<u8>);

/// A signature header with a signature, as long as without.
fn with(header: &[u8], signature: &[u8]) -> Result<Vec<u8>, String> {
    let mut entries = entries(header).ok_or("its signature header is not sound")?;
    let is_rsa = is_rsa(signature).ok_or("the signature is in a form that rpm does not read")?;
    if entries.remove(&ROOM).is_none() {
        return Err("it has no room for a signature".to_owned());
    }
    let mut all = entries.remove(&ALL).map(|(.., texts)| others(&texts, signature));
    let all = all.get_or_insert_default();
    all.push(BASE64_STANDARD.encode(signature));
    for tag in [RSA, OTHER].iter().chain(&OLD) {
        entries.remove(tag);
    }
    let tag = if is_rsa { RSA } else { OTHER };
    entries.insert(tag, (BYTES, signature.len() as u32, signature.to_vec()));
    let texts = all.iter().flat_map(|text| [text.as_bytes(), b"\0"].concat()).collect();
    entries.insert(ALL, (TEXTS, all.len() as u32, texts));
    entries.insert(ROOM, (BYTES, 0, Vec::new()));
    let room = header.len().checked_sub(written(&entries).len()).filter(|room| *room > 0);
    let room = room.ok_or("it has too little room for a signature")?;
    entries.insert(ROOM, (BYTES, room as u32, vec![0; room]));
    Ok(written(&entries))
}

/// The signatures in an entry that are not of the same key as another.
fn others(texts: &[u8], signature: &[u8]) -> Vec<String> {
    let own = issuer(signature);
    let texts = texts.split(|byte| *byte == 0).filter_map(|text| std::str::from_utf8(text).ok());
    let is_other = |text: &&str| {
        let decoded = BASE64_STANDARD.decode(text).unwrap_or_default();
        !text.is_empty() && issuer(&decoded).is_none_or(|issuer| Some(issuer) != own)
    };
    texts.filter(is_other).map(str::to_owned).collect()
}

/// What is in a header.
fn entries(header: &[u8]) -> Option<BTreeMap<u32, Data>> {
    let number = |at: usize| {
        let bytes = header.get(at..at + 4)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    };
    let (count, length) = (number(8)? as usize, number(12)? as usize);
    let store = ENTRY + count * ENTRY;
    let data = header.get(store..store + length)?;
    let mut entries = BTreeMap::new();
    for at in (ENTRY..store).step_by(ENTRY) {
        let (tag, kind, count) = (number(at)?, number(at + 4)?, number(at + 12)?);
        if tag == REGION {
            continue;
        }
        let data = data.get(number(at + 8)? as usize..)?;
        let length = match kind {
            NULL_TERMINATED | TEXTS | TRANSLATED => {
                let ends = data.iter().enumerate().filter(|(_, byte)| **byte == 0);
                ends.map(|(at, _)| at + 1).nth((count as usize).checked_sub(1)?)?
            }
            _ => count as usize * size(kind),
        };
        entries.insert(tag, (kind, count, data.get(..length)?.to_vec()));
    }
    Some(entries)
}

/// How many bytes each number of a type has, which is how they are aligned, too.
fn size(kind: u32) -> usize {
    match kind {
        3 => 2,
        4 => 4,
        5 => 8,
        _ => 1,
    }
}

/// A header of entries, with the zeros that follow it.
fn written(entries: &BTreeMap<u32, Data>) -> Vec<u8> {
    let (mut index, mut store) = (Vec::new(), Vec::new());
    let entry = |tag: u32, kind: u32, offset: u32, count: u32| {
        [tag, kind, offset, count].map(u32::to_be_bytes).concat()
    };
    for (tag, (kind, count, bytes)) in entries {
        store.resize(store.len().next_multiple_of(size(*kind)), 0);
        index.extend(entry(*tag, *kind, store.len() as u32, *count));
        store.extend(bytes);
    }
    let count = entries.len() as u32 + 1;
    let region = entry(REGION, BYTES, store.len() as u32, ENTRY as u32);
    // The region's end leads back over the whole index.
    let back = (count * ENTRY as u32).wrapping_neg();
    store.extend(entry(REGION, BYTES, back, ENTRY as u32));
    let begin = [[0x8e, 0xad, 0xe8, 1], [0; 4], count.to_be_bytes()].concat();
    let mut header =
        [begin, (store.len() as u32).to_be_bytes().to_vec(), region, index, store].concat();
    header.resize(header.len().next_multiple_of(8), 0);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_takes_the_room_that_there_is() {
        let texts = (NULL_TERMINATED, 1, b"0123\0".to_vec());
        let sizes = (4, 2, vec![0, 0, 0, 1, 0, 0, 0, 2]);
        let header = |room: usize| {
            let room = (BYTES, room as u32, vec![0; room]);
            written(&BTreeMap::from([(269, texts.clone()), (1000, sizes.clone()), (ROOM, room)]))
        };
        // Version 4, of a curve or an RSA key, with a maker.
        let signature = |algorithm: u8, maker: u8| {
            let maker = [&[22, 33, 4][..], &[maker; 20]].concat();
            let body = [&[4, 0, algorithm, 8, 0, 23][..], &maker, &[0, 0, 1, 2]].concat();
            [&[0xc2, body.len() as u8][..], &body].concat()
        };
        for (algorithm, tag, other) in [(22, OTHER, RSA), (1, RSA, OTHER)] {
            let plain = header(500);
            let (ours, theirs) = (signature(algorithm, 1), signature(22, 2));
            let signed = with(&with(&plain, &theirs).unwrap(), &ours).unwrap();
            assert_eq!(signed.len(), plain.len());
            let found = entries(&signed).unwrap();
            assert_eq!((found[&269].clone(), found[&1000].clone()), (texts.clone(), sizes.clone()));
            assert_eq!(found[&tag].2, ours);
            assert!(!found.contains_key(&other));
            assert_eq!(found[&ALL].1, 2);
            assert_eq!(with(&signed, &ours).unwrap(), signed);
        }
        let refused = |header: &[u8], signature: &[u8]| with(header, signature).unwrap_err();
        assert_eq!(refused(&header(8), &signature(1, 1)), "it has too little room for a signature");
        let none = written(&BTreeMap::from([(269, texts.clone())]));
        assert_eq!(refused(&none, &signature(1, 1)), "it has no room for a signature");
        assert_eq!(
            refused(&header(500), b"no"),
            "the signature is in a form that rpm does not read"
        );
    }
}
